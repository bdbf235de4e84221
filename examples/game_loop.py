"""A game whose guard thinks with a character's mind, while thirty frames a second go on.

python examples/game_loop.py Seraphina

What the guard says and does comes as JSON of a schema, so the game need not guess from prose. The generation is
`detached`: the chat that is open in SillyTavern is not touched. Type a line and press Enter to speak; talk the guard
into opening the gate.
"""

from __future__ import annotations

import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import tavernlink
from tavernlink.sdk.sync import SyncHub

FRAME = 1 / 30
ACT = {
    "type": "object",
    "properties": {
        "says": {"type": "string"},
        "mood": {"enum": ["calm", "angry", "amused"]},
        "opens_gate": {"type": "boolean"},
    },
    "required": ["says", "mood", "opens_gate"],
    "additionalProperties": False,
}
SCENE = "You guard a town gate at night. Stay in your role, speak one short sentence, open only for a good reason."


class Guard:
    """Thinks in a thread of its own. The game asks for `news` in every frame and never waits."""

    def __init__(self, hub: SyncHub, character: str) -> None:
        self._hub = hub
        self._character = character
        self._talk: list[dict[str, Any]] = [{"role": "system", "content": SCENE}]
        self._mind = ThreadPoolExecutor(1)
        self._thought: Future[dict[str, Any]] | None = None

    def hear(self, text: str) -> bool:
        """Begin to think; False while an earlier thought is not finished."""
        if self._thought is not None:
            return False
        self._talk.append({"role": "user", "content": text})
        self._thought = self._mind.submit(self._think)
        return True

    def news(self) -> dict[str, Any] | None:
        """Return what the guard does now, once it is decided. Raises what went wrong."""
        if self._thought is None or not self._thought.done():
            return None
        thought, self._thought = self._thought, None
        act = thought.result()
        self._talk.append({"role": "assistant", "content": act["says"]})
        return act

    def _think(self) -> dict[str, Any]:
        reply = self._hub.tavern("any").generate(
            "detached", messages=self._talk, character=self._character, json_schema=ACT, timeout=60
        )
        act: dict[str, Any] = reply.result().data
        return act


def play(hub: SyncHub, character: str) -> int:
    """Run the game; returns the number of its frames."""
    spoken: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=lambda: [spoken.put(line.strip()) for line in sys.stdin], daemon=True).start()
    guard = Guard(hub, character)
    frames = 0
    print("A guard stands at the gate.", flush=True)
    while True:
        frames += 1
        try:
            if not guard.hear(spoken.get_nowait()):
                print("(The guard is still thinking.)", flush=True)
        except Empty:
            pass
        act = guard.news()
        if act is not None:
            print(f"The guard ({act['mood']}): {act['says']}", flush=True)
            if act["opens_gate"]:
                print("The gate opens.", flush=True)
                return frames
        time.sleep(FRAME)  # a real game draws here


try:
    with tavernlink.connect_sync(name="Game") as hub:
        play(hub, sys.argv[1] if len(sys.argv) > 1 else "Seraphina")
except KeyboardInterrupt:
    pass
except tavernlink.TavernlinkError as error:
    sys.exit(f"{error.message} [{error.code}]")
