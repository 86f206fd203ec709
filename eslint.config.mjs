import js from "@eslint/js";
import tseslint from "typescript-eslint";

/**
 * Imports run one way (ARCHITECTURE.md). Each part of `src/` names the parts and the runtime packages
 * that it may use; everything else is an error.
 */
const parts = [
  "shared",
  "onnx",
  "attention",
  "inputs",
  "engine",
  "client",
  "extension",
  "webview",
  "cli",
  "api",
];
const mayImport = {
  shared: [],
  onnx: ["shared"],
  attention: ["shared", "onnx"],
  inputs: ["shared"],
  engine: ["shared", "onnx", "attention", "inputs"],
  client: ["shared"],
  extension: ["client", "shared"],
  webview: ["shared"],
  cli: ["client", "shared"],
  api: ["client", "inputs", "shared"],
};
/** Packages that belong to one part (or a few) alone. */
const ownPackages = {
  "onnxruntime-node": ["engine"],
  vscode: ["extension"],
  sharp: ["inputs", "engine"],
  "@huggingface/tokenizers": ["inputs"],
  lit: ["webview"],
  echarts: ["webview"],
  "@vscode/webview-ui-toolkit": ["webview"],
  commander: ["cli"],
  "@bufbuild/protobuf": ["onnx"],
  pdfkit: ["engine"],
  fontkit: ["engine"],
};
const withoutNode = ["shared", "onnx", "attention", "webview"];

const boundaries = parts.map((part) => ({
  files: [`src/${part}/**/*.ts`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          {
            group: parts
              .filter((other) => other !== part && !mayImport[part].includes(other))
              .flatMap((other) => [`**/${other}/*`, `**/${other}/**`]),
            message: `src/${part} may import only: ${mayImport[part].join(", ") || "nothing of src"} (ARCHITECTURE.md).`,
          },
          {
            group: Object.entries(ownPackages)
              .filter(([, owners]) => !owners.includes(part))
              .flatMap(([name]) => [name, `${name}/*`, `${name}/**`]),
            message: `This package does not belong in src/${part} (ARCHITECTURE.md).`,
          },
          ...(withoutNode.includes(part)
            ? [{ group: ["node:*"], message: `src/${part} runs without Node.` }]
            : []),
        ].filter((pattern) => pattern.group.length > 0),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ["dist/", "out/", ".cache/", "node_modules/", "examples/", "test/fixtures/", "media/"] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  {
    rules: {
      "no-restricted-exports": ["error", { restrictDefaultExports: { direct: true } }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      eqeqeq: "error",
    },
  },
  {
    files: ["**/*.mjs", "*.config.*", "scripts/**"],
    rules: { "no-restricted-exports": "off" },
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        fetch: "readonly",
        Buffer: "readonly",
      },
    },
  },
  { files: ["test/**", "bench/**"], rules: { "@typescript-eslint/no-non-null-assertion": "off" } },
  ...boundaries,
  {
    files: ["src/webview/**/*.ts"],
    ignores: ["src/webview/host.ts"],
    rules: { "no-restricted-globals": ["error", "acquireVsCodeApi"] },
  },
);
