"""Follow the open chat: print every message, and every edit and deletion as it happens.

python examples/mirror.py
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

import tavernlink


async def main() -> None:
    async with tavernlink.connect(name="mirror example") as hub, hub.tavern().mirror() as mirror:
        print(f"# {mirror.chat_id}: {len(mirror.messages)} messages", flush=True)
        for message in mirror.messages:
            print(f"{message.name}: {message.text}", flush=True)
        async for change in mirror:
            for op in change.ops:
                if op.message is not None:
                    print(f"{op.op} {op.index} {op.message.name}: {op.message.text}", flush=True)
                else:
                    print(f"{op.op} {op.index}", flush=True)


try:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
