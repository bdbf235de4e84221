"""Messages about the pool: which tavern does what no tavern was named for."""

from __future__ import annotations

from typing import Literal

from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = ["PinInfo", "PoolGet", "PoolInfo", "PoolPin", "PoolTavern"]


class PoolGet(Message):
    """app → hub, ack: PoolInfo."""


class PinInfo(Message):
    """A character whose requests go to one tavern."""

    character: Name
    """Id or name; `*`: everything without a pin of its own."""
    tavern: Id
    """Id or name. While it is not there the pin holds nothing up."""


class PoolTavern(Message, omit_defaults=False):
    """How busy a tavern is."""

    tavern: Id
    name: Name
    online: bool
    queued: Count
    running: Count


class PoolInfo(Message, omit_defaults=False):
    """The pool as it is now."""

    policy: Literal["least_loaded", "random", "pinned", "broadcast"]
    """The setting `pool_policy`."""
    pins: list[PinInfo]
    taverns: list[PoolTavern]


class PoolPin(Message):
    """app → hub, ack: PoolInfo. Admins only. Without a tavern, the pin is taken away."""

    character: Name = "*"
    tavern: Id | None = None
