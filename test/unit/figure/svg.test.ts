import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { buildFigure } from "../../../src/shared/figure/build-figure";
import { defaultSpec, figureViews } from "../../../src/shared/figure/figure-spec";
import { sceneSvg } from "../../../src/shared/figure/scene-svg";
import { namedAxis, seededSource } from "./source";

const hostile = [
  "<img src=x onerror=alert(1)>",
  "</text></svg><script>alert(1)</script>",
  "]]>&amp;&#0;\"'",
  "nul\u0000bell\u0007",
  "\u202egnihtyna\u202c",
  "\ud800 lone \udc00",
  "\uffff\ufffe",
  "white  space ",
  "x".repeat(5000),
  "注意力 мир שלום",
];

function hostileSource() {
  const axis = namedAxis("hostile", [
    ["<b>a&b</b>", "text", hostile.slice(0, 5)],
    ["\u202eseg\u0000\ud800", "state", hostile.slice(5)],
  ]);
  const source = seededSource(
    [axis],
    [
      { name: "a<b>/c&d\u0000", component: "<i>\ud800", layer: 0, heads: 2, queryAxis: 0, keyAxis: 0 },
      { name: "e", component: "f]]>", layer: null, heads: 2, queryAxis: 0, keyAxis: 0 },
    ],
  );
  return { ...source, title: "<script>alert(1)</script>\u0000\udc00" };
}

describe.each(figureViews)("a %s figure of hostile names", (view) => {
  const built = buildFigure(hostileSource(), {
    ...defaultSpec,
    view,
    sites: view === "heatmap" || view === "tokens" ? [0] : null,
    heads: view === "heatmap" || view === "tokens" ? [1] : "all",
    title: null,
  });
  const svg = sceneSvg(built.scene, {
    ...built,
    metadata: JSON.stringify({ command: "<![CDATA[ & \u0000 ]]>" }),
  });

  test("is well-formed XML of which libxml2 makes a picture", async () => {
    const { width } = await sharp(Buffer.from(svg)).metadata();
    expect(width).toBeGreaterThan(300);
  });

  test("has no element, and no attribute, but those of the builder", () => {
    const names = new Set(
      Array.from(svg.matchAll(/<([a-zA-Z!?/][^\s>/]*)/g), ([, name]) => name?.replace("/", "")),
    );
    const known = ["svg", "title", "desc", "metadata", "rect", "line", "text", "image"];
    expect([...names].filter((name) => !known.includes(name ?? ""))).toEqual([]);
    expect(svg).not.toMatch(/\son\w+=/);
  });

  test("has no control characters, no marks of direction and no lone surrogates", () => {
    // eslint-disable-next-line no-control-regex -- the characters that must not be there
    expect(svg).not.toMatch(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/);
    expect(Buffer.from(svg, "utf8").toString("utf8")).toBe(svg);
  });
});

test("is as wide as a paper's column, in millimetres", () => {
  for (const [size, width] of [
    ["column", "85mm"],
    ["two-column", "178mm"],
  ] as const) {
    const built = buildFigure(hostileSource(), { ...defaultSpec, size });
    expect(sceneSvg(built.scene, built)).toMatch(new RegExp(`^<svg [^>]*width="${width}"`));
  }
});

test("says its origin in its metadata", () => {
  const built = buildFigure(hostileSource(), defaultSpec);
  const facts = JSON.stringify({ sha256: "abc", command: "a 'b' <c>" });
  const svg = sceneSvg(built.scene, { ...built, metadata: facts });
  const written = /<metadata>(.*?)<\/metadata>/.exec(svg)?.[1] ?? "";
  const unescaped = written
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
  expect(JSON.parse(unescaped)).toEqual(JSON.parse(facts));
});
