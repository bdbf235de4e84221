"""A program that offers a function, and calls one.

python examples/function_app.py

While it runs, `tavernlink functions call pick things='["bread", "wine"]'` is answered here. Ctrl-C ends it, and the
function is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys

import tavernlink
from tavernlink import Context

hub = tavernlink.connect(name="picker", connect_timeout=None)


@hub.function(tool=True)
async def pick(things: list[str], ctx: Context) -> str:
    """Pick one of several things.

    Args:
        things: what to choose from
    """
    print(f"{ctx.caller.name} cannot decide.", flush=True)
    return random.choice(things)


async def main() -> None:
    async with hub:
        print(await hub.call("pick", things=["heads", "tails"]), flush=True)
        await asyncio.Event().wait()


try:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
