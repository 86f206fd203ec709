// Tests in Node. `unit` needs nothing beside the sources; `webgpu` needs a Vulkan driver, which
// `npm test -- webgpu` names (Chromium's software one).
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    environment: "node",
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/corpus/**/*.test.ts", "test/operators/**/*.test.ts"],
        },
      },
      {
        extends: true,
        test: {
          name: "webgpu",
          include: ["test/gpu/**/*.test.ts"],
          testTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
