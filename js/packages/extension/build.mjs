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

/** @param {string} path */
async function readJson(path) {
  return JSON.parse(await readFile(path, "utf8"));
}

/** @param {string} path @param {unknown} value */
async function writeJson(path, value) {
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`);
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
const manifest = await readJson(manifestPath);
await writeJson(manifestPath, { ...manifest, version });

// What error codes mean is told in one place for all faces; where the panel has words of its own, they win.
const chinesePath = join(out, "i18n", "zh-cn.json");
const meanings = await readJson(join(here, "src", "generated", "errors.zh-cn.json"));
await writeJson(chinesePath, { ...meanings, ...(await readJson(chinesePath)) });
