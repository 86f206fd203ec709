// The pictures of docs/images, made anew from the installed package: `npm run pictures`. Not a part of the tests.
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "pictures",
    environment: "node",
    testTimeout: 240_000,
    hookTimeout: 180_000,
    fileParallelism: false,
    maxWorkers: 1,
    expect: { poll: { timeout: 15_000 } },
    include: ["test/pictures/**/*.test.ts"],
    globalSetup: ["test/e2e/harness/installation.ts"],
  },
});
