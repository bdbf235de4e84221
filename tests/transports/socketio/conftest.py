"""Fixtures for tests with python-socketio's client."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Iterator

import pytest


@pytest.fixture
def stock_client_leftovers() -> Iterator[None]:
    """The stock client leaves aiohttp connections that its server dropped to the garbage collector: collect them
    here, so that their warning is not laid at another test's door."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
