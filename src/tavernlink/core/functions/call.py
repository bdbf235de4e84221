"""One call, from when it was taken in until its place is free again.

    queued ──► running ──► done         the caller has its result
       └──────────┴──────────► done     cancelled, timed out, or the provider went away

`done` and a free place are two things: a provider that was told to stop keeps its place until it says that it did, or
until a short grace is over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from tavernlink.errors import TavernlinkError
from tavernlink.protocol.functions import Caller, CallState, FunctionProgress, FunctionResult
from tavernlink.protocol.outcome import ErrorInfo

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.core.functions.calls import Calls
    from tavernlink.core.functions.function import Function
    from tavernlink.core.peers.session import Session

__all__ = ["Asker", "Call"]


class Asker(msgspec.Struct, frozen=True, kw_only=True):
    """On whose behalf a call is made."""

    caller: Caller
    key: Key | None = None
    """None: the hub itself, which may call everything."""
    session: Session | None = None
    """Where progress goes, and the result where nobody waits for it otherwise."""
    owner: str | None = None
    """Id of an app that comes back under it: its result waits for it."""
    address: str = ""
    """Network address, for the audit log."""


class Call:
    """Providers use `call_id`, `name`, `args`, `caller`, `timeout`, and `done`, `fail` or `tell`, however late."""

    __slots__ = (
        "_calls",
        "args",
        "asked",
        "asker",
        "asker_id",
        "began",
        "call_id",
        "deadline",
        "depth",
        "ends",
        "function",
        "held_until",
        "limit",
        "outcome",
        "placed",
        "sent",
        "size",
        "state",
        "watchers",
        "within",
    )

    def __init__(
        self,
        calls: Calls,
        *,
        call_id: str,
        asker_id: str,
        asker: Asker,
        function: Function,
        args: dict[str, Any],
        asked: bytes,
        began: float,
        limit: float,
        within: Call | None,
        depth: int,
    ) -> None:
        self._calls = calls
        self.call_id = call_id
        """The hub's own id."""
        self.asker_id = asker_id
        """The id under which the caller knows it."""
        self.asker = asker
        self.function = function
        self.args = args
        self.asked = asked
        """What tells a repetition from another call under the same id; empty where it has no id of the caller's."""
        self.began = began
        self.deadline = began + limit
        self.limit = limit
        self.within = within
        """The call in the course of which this one is made, while that is open."""
        self.depth = depth
        """How many calls it is made in."""
        self.state: CallState = "queued"
        self.outcome: FunctionResult | None = None
        self.size = 0
        """Of the result, in bytes."""
        self.held_until: float | None = None
        """It is done, but its place is taken until then."""
        self.placed = False
        """It has a place; not so a call in the course of one that has, of the same places."""
        self.sent = False
        """The provider was told to begin."""
        self.watchers: tuple[Session, ...] = ()
        """Who gets the result as an event."""
        self.ends: list[tuple[Session | None, Callable[[FunctionResult], None]]] = []
        """Who gets it otherwise, and where their progress goes."""

    @property
    def name(self) -> str:
        """The function's own name."""
        return self.function.spec.name

    @property
    def caller(self) -> Caller:
        """Who calls."""
        return self.asker.caller

    @property
    def timeout(self) -> float:
        """Seconds that are left."""
        return max(0.0, self.deadline - self._calls.now())

    def done(self, result: Any) -> None:
        """The provider has carried it out."""
        self._calls.provider_said(self, result, None)

    def fail(self, error: TavernlinkError) -> None:
        """The provider could not do it."""
        self._calls.provider_said(self, None, ErrorInfo.of(error))

    def tell(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Say how far it is; `call_id` is filled in."""
        told = FunctionProgress(
            call_id=self.asker_id, progress=progress, total=total, message=message and message[:10_000]
        )
        self._calls.tell(self, told)

    def is_within(self, places: Any) -> bool:
        """True if a call that this one is made in holds one of these places."""
        outer = self.within
        while outer is not None:
            if outer.function.places is places and outer.state == "running":
                return True
            outer = outer.within
        return False
