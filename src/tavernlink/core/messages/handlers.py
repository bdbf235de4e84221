"""The two shapes of a handler: for what a tavern tells, and for what a peer asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tavernlink.core.peers.peer import Tavern
from tavernlink.core.seams import Ack

__all__ = ["Asked", "Published"]

Published = Callable[[Tavern, Any], None]
"""Takes what a tavern told; there is nothing to answer."""

Asked = Callable[[Any, Any, Ack], None]
"""Takes a peer (an `App`, a `Tavern`, or either: as the catalogue says who sends the type), its message and where the
outcome goes. Acks exactly once, now or later, or raises."""
