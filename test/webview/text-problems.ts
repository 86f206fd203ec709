/** Finds text that a person cannot read: cut off, or printed over other text. */

/** Text of one run as it lies on the screen. */
interface Run {
  readonly text: string;
  readonly element: Element;
  readonly boxes: readonly DOMRect[];
}

/** Overlaps and overhangs up to this are rounding, px. */
const SLACK = 1.5;

function isHidden(element: Element): boolean {
  return !element.checkVisibility({
    opacityProperty: true,
    visibilityProperty: true,
    contentVisibilityAuto: true,
  });
}

/** Parents across slots and shadow roots. */
function parentOf(element: Element): Element | null {
  if (element.assignedSlot) return element.assignedSlot;
  if (element.parentElement) return element.parentElement;
  const root = element.getRootNode();
  return root instanceof ShadowRoot ? root.host : null;
}

function ancestors(element: Element): Element[] {
  const found: Element[] = [];
  for (let at: Element | null = element; at; at = parentOf(at)) found.push(at);
  return found;
}

function runs(root: Element | ShadowRoot): Run[] {
  const found: Run[] = [];
  const walk = (node: Element | ShadowRoot): void => {
    for (const child of node.childNodes) {
      if (child instanceof Text && node instanceof Element) {
        const text = (child.textContent ?? "").trim();
        if (text === "" || isHidden(node)) continue;
        const range = document.createRange();
        range.selectNodeContents(child);
        const boxes = [...range.getClientRects()].filter((box) => box.width > 0 && box.height > 0);
        if (boxes.length > 0) found.push({ text, element: node, boxes });
      } else if (child instanceof Element && !["STYLE", "TITLE", "title"].includes(child.tagName)) {
        walk(child);
      }
    }
    if (node instanceof Element && node.shadowRoot) walk(node.shadowRoot);
  };
  walk(root);
  return found;
}

/** A shortened text is fine where its whole is a tooltip away. */
function isShortenedOnPurpose(element: Element): boolean {
  return ancestors(element).some((one) => {
    const shortens = getComputedStyle(one).textOverflow === "ellipsis";
    return shortens && ancestors(one).some((at) => at instanceof HTMLElement && at.title !== "");
  });
}

function clip(run: Run): string | null {
  for (const ancestor of ancestors(run.element)) {
    const style = getComputedStyle(ancestor);
    if (ancestor.classList.contains("visually-hidden")) return null;
    const box = ancestor.getBoundingClientRect();
    const cuts = (overflow: string): boolean => overflow === "hidden" || overflow === "clip";
    const scrolls = (overflow: string): boolean => overflow === "auto" || overflow === "scroll";
    for (const at of run.boxes) {
      const outX = at.left < box.left - SLACK || at.right > box.right + SLACK;
      const outY = at.top < box.top - SLACK || at.bottom > box.bottom + SLACK;
      // What lies outside of a scrolled pane is scrolled to; sideways it may not have to be.
      if (outY && scrolls(style.overflowY)) return null;
      const cutX = outX && (cuts(style.overflowX) || scrolls(style.overflowX));
      if ((cutX || (outY && cuts(style.overflowY))) && !isShortenedOnPurpose(run.element)) {
        return `"${run.text}" is cut by ${ancestor.tagName.toLowerCase()}.${ancestor.getAttribute("class") ?? ""}`;
      }
    }
  }
  return null;
}

function outside(run: Run): string | null {
  const out = run.boxes.some((box) => box.left < -SLACK || box.right > window.innerWidth + SLACK);
  return out &&
    !isShortenedOnPurpose(run.element) &&
    !ancestors(run.element).some((one) => one.classList.contains("visually-hidden"))
    ? `"${run.text}" lies outside of the panel`
    : null;
}

function isVisuallyHidden(run: Run): boolean {
  return ancestors(run.element).some((one) => one.classList.contains("visually-hidden"));
}

function overlap(one: DOMRect, other: DOMRect): boolean {
  const x = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const y = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return x > SLACK && y > SLACK + 1;
}

/** Whether a run can be seen at its place, or lies scrolled away behind another pane. */
function onScreen(run: Run): boolean {
  return ancestors(run.element).every((ancestor) => {
    const style = getComputedStyle(ancestor);
    if (style.overflowY === "visible") return true;
    const box = ancestor.getBoundingClientRect();
    return run.boxes.every((at) => at.bottom <= box.bottom + SLACK && at.top >= box.top - SLACK);
  });
}

/** Everything that cannot be read, in words; empty when all can. Fewer than `least` pieces of text are a problem too. */
export function textProblems(root: Element, least: number): string[] {
  const all = runs(root);
  if (all.length < least) return [`only ${all.length} pieces of text`];
  const problems = all.flatMap((run) => [clip(run), outside(run)]).filter((problem) => problem !== null);
  const visible = all.filter(
    (run) => !isVisuallyHidden(run) && onScreen(run) && !isShortenedOnPurpose(run.element),
  );
  for (const [index, one] of visible.entries()) {
    for (const other of visible.slice(index + 1)) {
      if (one.boxes.some((box) => other.boxes.some((at) => overlap(box, at)))) {
        problems.push(`"${one.text}" and "${other.text}" overlap`);
      }
    }
  }
  return problems;
}
