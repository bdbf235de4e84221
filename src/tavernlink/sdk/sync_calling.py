"""A call of a function that is under way, for programs without an event loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tavernlink.sdk.calling import Calling

if TYPE_CHECKING:
    from tavernlink.sdk.sync import SyncHub

__all__ = ["SyncCalling"]


class SyncCalling:
    """`tavernlink.sdk.Calling`, blocking."""

    def __init__(self, hub: SyncHub, calling: Calling) -> None:
        self._hub = hub
        self._calling = calling
        self.call_id = calling.call_id

    def result(self) -> Any:
        """As `Calling.result`."""
        return self._hub.loop.run(self._calling.result())

    def cancel(self) -> None:
        """As `Calling.cancel`."""
        self._hub.loop.run(self._calling.cancel())
