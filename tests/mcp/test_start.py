"""The official SDK takes a second to import, which the hub's start must not pay."""

from __future__ import annotations

import subprocess
import sys

import pytest

_LOOK = """
import sys
import tavernlink.app
print(sorted({name.partition(".")[0] for name in sys.modules} & {"mcp", "mcp_types", "pydantic", "starlette"}))
"""


@pytest.mark.timeout(90)
def test_the_hub_starts_without_the_sdk() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _LOOK], capture_output=True, text=True, timeout=80, check=True
    )
    assert ran.stdout == "[]\n"
