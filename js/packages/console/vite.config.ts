import { fileURLToPath } from "node:url";

import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

/** Served by the hub at `/`, or below a proxy's path: every address in the page is relative. */
export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  plugins: [svelte()],
  build: {
    outDir: fileURLToPath(new URL("../../../src/tavernlink/_console", import.meta.url)),
    emptyOutDir: true,
    assetsDir: "assets",
    // Nothing is inlined: the page's policy allows no data of unknown origin.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
