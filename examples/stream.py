"""Send a message into the open chat and print the character's reply while it comes.

python examples/stream.py "Good morning!"
"""

from __future__ import annotations

import asyncio
import sys

import tavernlink


async def main() -> None:
    text = " ".join(sys.argv[1:]) or "Hello!"
    async with tavernlink.connect(name="stream example") as hub:
        reply = hub.tavern().send(text)
        async for delta in reply:
            print(delta, end="", flush=True)
        result = await reply
        print(f"\n({result.character}, ended by: {result.reason})")


try:
    asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
