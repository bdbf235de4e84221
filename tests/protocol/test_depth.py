"""JSON that is nested so deep that reading it would overflow the stack is bad input, not a failure of the hub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tavernlink.errors import BadMessage
from tavernlink.protocol.chatbridge import decode_bridge_frame
from tavernlink.protocol.codec import decode_content, decode_frame

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "read",
    [
        lambda: decode_content("generate", b'{"params":{"x":' + DEEP + b"}}"),
        lambda: decode_frame(b'{"type":"generate","content":' + DEEP + b"}"),
        lambda: decode_bridge_frame(b'{"type":"chat_history","content":' + DEEP + b"}"),
    ],
    ids=["content", "frame", "chatbridge"],
)
def test_json_that_is_nested_too_deep_is_refused(read: Callable[[], Any]) -> None:
    with pytest.raises(BadMessage) as caught:
        read()
    assert caught.value.code == "invalid_json"
