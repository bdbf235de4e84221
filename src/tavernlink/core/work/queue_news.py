"""News of queues: what taverns whose person looks at the queue are shown of it.

Told by the clock and not by each change, so that a busy queue costs a tavern four small messages a second at most, and
one that nobody looks at nothing. What is told is compared with what was told before: no change can be forgotten here.
"""

from __future__ import annotations

from itertools import islice

from tavernlink.core.access.keys import Keyring
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.work.requests import Request
from tavernlink.protocol.event import Event
from tavernlink.protocol.queue import QueueChanged, QueueEntry, QueueWatch

__all__ = ["SHOWN", "QueueNews"]

SHOWN = 50
"""Requests of those that wait."""


class _Watch:
    __slots__ = ("session", "told")

    def __init__(self, session: Session) -> None:
        self.session = session
        self.told: QueueChanged | None = None


class QueueNews:
    """Taverns that look, and what each was told last."""

    def __init__(self, directory: Directory, keyring: Keyring) -> None:
        self._directory = directory
        self._keyring = keyring
        self._watches: dict[str, _Watch] = {}
        """By tavern."""

    def watch(self, tavern: Tavern, message: QueueWatch) -> None:
        """Somebody begins or ceases to look; who begins is told at once."""
        if not message.on:
            self._watches.pop(tavern.id, None)
            return
        watch = self._watches[tavern.id] = _Watch(tavern.session)
        self._tell(tavern, watch)

    def tick(self) -> None:
        """Tell what changed. A tavern that is away for a moment is told when it is back."""
        for tavern_id, watch in list(self._watches.items()):
            tavern = self._directory.taverns.get(tavern_id)
            if tavern is None or tavern.session is not watch.session:
                del self._watches[tavern_id]
            elif tavern.online:
                self._tell(tavern, watch)

    def _tell(self, tavern: Tavern, watch: _Watch) -> None:
        content = self._queue(tavern)
        if content != watch.told:
            watch.told = content
            tavern.session.deliver(Event("queue.changed", content))

    def _queue(self, tavern: Tavern) -> QueueChanged:
        running = [request for request in tavern.lanes.taken() if request.state == "running"]
        queued = islice(tavern.lanes.positions(), SHOWN)
        return QueueChanged(
            running=[self._entry(request) for request in running],
            queued=[self._entry(request, position) for request, position in queued],
            waiting=tavern.lanes.waiting,
        )

    def _entry(self, request: Request, position: int | None = None) -> QueueEntry:
        mode = request.args.get("mode") if isinstance(request.args, dict) else None
        waits = request.state == "queued"
        return QueueEntry(
            request_id=request.wire_id,
            name=request.command,
            state="queued" if waits else "cancelling" if request.cancelling else "running",
            asker=self._asker(request),
            asked=request.since,
            started=request.started,
            position=position,
            mode=mode if isinstance(mode, str) else None,
            session=request.session_name,
        )

    def _asker(self, request: Request) -> str:
        """Who asked, in words for the person at the tavern."""
        key = self._keyring.find(request.key_id)
        key_name = key.name if key is not None else request.key_id
        if request.asker_name in ("", key_name):
            return key_name
        return f"{request.asker_name} ({key_name})"[:200]
