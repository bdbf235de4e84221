import { defineConfig } from "vitest/config";

export default defineConfig({
  define: { __TAVERNLINK_VERSION__: JSON.stringify("0.0.0-test") },
  test: {
    include: ["packages/*/tests/**/*.test.ts"],
    // A file that needs a page says so in its first line: // @vitest-environment jsdom
    environment: "node",
    testTimeout: 10_000,
    hookTimeout: 10_000,
    passWithNoTests: true,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
