// Tests of the package (.vsix): unpacked outside the clone, and installed in a real VS Code. One at a time.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    testTimeout: 240_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    maxWorkers: 1,
    // A window takes its time on a busy machine; what is waited for comes or does not.
    expect: { poll: { timeout: 15_000 } },
    projects: [
      { extends: true, test: { name: "package", include: ["test/package/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: ["test/e2e/harness/installation.ts"],
        },
      },
    ],
  },
});
