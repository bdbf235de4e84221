"""The trace that a message belongs to (W3C Trace Context), for as long as the message is being taken in."""

from __future__ import annotations

from contextvars import ContextVar

import msgspec

__all__ = ["TRACEPARENT", "traceparent_of"]

TRACEPARENT: ContextVar[str | None] = ContextVar("tavernlink_traceparent", default=None)
"""Set by the HTTP entrance from the header, and by the runtime from a message's field."""

_ASKS = frozenset({"chat.send", "chat.edit", "chat.delete", "command.run", "generate"})
_LONGEST = 100


class _Carrier(msgspec.Struct):
    traceparent: str | None = None


_decode = msgspec.json.Decoder(_Carrier).decode


def traceparent_of(type_: str, content: bytes | msgspec.Raw) -> str | None:
    """Return the field `traceparent` of a message that becomes a request; it is no part of what is asked."""
    if type_ not in _ASKS or b'"traceparent"' not in bytes(content):
        return None
    try:
        found = _decode(content).traceparent
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None  # the hub will say what is wrong with it
    return found if found is not None and len(found) <= _LONGEST else None
