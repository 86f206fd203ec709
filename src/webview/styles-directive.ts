/**
 * Inline styles through the CSS object model. Lit's own `styleMap` writes a `style` attribute at first, which the
 * webview's content security policy refuses.
 */
import { noChange } from "lit";
import { type AttributePart, Directive, directive, type PartInfo, PartType } from "lit/directive.js";

/** Properties in CSS's own spelling (`background-color`); custom properties too. */
export type Styles = Readonly<Record<string, string>>;

class StylesDirective extends Directive {
  #set = new Set<string>();

  constructor(part: PartInfo) {
    super(part);
    if (part.type !== PartType.ATTRIBUTE || part.name !== "style") {
      throw new Error("`styles` belongs in a style attribute");
    }
  }

  override render(styles: Styles): unknown {
    void styles;
    return noChange;
  }

  override update(part: AttributePart, [styles]: [Styles]): unknown {
    const { style } = part.element as HTMLElement;
    for (const name of this.#set) {
      if (!(name in styles)) {
        style.removeProperty(name);
        this.#set.delete(name);
      }
    }
    for (const [name, value] of Object.entries(styles)) {
      this.#set.add(name);
      style.setProperty(name, value);
    }
    return noChange;
  }
}

export const styles = directive(StylesDirective);
