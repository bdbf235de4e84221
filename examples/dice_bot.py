"""A bot that lives in the chat: it rolls dice when somebody writes `!roll 2d6`.

python examples/dice_bot.py

It sees the chat through a mirror and speaks into it under its own name, without asking the model for a reply. It
stays through lost connections and restarts of the hub; Ctrl-C ends it.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import sys

import tavernlink
from tavernlink.sdk import Hub

NAME = "Dice"
ASKED = re.compile(r"^!roll (\d{1,2})d(\d{1,4})$", re.MULTILINE)


def roll(text: str) -> str | None:
    """Return what the dice say to a message, or None where it does not ask for them."""
    match = ASKED.search(text)
    if match is None:
        return None
    count, sides = int(match[1]), int(match[2])
    if count < 1 or sides < 1:
        return "There are no such dice."
    dice = [random.randint(1, sides) for _ in range(count)]
    return f"{count}d{sides}: {' + '.join(map(str, dice))} = {sum(dice)}"


async def play(hub: Hub) -> None:
    async with hub.tavern().mirror() as mirror:
        print(f"Watching {mirror.chat_id or 'for a chat to open'}.", flush=True)
        async for change in mirror:
            if change.ops[0].op == "reset":
                continue  # another chat was opened: what it holds was said before
            for op in change.ops:
                if op.op == "insert" and op.message is not None and op.message.name != NAME:
                    answer = roll(op.message.text)
                    if answer is not None:
                        print(answer, flush=True)
                        await hub.tavern(mirror.tavern).post(answer, as_=NAME)


async def main() -> None:
    async with tavernlink.connect(name="dice bot", connect_timeout=None) as hub:
        await play(hub)


try:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
