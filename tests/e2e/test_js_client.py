"""The JavaScript client from a program in Node: the same hub, the same tab, the same answers."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from tavernlink.demo.hub import RunningHub
from tavernlink.demo.model import Model
from tavernlink.tab import Tab
from tests.e2e.overheard import tavern_of
from tests.e2e.patience import PATIENCE

_JS = Path(__file__).parents[2] / "js"
_PROGRAM = """
import { connect, TavernlinkError } from "@tavernlink/client";

const { HUB, KEY, TAVERN } = process.env;
const say = (value) => console.log(JSON.stringify(value));

const hub = await connect(HUB, KEY, { name: "node" });
const tavern = hub.tavern(TAVERN);
const generation = tavern.send("hello from Node [tokens=60] [speed=120]");
let text = "";
let seen = 0;
for await (const delta of generation) {
  text = delta.replace ? delta.text : text + delta.text;
  seen += 1;
  // The line drops under it: nothing may be lost or doubled.
  if (seen === 10) hub.connection.renewLine();
}
const result = await generation.result;
say({ text, seen, result });
const { messages } = await tavern.chat({ limit: 2 });
say({ last: messages.map((message) => message.text) });
const failing = tavern.send("fail [error=500]");
try {
  await failing.result;
} catch (error) {
  say({ failed: error instanceof TavernlinkError && error.code });
}
hub.close();
try {
  await connect(HUB, "tl_app_no_such");
} catch (error) {
  say({ refused: error.code });
}
"""


async def _bundle(folder: Path) -> Path:
    """Bundle the program as an app's author would."""
    source, target = folder / "program.ts", folder / "program.mjs"
    source.write_text(_PROGRAM, "utf-8")
    build = await asyncio.create_subprocess_exec(
        *("node", "-e", _BUILD, str(source), str(target)), cwd=_JS / "packages" / "extension"
    )
    assert await build.wait() == 0
    return target


_BUILD = """
const [source, target] = process.argv.slice(1);
require("esbuild").buildSync({
    entryPoints: [source], outfile: target, bundle: true, platform: "node", format: "esm",
    nodePaths: [require("path").join(process.cwd(), "..", "..", "node_modules")],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
});
"""


async def test_a_program_in_node_talks_to_the_open_character(
    tab: Tab, hub: RunningHub, model: Model, tmp_path: Path
) -> None:
    program = await _bundle(tmp_path)
    environment = os.environ | {"HUB": hub.url, "KEY": hub.app_key, "TAVERN": await tavern_of(tab)}
    running = await asyncio.create_subprocess_exec(
        *("node", str(program)), env=environment, stdout=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(PATIENCE):
        output, _ = await running.communicate()
    spoken, chat, failed, refused = (json.loads(line) for line in output.decode().splitlines())
    assert spoken["text"] == spoken["result"]["text"]
    assert spoken["text"].startswith('You said: "hello from Node".')
    assert chat == {"last": ["hello from Node [tokens=60] [speed=120]", spoken["text"]]}
    assert failed == {"failed": "generation_failed"}
    assert refused == {"refused": "unauthorized"}
    assert len([seen for seen in model.requests if "hello from Node" in json.dumps(seen.body)]) >= 1
