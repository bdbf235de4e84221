"""An event on its way to any number of peers: encoded once, written many times.

The JSON of the content is made when it is first needed; each carrier keeps its finished frame in `frames` under its
own name, so the second receiver on the same carrier costs a dictionary look-up and a write.
"""

from __future__ import annotations

from typing import Any

import msgspec

from tavernlink.protocol.message import Message

__all__ = ["Event"]

_encode = msgspec.json.Encoder().encode


class Event:
    """One message with its encodings. Immutable for its users; shared by every receiver and replay buffer."""

    __slots__ = ("content", "frames", "json", "size", "type")

    def __init__(self, type_: str, content: Message) -> None:
        self.type = type_
        self.content = content
        self.json: bytes = _encode(content)
        """The content as UTF-8 JSON."""
        self.size = len(self.json) + len(type_)
        """About what it weighs in a buffer, in bytes."""
        self.frames: dict[str, Any] = {}
        """Carrier name → that carrier's finished frame."""

    def __repr__(self) -> str:
        return f"Event({self.type!r}, {self.json!r})"
