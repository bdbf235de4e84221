"""What taverns publish, as far as a rule looks at it: one more subscriber of theirs, inside the hub.

Where no rule looks at what taverns publish there is no subscription, and so no cost. Deltas are never subscribed to.
The end of a stream comes from the relay itself, which knows whose it is; private ones are no rule's business.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.session import Bounds, Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.relay.streams import Stream
from tavernlink.protocol.chat import ChatChanged
from tavernlink.protocol.event import Event
from tavernlink.protocol.streams import StreamEnd, StreamStart
from tavernlink.protocol.taverns import Event as HostEvent
from tavernlink.protocol.taverns import TavernChanged

__all__ = ["Listener"]

_END = "stream.end"
_EVERYWHERE = "*"


class Listener:
    """Hands on what the rules want to hear: `hear(tavern, type, content)`."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        directory: Directory,
        *,
        session_id: str,
        hear: Callable[[Tavern, str, Any], None],
        wanted_changed: Callable[[], None],
    ) -> None:
        self._subscriptions = subscriptions
        self._directory = directory
        self._hear = hear
        self._wanted_changed = wanted_changed
        self._topics: list[str] = []
        self.session = Session(session_id, Bounds(kept=0, kept_bytes=0))
        self.session.link = self

    def listen(self, topics: list[str]) -> None:
        """Hear these topics of every tavern, and no others."""
        if topics == self._topics:
            return
        self._topics = topics
        self._subscriptions.drop(self.session)
        subscribed = [topic for topic in topics if topic != _END]
        if subscribed:
            self._subscriptions.add(self.session, _EVERYWHERE, subscribed)
        self._wanted_changed()

    def replied(self, tavern: Tavern, stream: Stream, end: StreamEnd) -> None:
        """A generation is over; called by the relay."""
        if _END not in self._topics or stream.private:
            return
        facts = {"tavern": tavern.id, "kind": stream.start.kind, "character": stream.start.character}
        self._hear(tavern, _END, {**msgspec.to_builtins(end), **facts})

    # Link

    def send(self, event: Event) -> None:
        """Take what a tavern published."""
        content = event.content
        type_ = event.type
        tavern_id: str | None
        if isinstance(content, TavernChanged):
            tavern_id = content.tavern.tavern_id
        elif isinstance(content, HostEvent):
            tavern_id, type_ = content.tavern, f"event.{content.name}"
        elif isinstance(content, StreamStart | ChatChanged):
            tavern_id = content.tavern
        else:
            return
        tavern = self._directory.taverns.get(tavern_id or "")
        if tavern is not None:
            self._hear(tavern, type_, msgspec.to_builtins(content))

    def close(self, code: str, message: str) -> None:
        """Nobody closes it; the hub's own session ends with the hub."""
