"""Stopping: requests that are over for their askers while the tavern has not said yet that it stopped."""

from __future__ import annotations

from collections.abc import Iterator

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.work.requests import Request, RequestBook

__all__ = ["Stopping"]


class Stopping:
    """Places in lanes that are still held, and until when; `Work` gives them free."""

    def __init__(self, directory: Directory, book: RequestBook) -> None:
        self._directory = directory
        self._book = book
        self._deadlines: dict[str, float] = {}
        """Wire ids that hold a place after their final state → when the place is taken from them."""

    def hold(self, request: Request, deadline: float) -> None:
        """Let a request keep its place until its tavern speaks, or until then."""
        self._deadlines[request.wire_id] = deadline

    def forget(self, request: Request) -> None:
        """Its place was given free."""
        self._deadlines.pop(request.wire_id, None)

    def overdue(self, now: float) -> Iterator[tuple[Request, Tavern]]:
        """Give those whose time is over, with their taverns, and forget them."""
        for wire_id, deadline in list(self._deadlines.items()):
            request = self._book.by_wire(wire_id)
            if now < deadline and request is not None:
                continue
            del self._deadlines[wire_id]
            tavern = self._directory.taverns.get(request.tavern_id) if request is not None else None
            if request is not None and tavern is not None:
                yield request, tavern
