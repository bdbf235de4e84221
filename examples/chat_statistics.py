"""Who said how much in the open chat, as CSV.

python examples/chat_statistics.py > words.csv
"""

from __future__ import annotations

import asyncio
import csv
import sys
from collections import Counter

import tavernlink
from tavernlink.protocol.chat import ChatMessage
from tavernlink.sdk import Tavern

PAGE = 500


async def whole_chat(tavern: Tavern) -> list[ChatMessage]:
    """Fetch every message, from the newest page to the oldest."""
    view = await tavern.chat(limit=PAGE)
    messages = list(view.messages)
    while messages and messages[0].index:
        view = await tavern.chat(limit=PAGE, before=messages[0].index)
        messages = [*view.messages, *messages]
    return messages


async def main() -> None:
    async with tavernlink.connect(name="statistics") as hub:
        messages = await whole_chat(hub.tavern())
    said: Counter[str] = Counter()
    words: Counter[str] = Counter()
    for message in messages:
        if message.role != "system":
            said[message.name] += 1
            words[message.name] += len(message.text.split())
    table = csv.writer(sys.stdout, lineterminator="\n")
    table.writerow(["name", "messages", "words"])
    table.writerows([name, count, words[name]] for name, count in said.most_common())


try:
    asyncio.run(main())
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
