// Bundles the extension into one module and puts the folder that SillyTavern loads where the Python package ships it.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..", "..");
const out = join(root, "src", "tavernlink", "_extension");

const versionFile = await readFile(join(root, "src", "tavernlink", "version.py"), "utf8");
const version = /^__version__ = "([^"]+)"$/m.exec(versionFile)?.[1];
if (version === undefined) {
  throw new Error("src/tavernlink/version.py does not state __version__");
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: [join(here, "src", "index.ts")],
  outfile: join(out, "index.js"),
  bundle: true,
  format: "esm",
  platform: "browser",
  target: ["es2022"],
  charset: "utf8",
  legalComments: "inline",
  define: { __TAVERNLINK_VERSION__: JSON.stringify(version) },
  logLevel: "warning",
});

// static/ holds what is not code: manifest.json, style.css, templates, i18n.
await cp(join(here, "static"), out, { recursive: true });
const manifestPath = join(out, "manifest.json");
const manifest = JSON.parse(await readFile(manifestPath, "utf8"));
await writeFile(manifestPath, `${JSON.stringify({ ...manifest, version }, undefined, 2)}\n`);
