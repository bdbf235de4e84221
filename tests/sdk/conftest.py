"""Fixtures of the SDK's tests."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest

from tests.sdk.scripted_hub import ScriptedHub


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedHub]:
    async with ScriptedHub() as hub:
        yield hub


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
