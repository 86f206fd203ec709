/** The page around the application: VS Code pads the body, the application wants all of it. */
const sheet = `
  html, body { height: 100%; margin: 0; padding: 0; overflow: hidden; }
  body { background: var(--vscode-editor-background); color: var(--vscode-foreground); }
`;

/** Adopted as a constructed sheet, so that the content security policy needs no inline styles. */
export function applyPageStyles(): void {
  const styles = new CSSStyleSheet();
  styles.replaceSync(sheet);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, styles];
}
