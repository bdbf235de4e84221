"""What peers ask about keys, pairing and the audit log.

Nobody makes a key that may do more than their own: its scopes, its taverns and rooms, its end lie within those of its
maker. A tavern's key makes keys of apps and viewers for its own tavern, and sees and revokes those that it made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from tavernlink.core.access.rights import scopes_of
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.errors import AuthError, BadMessage, NotFound
from tavernlink.protocol.access import (
    AuditEntry,
    AuditList,
    AuditWritten,
    KeyCreate,
    KeyList,
    KeyMade,
    KeyRevoke,
    PairingApprove,
    PairingChanged,
    PairingList,
    PairingRefuse,
)
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import Success

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.access.pairing import Pairings
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.seams import Ack, Clock

__all__ = ["AccessMessages"]


class AccessMessages:
    """Handlers of `key.*`, `pairing.*` and `audit.list`."""

    def __init__(
        self,
        *,
        keyring: Keyring,
        pairings: Pairings,
        audit: Audit,
        directory: Directory,
        subscriptions: Subscriptions,
        clock: Clock,
    ) -> None:
        self._keyring = keyring
        self._pairings = pairings
        self._subscriptions = subscriptions
        pairings.changed = self._tell_pairings
        self._audit = audit
        audit.written = self._tell_written
        self._directory = directory
        self._clock = clock
        self.handlers: Mapping[str, Asked] = {
            "key.create": self._create,
            "key.list": self._list,
            "key.revoke": self._revoke,
            "pairing.list": self._pairing_list,
            "pairing.approve": self._approve,
            "pairing.refuse": self._refuse,
            "audit.list": self._audit_list,
        }

    def _create(self, peer: Peer, message: KeyCreate, ack: Ack) -> None:
        maker = peer.key
        is_admin = "admin" in maker.held
        if not is_admin and message.role not in ("app", "viewer"):
            raise AuthError("forbidden", f"Only an admin makes keys of the role {message.role!r}.")
        wanted = message.scopes
        # Of its own accord a key gets what its maker may grant; what is asked for beyond that is refused.
        own = scopes_of(message.role, None)
        grantable = own if is_admin and maker.scopes is None else own & maker.held
        if wanted is None and grantable != own:
            wanted = sorted(grantable)
        _check_within("scopes", wanted, grantable)
        taverns = _within("taverns", message.taverns, maker.taverns if is_admin else self._own_taverns(peer))
        rooms = _within("rooms", message.rooms, maker.rooms)
        expires = maker.expires
        if message.expires_in is not None:
            wanted_end = self._clock.wall() + message.expires_in
            expires = wanted_end if expires is None else min(expires, wanted_end)
        key, text = self._keyring.create(
            message.role,
            message.name,
            scopes=wanted,
            taverns=taverns,
            rooms=rooms,
            expires=expires,
            made_by=maker.id,
        )
        self._audit.record("key.created", peer, target=key.id, name=key.name, role=key.role)
        ack(Success(result=KeyMade(key=text, info=self._keyring.info(key))))

    def _own_taverns(self, peer: Peer) -> tuple[str, ...]:
        """Return what a key without `admin` may make keys for: its limits, else the taverns that are there under it."""
        if peer.key.taverns is not None:
            return peer.key.taverns
        if isinstance(peer, Tavern):
            return (peer.id,)
        own = tuple(tavern.id for tavern in self._directory.listed() if tavern.key.id == peer.key.id)
        if not own:
            raise AuthError(
                "forbidden",
                "This key makes keys for its own tavern only, and no tavern is connected under it.",
            )
        return own

    def _list(self, peer: Peer, message: KeyList, ack: Ack) -> None:
        found = [
            self._keyring.info(key)
            for key in self._seen_by(peer.key)
            if message.all or (key.revoked is None and self._keyring.why_ended(key.id) is None)
        ]
        ack(Success(result=found))

    def _revoke(self, peer: Peer, message: KeyRevoke, ack: Ack) -> None:
        mine = {key.id for key in self._seen_by(peer.key)}
        found = self._keyring.named(message.key)
        if not found or not mine.issuperset(key.id for key in found):
            raise NotFound("unknown_key", f"No valid key of yours has the id or name {message.key!r}.")
        revoked = self._keyring.revoke(message.key)
        for key in revoked:
            self._audit.record("key.revoked", peer, target=key.id, name=key.name, role=key.role)
        ack(Success(result=[self._keyring.info(key) for key in revoked]))

    def _seen_by(self, key: Key) -> list[Key]:
        listed = self._keyring.listed()
        return listed if "admin" in key.held else [each for each in listed if each.made_by == key.id]

    def _pairing_list(self, peer: Peer, message: PairingList, ack: Ack) -> None:
        ack(Success(result=self._pairings.listed()))

    def _tell_pairings(self) -> None:
        event = Event("pairing.changed", PairingChanged(waiting=self._pairings.listed()))
        for session in self._subscriptions.route("*", "pairing.changed"):
            session.deliver(event)

    def _tell_written(self, entry: AuditEntry) -> None:
        listeners = self._subscriptions.route("*", "audit.written")
        if listeners:
            event = Event("audit.written", AuditWritten(entry=entry))
            for session in listeners:
                session.deliver(event)

    def _approve(self, peer: Peer, message: PairingApprove, ack: Ack) -> None:
        ack(Success(result=self._pairings.approve(message.code, peer, message.name)))

    def _refuse(self, peer: Peer, message: PairingRefuse, ack: Ack) -> None:
        ack(Success(result=self._pairings.refuse(message.code, peer)))

    def _audit_list(self, peer: Peer, message: AuditList, ack: Ack) -> None:
        ack(Success(result=self._audit.listed(message)))


def _check_within(what: str, wanted: Iterable[str] | None, limits: Iterable[str]) -> None:
    beyond = sorted(set(wanted or ()) - set(limits))
    if beyond:
        raise BadMessage(
            "invalid_message",
            f"This key cannot give `{what}` {', '.join(beyond)[:500]}: neither its own nor the role's allow it.",
        )


def _within(what: str, wanted: list[str] | None, limits: tuple[str, ...] | None) -> Iterable[str] | None:
    if wanted is None or limits is None:
        return limits if wanted is None else wanted
    _check_within(what, wanted, limits)
    return wanted
