"""What an app remembers of its session with the hub: who it is, and how many events it has received.

Counting is implicit: neither side writes numbers on events, each counts those that it receives. On reconnect the app
names its session and its count, and the hub sends what came after. Below `connection`; no I/O and no clock here.
"""

from __future__ import annotations

import msgspec

from tavernlink.protocol.catalogue import UNCOUNTED
from tavernlink.protocol.session import Auth, Limits, Resume, Welcome

__all__ = ["Session"]

_LIMITS = Limits(max_payload=1_000_000, session_seconds=60.0, confirm_every=100)
"""Used where a hub names none."""


class Session:
    """One app's session, over any number of lines."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth
        self.id: str | None = None
        """The session's id; None before the first `welcome`."""
        self.app_id: str | None = auth.id
        self.received = 0
        """Events received in this session."""
        self.limits = _LIMITS
        self._confirmed = 0

    def hello(self) -> Auth:
        """Return the connect payload for the next line."""
        if self.id is None:
            return self._auth
        resume = Resume(session=self.id, count=self.received)
        return msgspec.structs.replace(self._auth, id=self.app_id, resume=resume)

    def receive_welcome(self, welcome: Welcome) -> bool:
        """Take over what the hub says; False when an earlier session was lost with all that belonged to it."""
        had_one = self.id is not None
        if not welcome.resumed:
            self.received = self._confirmed = 0
        self.id, self.app_id = welcome.session, welcome.id
        self.limits = welcome.limits or _LIMITS
        return welcome.resumed or not had_one

    def receive_event(self, type_: str) -> bool:
        """Count an event; True when it is time to confirm."""
        if type_ in UNCOUNTED:
            return False
        self.received += 1
        return self.received - self._confirmed >= self.limits.confirm_every

    def confirm(self) -> int:
        """Return the count to confirm, and remember that it was."""
        self._confirmed = self.received
        return self.received
