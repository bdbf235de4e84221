"""Pairing: a SillyTavern without a key asks for a code, shows it, and receives a key once somebody approved that code.

    asked ──► approved ──► (claimed: the key is made and handed over, the pairing is gone)
      ├─────► refused
      └─────► over, after `SECONDS`

Two words belong to a pairing: the code, which people read to each other and which alone is worth nothing, and the
ticket, a secret of the one who asked, against which the key is handed out. The key is made at that moment, so one that
is not fetched never exists. All this is without a key, so it is bounded per address and in total, and kept in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import msgspec

from tavernlink.core.limits import RateLimit
from tavernlink.errors import BadMessage, Conflict, NotFound
from tavernlink.protocol.access import PairingInfo

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key, Keyring
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.seams import Clock, Ids

__all__ = ["SECONDS", "Asked", "Claimed", "Pairings"]

SECONDS = 300.0
"""How long a code is good."""
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without I, L, O, 0 and 1, which people mix up
_LENGTH = 8
_MOST = 100  # that wait at once
_MOST_OF_ADDRESS = 5
_ASKS = (1 / 30, 5)  # per second and at once, of one address
_CLAIMS = (2.0, 20)
_ADDRESSES = 4_096

State = Literal["waiting", "approved", "refused", "over"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the one who asked is told."""

    code: str
    """For people: eight letters and digits."""
    ticket: str
    """For `claim`. A secret of the one who asked."""
    seconds: float = SECONDS
    """How long both are good."""
    interval: float = 2.0
    """Seconds to wait between two claims."""


class Claimed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a pairing stands; with the key, once."""

    state: State
    key: str | None = None


class _Pairing:
    __slots__ = ("info", "key_name", "state", "ticket")

    def __init__(self, info: PairingInfo, ticket: str) -> None:
        self.info = info
        self.ticket = ticket
        self.state: State = "waiting"
        self.key_name = info.name


class Pairings:
    """Those that wait."""

    def __init__(self, keyring: Keyring, audit: Audit, clock: Clock, ids: Ids) -> None:
        self._keyring = keyring
        self._audit = audit
        self._clock = clock
        self._ids = ids
        self._by_code: dict[str, _Pairing] = {}
        self._by_ticket: dict[str, _Pairing] = {}
        self._asks: dict[str, RateLimit] = {}
        self._claims: dict[str, RateLimit] = {}
        self.changed: Callable[[], None] = _nobody_looks
        """Called when somebody asked, or was answered."""

    def ask(self, name: str, address: str, origin: str | None = None) -> Asked:
        """Begin. Raises `BadMessage` (`rate_limited`) for an address that asks too often."""
        self._prune()
        self._spend(
            self._asks, _ASKS, address, "Too many pairing codes were asked for from this address.", 30
        )
        of_address = sum(each.info.address == address for each in self._by_code.values())
        if of_address >= _MOST_OF_ADDRESS or len(self._by_code) >= _MOST:
            raise BadMessage(
                "rate_limited", "Too many pairings wait for an answer. Try again later.", {"retry_after": 60}
            )
        now = self._clock.wall()
        code, ticket = self._new_code(), self._ids.secret()
        info = PairingInfo(
            code=code,
            name=name or "SillyTavern",
            address=address,
            origin=origin,
            asked=now,
            expires=now + SECONDS,
        )
        self._by_code[code] = self._by_ticket[ticket] = _Pairing(info, ticket)
        self._audit.record("pairing.asked", "", target=info.name, address=address, origin=origin)
        self.changed()
        return Asked(code=code, ticket=ticket)

    def claim(self, ticket: str, address: str) -> Claimed:
        """Say where it stands; hand the key over if it was approved. Raises `BadMessage` (`rate_limited`)."""
        self._spend(self._claims, _CLAIMS, address, "Asking too often whether a pairing was approved.", 2)
        self._prune()
        found = self._by_ticket.get(ticket)
        if found is None:
            return Claimed(state="over")
        if found.state == "waiting":
            return Claimed(state="waiting")
        self._drop(found)
        if found.state == "refused":
            return Claimed(state="refused")
        key, text = self._keyring.create("tavern", found.key_name)
        self._audit.record("key.created", key, target=key.id, address=address, role="tavern", by="pairing")
        return Claimed(state="approved", key=text)

    def listed(self) -> list[PairingInfo]:
        """Those that wait for an answer, oldest first."""
        self._prune()
        return [each.info for each in self._by_code.values() if each.state == "waiting"]

    def approve(self, code: str, who: Peer | Key | str, name: str | None = None) -> PairingInfo:
        """Let the one who shows this code have a key. Raises `NotFound`, or `Conflict` if it was answered before."""
        found = self._waiting(code)
        found.state = "approved"
        found.key_name = name or found.info.name
        self._audit.record(
            "pairing.approved",
            who,
            target=found.key_name,
            for_address=found.info.address,
            code=found.info.code,
        )
        self.changed()
        return found.info

    def refuse(self, code: str, who: Peer | Key | str) -> PairingInfo:
        """Tell the one who shows this code no."""
        found = self._waiting(code)
        found.state = "refused"
        self._audit.record("pairing.refused", who, target=found.info.name, for_address=found.info.address)
        self.changed()
        return found.info

    def _waiting(self, code: str) -> _Pairing:
        self._prune()
        found = self._by_code.get("".join(letter for letter in code.upper() if letter.isalnum()))
        if found is None:
            raise NotFound(
                "unknown_pairing",
                f"No SillyTavern shows the code {code[:20]!r}, or its five minutes are over.",
            )
        if found.state != "waiting":
            raise Conflict("already_finished", f"The code {found.info.code} was {found.state} already.")
        return found

    def _new_code(self) -> str:
        while True:
            # 256 random bits, of which eight letters use 40.
            number, letters = int(self._ids.secret(), 16), []
            for _ in range(_LENGTH):
                number, place = divmod(number, len(_LETTERS))
                letters.append(_LETTERS[place])
            if (code := "".join(letters)) not in self._by_code:
                return code

    def _prune(self) -> None:
        now = self._clock.wall()
        for each in list(self._by_code.values()):
            if each.info.expires <= now:
                self._drop(each)

    def _drop(self, pairing: _Pairing) -> None:
        self._by_code.pop(pairing.info.code, None)
        self._by_ticket.pop(pairing.ticket, None)

    def _spend(
        self, rates: dict[str, RateLimit], rate: tuple[float, int], address: str, why: str, retry: float
    ) -> None:
        now = self._clock.now()
        if address not in rates and len(rates) >= _ADDRESSES:
            del rates[next(iter(rates))]
        limit = rates.setdefault(address, RateLimit(*rate, now))
        if not limit.spend() and not limit.refill(now):
            raise BadMessage("rate_limited", why + " Wait a moment.", {"retry_after": retry})


def _nobody_looks() -> None:
    pass
