"""Send a message and print the reply while it comes, without an event loop.

python examples/plain.py "Good morning!"
"""

from __future__ import annotations

import sys

import tavernlink

text = " ".join(sys.argv[1:]) or "Hello!"
try:
    with tavernlink.connect_sync(name="plain example") as hub:
        for delta in hub.tavern().send(text):
            print(delta, end="", flush=True)
        print()
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
