/** What the toolkit's controls say in their events. */

/** Value of a control after its `change` or `input`. */
export function valueOf(event: Event): string {
  const { target } = event;
  return target instanceof HTMLElement && "value" in target ? String(target.value) : "";
}

/** Letters typed into a control are its own: VS Code would take them for keybindings. */
export function keepKeys(event: KeyboardEvent): void {
  if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key.length === 1) event.stopPropagation();
}

/** The toolkit's dropdowns keep their own value: set it again where the state moved on without them. */
export function setValue(root: ParentNode, selector: string, value: string): void {
  const control = root.querySelector(selector);
  if (control && "value" in control && control.value !== value) control.value = value;
}
