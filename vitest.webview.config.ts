// Component tests in a real Chromium: the one that ATTENTION_LENS_CHROMIUM names, else what is found here.
import { playwright } from "@vitest/browser-playwright";
import { defineConfig } from "vitest/config";
import { findBrowser } from "./scripts/browser.mjs";

const named = process.env["ATTENTION_LENS_CHROMIUM"];
const given = process.env["ATTENTION_LENS_CHROMIUM_ARGS"];
const browser =
  named === undefined
    ? await findBrowser()
    : {
        executablePath: named,
        args: given === undefined ? ["--no-sandbox"] : (JSON.parse(given) as string[]),
      };

export default defineConfig({
  cacheDir: ".cache/vite-webview",
  optimizeDeps: {
    // Found before the first test, so that none is reloaded half-way.
    entries: ["test/webview/*.test.ts", "src/webview/main.ts"],
    include: ["axe-core", "echarts/core", "echarts/charts", "echarts/components", "echarts/renderers"],
  },
  test: {
    include: ["test/webview/**/*.test.ts"],
    testTimeout: 20_000,
    hookTimeout: 20_000,
    fileParallelism: false,
    browser: {
      enabled: true,
      headless: true,
      screenshotFailures: false,
      viewport: { width: 1200, height: 800 },
      provider: playwright({
        launchOptions: {
          executablePath: browser.executablePath,
          // WebGL2 without a GPU.
          args: [...browser.args, "--enable-unsafe-swiftshader"],
        },
      }),
      instances: [{ browser: "chromium" }],
    },
  },
});
