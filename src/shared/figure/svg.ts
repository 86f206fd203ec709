/** Small pure helpers for SVG text. Every string of a model or a person goes through `escapeXml`. */

/** Text as XML character data or attribute value; characters that XML forbids become U+FFFD. */
export function escapeXml(text: string): string {
  return Array.from(text, (character) => (isXmlCharacter(character) ? character : "\ufffd"))
    .join("")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;")
    .replace(/'/g, "&#39;");
}

/** XML 1.0 allows no control characters but tab and line ends, and no lone surrogates. */
function isXmlCharacter(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x20) return code === 0x09 || code === 0x0a || code === 0x0d;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}

export function element(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === "number" ? Number(value.toFixed(2)) : escapeXml(value)}"`,
    )
    .join("");
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join("")}</${name}>`;
}

export function textElement(content: string, attributes: Readonly<Record<string, string | number>>): string {
  return element("text", attributes, [escapeXml(content)]);
}
