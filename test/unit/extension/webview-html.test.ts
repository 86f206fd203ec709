import { expect, it } from "vitest";
import { messageHtml, newNonce, viewHtml } from "../../../src/extension/webview-html";

const parts = { cspSource: "https://*.vscode-cdn.net", script: "https://x/main.js", title: "a" };
const policyOf = (html: string) =>
  /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1]?.replaceAll("&#39;", "'").split("; ");

it("lets the bundle run, with its chunks, styles, fonts and pictures, and nothing else", () => {
  expect(policyOf(viewHtml(parts, "NONCE", "STYLES"))).toEqual([
    "default-src 'none'",
    "script-src 'nonce-NONCE' https://*.vscode-cdn.net",
    "style-src 'nonce-STYLES' https://*.vscode-cdn.net",
    "font-src https://*.vscode-cdn.net",
    "img-src https://*.vscode-cdn.net data: blob:",
    "media-src blob:",
  ]);
});

it("has one script, with the nonce, and an empty body", () => {
  const html = viewHtml(parts, "NONCE", "STYLES");
  expect(html.match(/<script/g)).toHaveLength(1);
  expect(html).toContain('<script type="module" nonce="NONCE" src="https://x/main.js"></script>');
  expect(html).toContain("<body></body>");
  expect(html.match(/NONCE/g)).toHaveLength(2);
});

it("takes a new nonce of at least 128 bits for each page", () => {
  const nonces = new Set(Array.from({ length: 100 }, newNonce));
  expect(nonces.size).toBe(100);
  for (const nonce of nonces) expect(Buffer.from(nonce, "base64url").length).toBeGreaterThanOrEqual(16);
});

it.each(['</title><img src=x onerror="alert(1)">', '"><script>alert(1)</script>', "a & b's `c`"])(
  "shows the name %s as text",
  (title) => {
    for (const html of [viewHtml({ ...parts, title }), messageHtml(title, title)]) {
      expect(html).not.toContain("<img");
      expect(html).not.toContain("<script>");
      expect(html).not.toContain(title);
    }
  },
);
