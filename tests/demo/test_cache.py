"""The cache folder and its lock between processes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tavernlink.demo.cache import cache_dir, locked

HOLDER = """
import asyncio, sys
from pathlib import Path
from tavernlink.demo.cache import locked
async def main():
    async with locked(Path(sys.argv[1])):
        print("held", flush=True)
        sys.stdin.read()
asyncio.run(main())
"""


def test_the_variable_names_the_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TAVERNLINK_CACHE", str(tmp_path))
    assert cache_dir() == tmp_path
    monkeypatch.delenv("TAVERNLINK_CACHE")
    assert cache_dir().name == "tavernlink"


async def test_a_lock_that_another_process_holds_is_waited_for_and_falls_with_that_process(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "new" / "lock"
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, str(lock), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert holder.stdout
    assert await asyncio.wait_for(holder.stdout.readline(), 20) == b"held\n"
    waits = 0

    def count() -> None:
        nonlocal waits
        waits += 1
        holder.kill()

    async with asyncio.timeout(20), locked(lock, waiting=count):
        assert waits == 1
    await holder.communicate()


async def test_a_free_lock_is_taken_at_once(tmp_path: Path) -> None:
    for _ in range(2):
        async with locked(tmp_path / "lock", waiting=lambda: pytest.fail("nobody holds it")):
            pass
