"""The chat mirror: the hub's revisioned copy of a tavern's open chat.

The hub numbers the revisions and never goes back, also over reconnects, so a revision names one state for as long as
the tavern is known.
"""

from __future__ import annotations

from collections import deque

import msgspec

from tavernlink.errors import BadMessage, Conflict
from tavernlink.protocol.chat import ChatMessage, ChatOp, ChatUpdate, ChatView

__all__ = ["ChatMirror"]

_KEPT_OPS = 500  # operations that `since` can answer with
_MOST_MESSAGES = 50_000
_MOST_BYTES = 64 << 20


class ChatMirror:
    """Messages of one open chat."""

    def __init__(self) -> None:
        self.chat_id: str | None = None
        self.revision = 0
        self.loading = False
        self.messages: list[ChatMessage] = []
        self._bytes = 0
        self._log: deque[tuple[int, ChatOp]] = deque(maxlen=_KEPT_OPS)
        """(revision that it led to, operation)."""

    def apply(self, update: ChatUpdate) -> None:
        """Carry out a tavern's update. Raises `BadMessage` where it does not fit; the mirror is then unchanged."""
        messages, size = self.messages.copy(), self._bytes
        for place, op in enumerate(update.ops):
            if op.op == "reset":
                messages, size = [], 0
            else:
                size += _carry_out(messages, op, f"$.ops[{place}]")
        if len(messages) > _MOST_MESSAGES or size > _MOST_BYTES:
            raise BadMessage(
                "too_large", f"A mirrored chat may have {_MOST_MESSAGES} messages and {_MOST_BYTES} bytes."
            )
        self.messages = messages
        self._bytes = size
        self.chat_id = update.chat_id
        self.loading = update.loading
        self.revision += 1
        self._log.extend((self.revision, op) for op in update.ops)

    def check(self, revision: int | None) -> None:
        """Raise `stale_revision` unless the caller named none or the present one."""
        if revision is not None and revision != self.revision:
            raise Conflict(
                "stale_revision",
                f"The chat is at revision {self.revision}, not {revision}: it changed since. Fetch it again.",
                {"revision": self.revision},
            )

    def view(self, tavern: str, *, since: int | None, before: int | None, limit: int) -> ChatView:
        """Return a page of messages, or the operations since a revision where they are still known."""
        ops = self._since(since) if since is not None else None
        end = len(self.messages) if before is None else min(before, len(self.messages))
        start = max(0, end - limit)
        page = [] if ops is not None else self.messages[start:end]
        return ChatView(
            tavern=tavern,
            chat_id=self.chat_id,
            revision=self.revision,
            total=len(self.messages),
            messages=[
                msgspec.structs.replace(message, index=start + place) for place, message in enumerate(page)
            ],
            ops=ops,
            loading=self.loading,
        )

    def _since(self, since: int) -> list[ChatOp] | None:
        if since == self.revision:
            return []
        if since > self.revision or not self._log or self._log[0][0] > since + 1:
            return None
        if len(self._log) == _KEPT_OPS and self._log[0][0] == since + 1:
            return None  # the first update after `since` may be here only in part
        return [op for revision, op in self._log if revision > since]


def _carry_out(messages: list[ChatMessage], op: ChatOp, path: str) -> int:
    """Change `messages`; return by how many bytes, roughly, they grew."""
    if op.op == "remove":
        if op.index >= len(messages):
            raise _misfit(op, path, len(messages))
        return -_weight(messages.pop(op.index))
    if op.message is None:
        raise BadMessage("invalid_message", f"{op.op!r} needs a message (at {path}.message).")
    if op.op == "insert":
        if op.index > len(messages):
            raise _misfit(op, path, len(messages))
        messages.insert(op.index, op.message)
        return _weight(op.message)
    if op.index >= len(messages):
        raise _misfit(op, path, len(messages))
    old, messages[op.index] = messages[op.index], op.message
    return _weight(op.message) - _weight(old)


def _weight(message: ChatMessage) -> int:
    return 200 + 2 * (len(message.text) + len(message.reasoning or ""))


def _misfit(op: ChatOp, path: str, length: int) -> BadMessage:
    return BadMessage(
        "invalid_message",
        f"{op.op!r} at index {op.index} does not fit a chat of {length} messages (at {path}.index).",
    )
