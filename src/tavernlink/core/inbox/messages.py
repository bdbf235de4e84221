"""What apps ask of their inboxes, and what goes into them: requests that end, messages to apps that are away."""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.core.functions.call import Call
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
        """A request has its final state."""
        if request.owner is not None:
            self._over((request.key_id, request.owner), request.watchers, event)

    def call_over(self, call: Call, event: Event) -> None:
        """A call of a function has its result."""
        if call.asker.owner is not None and call.asker.key is not None:
            self._over((call.asker.key.id, call.asker.owner), call.watchers, event)

    def _over(self, owner: tuple[str, str], watchers: tuple[Session, ...], event: Event) -> None:
        """Tell who asked, where it is there but does not watch, or let it wait. `owner`: its key and its own id."""
        watching = [session for session in watchers if self._is_owner(session, owner)]
        if any(session.link is not None for session in watching):
            return  # it is there and hears of it as ever
        here = [app for app in self._sessions(*owner) if app.session.link is not None]
        for app in here:
            app.session.deliver(event)
        if not here:
            self._inboxes.keep(*owner, event, also_in=next(iter(watching), None))

    def missed(self, peer: Peer, event: Event) -> None:
        """A message went into the session of a peer whose line is down."""
        if isinstance(peer, App) and peer.chosen:
            self._inboxes.keep(peer.key.id, peer.id, event, also_in=peer.session)

    def _is_owner(self, session: Session, owner: tuple[str, str]) -> bool:
        peer = self._directory.peer_of(session)
        return peer is not None and (peer.key.id, peer.id) == owner

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
