"""What a function learns of the call that it carries out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from tavernlink.protocol.functions import Caller

if TYPE_CHECKING:
    from tavernlink.sdk.hub import Hub
    from tavernlink.sdk.sync import SyncHub

__all__ = ["CURRENT_CALL", "Context"]

CURRENT_CALL: Final[ContextVar[str | None]] = ContextVar("tavernlink_call", default=None)
"""The hub's id of the call that is being carried out here; a call made in its course names it as its parent."""


class Context:
    """One call. A parameter with this type hint (or without one, called `ctx`) gets it; callers do not see it."""

    def __init__(
        self,
        *,
        call_id: str,
        name: str,
        caller: Caller,
        timeout: float,
        tell: Callable[[float, float | None, str | None], None],
        hub: Callable[[], Hub],
        sync_hub: Callable[[], SyncHub],
    ) -> None:
        self.call_id = call_id
        self.name = name
        """The function's."""
        self.caller = caller
        """Kind, id, name and role of whoever calls; the hub vouches for it."""
        self.timeout = timeout
        """Seconds that there were when it began."""
        self._tell = tell
        self._hub = hub
        self._sync_hub = sync_hub
        self._cancelled = threading.Event()

    def progress(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Tell the caller how far it is; from any thread."""
        self._tell(progress, total, message)

    @property
    def cancelled(self) -> bool:
        """Nobody waits any more: cancelled, or the time is over. An async function is cancelled by itself."""
        return self._cancelled.is_set()

    def wait_cancelled(self, seconds: float) -> bool:
        """For functions that are not async: sleep, but wake when nobody waits any more; True: so it is."""
        return self._cancelled.wait(seconds)

    @property
    def hub(self) -> Hub:
        """The hub, for async functions."""
        return self._hub()

    @property
    def sync_hub(self) -> SyncHub:
        """The hub, for functions that are not async."""
        return self._sync_hub()

    def cancel(self) -> None:
        """Nobody waits any more; for whoever runs the function."""
        self._cancelled.set()
