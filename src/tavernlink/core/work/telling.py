"""Telling: what those who follow a request hear of it, and the tavern that is to do it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.work.requests import FINAL, Request
from tavernlink.protocol.commands import Command
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.event import Event
from tavernlink.protocol.requests import Accepted

__all__ = ["Telling", "command_of", "deliver"]


class Telling:
    """Says where requests stand."""

    def __init__(self, directory: Directory, shifted: list[Callable[[Request, int], None]]) -> None:
        self._directory = directory
        self._shifted = shifted

    def position(self, request: Request) -> int:
        """Requests before it."""
        tavern = self._directory.taverns.get(request.tavern_id)
        return tavern.lanes.position(request) if tavern and request.state == "queued" else 0

    def accepted(self, request: Request) -> Accepted:
        """Return what the asker is told at once."""
        request.told = self.position(request)
        return Accepted(
            request_id=request.request_id,
            position=request.told,
            state=request.state,
            also=list(request.siblings),
        )

    def watchers(self, session: Session) -> tuple[Session, ...]:
        """Who follows what this session asks for: an app. A tavern gets no `request.update`, nor streams back."""
        return () if isinstance(self._directory.peer_of(session), Tavern) else (session,)

    def watch(self, request: Request, session: Session) -> None:
        """Tell this session of the request too, beginning with where it stands."""
        if session in request.watchers or not self.watchers(session):
            return
        request.watchers = (*request.watchers, session)
        if request.state not in FINAL:
            session.deliver(Event("request.update", request.update(self.position(request))))
            stream = request.stream
            if stream is not None:
                stream.epoch = -1
                session.deliver(Event("stream.start", stream.asker_start()))
                for event in stream.catch_up():
                    session.deliver(event)
        else:
            session.deliver(Event("request.update", request.update()))

    @staticmethod
    def tell(request: Request, position: int | None = None) -> None:
        """Tell its state to all who follow it."""
        deliver(Event("request.update", request.update(position)), request.watchers)

    def positions(self, tavern: Tavern) -> None:
        """Tell those whose place changed: under round-robin a newcomer may go before somebody who waits."""
        for request, position in list(tavern.lanes.positions()):
            if request.told != position:
                request.told = position
                self.tell(request, position)
                for shifted in self._shifted:
                    shifted(request, position)


def command_of(request: Request, args: Any) -> Command:
    """Return a request as its tavern gets it."""
    spec = COMMANDS.get(request.by_name or "")
    return Command(
        name=request.command,
        request_id=request.wire_id,
        args=args,
        caller=request.caller,
        by=request.by,
        destructive=spec is not None and spec.destructive,
    )


def deliver(event: Event, sessions: tuple[Session, ...]) -> None:
    """Hand one event to several sessions."""
    for session in sessions:
        session.deliver(event)
