"""What apps ask of their inboxes, and what goes into them: requests that end, messages to apps that are away."""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.core.inbox.inboxes import Inboxes, message_of
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import App, Peer
from tavernlink.core.peers.session import Session
from tavernlink.core.seams import Ack
from tavernlink.core.work.requests import Request
from tavernlink.protocol.event import Event
from tavernlink.protocol.inbox import InboxGet, InboxTaken
from tavernlink.protocol.outcome import Success

__all__ = ["InboxMessages"]


class InboxMessages:
    """Handlers, and the ways in."""

    def __init__(self, inboxes: Inboxes, directory: Directory) -> None:
        self._inboxes = inboxes
        self._directory = directory
        self.handlers: Mapping[str, Asked] = {"inbox.get": self._get, "inbox.taken": self._taken}

    def request_over(self, request: Request, event: Event) -> None:
        """A request has its final state: tell its asker where it is there but does not watch, or let it wait."""
        if request.owner is None:
            return
        if any(self._is_owner(session, request) for session in request.watchers if session.link is not None):
            return  # it is there and hears of it as ever
        here = [app for app in self._sessions(request.key_id, request.owner) if app.session.link is not None]
        for app in here:
            app.session.deliver(event)
        if not here:
            watching = (session for session in request.watchers if self._is_owner(session, request))
            away = next(watching, None)
            self._inboxes.keep(request.key_id, request.owner, event, also_in=away)

    def missed(self, peer: Peer, event: Event) -> None:
        """A message went into the session of a peer whose line is down."""
        if isinstance(peer, App) and peer.chosen:
            self._inboxes.keep(peer.key.id, peer.id, event, also_in=peer.session)

    def _is_owner(self, session: Session, request: Request) -> bool:
        peer = self._directory.peer_of(session)
        return peer is not None and peer.id == request.owner and peer.key.id == request.key_id

    def _sessions(self, key_id: str, app_id: str) -> list[App]:
        return [
            peer
            for peer in self._directory.sessions.values()
            if isinstance(peer, App) and peer.id == app_id and peer.key.id == key_id
        ]

    def _get(self, app: App, message: InboxGet, ack: Ack) -> None:
        letters = self._inboxes.waiting(app.key.id, message.app or app.id)
        ack(Success(result=[message_of(letter) for letter in letters]))

    def _taken(self, app: App, message: InboxTaken, ack: Ack) -> None:
        ack(Success(result={"taken": self._inboxes.taken(app.key.id, message.app or app.id, message.upto)}))
