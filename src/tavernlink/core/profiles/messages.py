"""What peers say about profiles. The hub answers what is about its own copies; a tavern carries out the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.rights import may_send
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Peer
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.profiles.book import ProfileBook
from tavernlink.core.seams import Ack
from tavernlink.core.work.asking import Asking, Order, fingerprint
from tavernlink.core.work.requests import Lane
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Success
from tavernlink.protocol.profiles import (
    ProfileApply,
    ProfileChanged,
    ProfileDelete,
    ProfileDiff,
    ProfileGet,
    ProfileHistory,
    ProfileList,
    ProfilePublish,
    ProfileSave,
    ProfileUndo,
)

__all__ = ["ProfileMessages"]

_FOR_THE_HUB = frozenset({"tavern", "request_id", "timeout"})


class ProfileMessages:
    """One small function for each message type."""

    def __init__(
        self,
        book: ProfileBook,
        *,
        directory: Directory,
        subscriptions: Subscriptions,
        asking: Asking,
        audit: Audit,
    ) -> None:
        self._book = book
        self._directory = directory
        self._subscriptions = subscriptions
        self._asking = asking
        self._audit = audit
        self.handlers: Mapping[str, Asked] = {
            "profile.list": self._list,
            "profile.history": self._history,
            "profile.get": self._get,
            "profile.diff": self._diff,
            "profile.save": self._save,
            "profile.delete": self._delete,
            "profile.publish": self._publish,
            "profile.apply": self._apply,
            "profile.undo": self._undo,
        }

    def _list(self, peer: Peer, message: ProfileList, ack: Ack) -> None:
        ack(Success(result=self._book.listed()))

    def _history(self, peer: Peer, message: ProfileHistory, ack: Ack) -> None:
        ack(Success(result=self._book.history(message.profile)))

    def _get(self, peer: Peer, message: ProfileGet, ack: Ack) -> None:
        ack(Success(result=self._book.get(message.profile, message.version, message.items)))

    def _diff(self, peer: Peer, message: ProfileDiff, ack: Ack) -> None:
        ack(Success(result=self._book.diff(message.profile, message.version, message.since)))

    def _save(self, peer: Peer, message: ProfileSave, ack: Ack) -> None:
        info, new = self._book.save(message, peer.name or peer.id)
        ack(Success(result=info))
        if new:
            self._audit.record("profile.published", peer, target=info.profile, version=info.version)
            self._tell(peer, ProfileChanged(profile=info.profile, version=info.version, author=info.author))

    def _delete(self, peer: Peer, message: ProfileDelete, ack: Ack) -> None:
        self._book.delete(message.profile)
        self._audit.record("profile.deleted", peer, target=message.profile)
        ack(Success())
        self._tell(
            peer, ProfileChanged(profile=message.profile, version=0, author=(peer.name or peer.id)[:200])
        )

    def _tell(self, author: Peer, changed: ProfileChanged) -> None:
        """Tell the apps that subscribed, and every tavern but the one that did it: it has its answer."""
        event = Event("profile.changed", changed)
        for session in self._subscriptions.route("*", "profile.changed"):
            session.deliver(event)
        for tavern in self._directory.taverns.values():
            known = tavern.session.id in self._directory.sessions
            if known and tavern is not author and may_send(tavern.key, "profile.get"):
                tavern.session.deliver(event)

    def _publish(self, peer: Peer, message: ProfilePublish, ack: Ack) -> None:
        # Reads only, but all of a SillyTavern's settings: beside the generations and not before them.
        self._ask(peer, "profile.publish", message, ack, lane="detached")

    def _apply(self, peer: Peer, message: ProfileApply, ack: Ack) -> None:
        self._book.get(message.profile, message.version, [])
        if not message.dry_run:
            self._audit.record("profile.applied", peer, target=message.tavern or "", profile=message.profile)
        self._ask(peer, "profile.apply", message, ack, lane="detached" if message.dry_run else "visible")

    def _undo(self, peer: Peer, message: ProfileUndo, ack: Ack) -> None:
        self._audit.record("profile.undone", peer, target=message.tavern or "")
        self._ask(peer, "profile.undo", message, ack, lane="visible")

    def _ask(
        self,
        peer: Peer,
        type_: str,
        message: ProfilePublish | ProfileApply | ProfileUndo,
        ack: Ack,
        *,
        lane: Lane,
    ) -> None:
        fields: dict[str, Any] = msgspec.to_builtins(message)
        order = Order(
            command=type_,
            lane=lane,
            args={name: value for name, value in fields.items() if name not in _FOR_THE_HUB},
            asked=fingerprint(type_, message),
            tavern=message.tavern,
            timeout=message.timeout,
            request_id=message.request_id,
        )
        self._asking.take(peer, order, ack)
