/** The page of a view: an empty body, the bundle, and a policy that lets nothing else run. */
import { randomBytes } from "node:crypto";

export interface PageParts {
  /** `webview.cspSource`. */
  readonly cspSource: string;
  /** The bundle's entry as the webview addresses it. */
  readonly script: string;
  readonly title: string;
}

/** Text as it may stand in HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function newNonce(): string {
  return randomBytes(24).toString("base64url");
}

/**
 * The page that loads the bundle. `cspSource` stands beside the nonce for the chunks that the module loads:
 * a nonce covers the entry alone.
 *
 * Styles have a nonce of their own, which the page can read from `csp-nonce`: the toolkit asks with an empty style
 * element whether the browser knows `:focus-visible`
 * (https://github.com/microsoft/fast, `canUseFocusVisible` in fast-web-utilities).
 */
export function viewHtml(parts: PageParts, nonce = newNonce(), styleNonce = newNonce()): string {
  const { cspSource } = parts;
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}' ${cspSource}`,
    `style-src 'nonce-${styleNonce}' ${cspSource}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data: blob:`,
    // Videos are bytes that the view was given.
    "media-src blob:",
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(policy)}">
<meta property="csp-nonce" content="${styleNonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(parts.title)}</title>
<script type="module" nonce="${nonce}" src="${escapeHtml(parts.script)}"></script>
</head>
<body></body>
</html>
`;
}

/** A page of text alone, for what cannot be opened here. */
export function messageHtml(title: string, text: string): string {
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'">
<title>${escapeHtml(title)}</title>
</head>
<body><main><h2>${escapeHtml(title)}</h2><p>${escapeHtml(text)}</p></main></body>
</html>
`;
}
