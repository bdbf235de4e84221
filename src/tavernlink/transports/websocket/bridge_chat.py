"""What changed between two whole chats: the ChatBridge dialect sends all of it each time, the mirror wants steps.

Pure functions; the steps are those of `protocol.chat.ChatOp`.
"""

from __future__ import annotations

from collections.abc import Sequence

from tavernlink.errors import BadMessage
from tavernlink.protocol.chat import ChatMessage, ChatOp

__all__ = ["apply_ops", "chat_ops"]


def chat_ops(old: Sequence[ChatMessage], new: Sequence[ChatMessage]) -> list[ChatOp]:
    """Return the steps from `old` to `new`; a `reset` first where they have neither beginning nor end in common."""
    start = 0
    shorter = min(len(old), len(new))
    while start < shorter and old[start] == new[start]:
        start += 1
    tail = 0
    while tail < shorter - start and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    if not start and not tail:
        return [] if not old and not new else [ChatOp(op="reset"), *_inserts(new, 0, len(new))]
    gone, come = len(old) - start - tail, len(new) - start - tail
    kept = min(gone, come)
    return [
        *(ChatOp(op="replace", index=place, message=new[place]) for place in range(start, start + kept)),
        *(ChatOp(op="remove", index=start + kept) for _ in range(gone - kept)),
        *_inserts(new, start + kept, start + come),
    ]


def _inserts(messages: Sequence[ChatMessage], start: int, end: int) -> list[ChatOp]:
    return [ChatOp(op="insert", index=place, message=messages[place]) for place in range(start, end)]


def apply_ops(messages: list[ChatMessage], ops: Sequence[ChatOp]) -> None:
    """Carry out steps in place. Raises `BadMessage` where they do not fit."""
    for op in ops:
        if op.op == "reset":
            messages.clear()
        elif op.op == "remove" and op.index < len(messages):
            del messages[op.index]
        elif op.op == "insert" and op.index <= len(messages) and op.message is not None:
            messages.insert(op.index, op.message)
        elif op.op == "replace" and op.index < len(messages) and op.message is not None:
            messages[op.index] = op.message
        else:
            raise BadMessage("invalid_message", "A step does not fit the chat that it is for.")
