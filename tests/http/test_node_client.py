"""The same API from another language: Node's fetch, with the events read by hand."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

from tests.http.house import House
from tests.http.scripted_tavern import Turn


async def test_a_node_program_gets_whole_and_streamed_answers(house: House) -> None:
    async def script(turn: Turn) -> None:
        said = turn.args["messages"][0]["content"]
        turn.reply("You said: ", said, ".", usage={"total_tokens": 7})

    house.tavern(script)
    node = shutil.which("node")
    assert node is not None, "Node 20 or newer is needed; make setup says so too"
    process = await asyncio.create_subprocess_exec(
        node,
        str(Path(__file__).with_name("completion.mjs")),
        house.url,
        house.key(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert json.loads(output) == {
        "models": ["default", "Seraphina"],
        "whole": "You said: 你好 😀.",
        "streamed": "You said: 你好 😀.",
        "finish": "stop",
        "usage": 7,
        "done": True,
        "refused": [404, "model_not_found"],
    }
