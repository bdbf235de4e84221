// node isomorphic_clone.mjs URL FOLDER: what SillyTavern does on a machine without git.
import fs from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [url, dir, workspace] = process.argv.slice(2);
const require = createRequire(join(workspace, "package.json"));
const git = require("isomorphic-git");
const http = require("isomorphic-git/http/node");
await git.clone({ fs, http, dir, url, depth: 1, singleBranch: true });
