"""Installing SillyTavern: once, whole or not at all, and with an error that says what to do."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tavernlink.demo.errors import DemoError
from tavernlink.demo.install import install, installed_folder

pytestmark = pytest.mark.skipif(
    sys.platform == "win32", reason="the stand-ins for node and npm are shell scripts"
)

WORKING_NPM = """
echo "$@" >> "{calls}"
mkdir -p node_modules/sillytavern/node_modules
echo "// server" > node_modules/sillytavern/server.js
"""
BROKEN_NPM = """
echo "npm error code ENOTFOUND" >&2
exit 7
"""


class Machine:
    """A machine with stand-ins for `node` and `npm`, and a cache of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.calls = root / "calls"
        self.said: list[str] = []
        (root / "bin").mkdir()

    def has(self, name: str, script: str) -> None:
        program = self.root / "bin" / name
        program.write_text(f"#!/bin/sh\n{script.format(calls=self.calls)}\n", "utf-8")
        program.chmod(0o755)

    async def install(self) -> Path:
        return await install("9.9.9", progress=self.said.append)

    def npm_runs(self) -> list[str]:
        return self.calls.read_text("utf-8").splitlines() if self.calls.exists() else []

    def leftovers(self) -> list[Path]:
        return list((self.root / "cache").rglob("partial-*"))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("TAVERNLINK_CACHE", str(tmp_path / "cache"))
    made = Machine(tmp_path)
    made.has("node", "echo v20.11.0")
    made.has("npm", WORKING_NPM)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    return made


async def test_it_is_installed_once_and_found_the_next_time(machine: Machine) -> None:
    folder = await machine.install()
    assert folder == installed_folder("9.9.9")
    assert (folder / "server.js").is_file()
    assert [call.split()[:2] for call in machine.npm_runs()] == [["install", "sillytavern@9.9.9"]]
    assert "Installing SillyTavern 9.9.9" in machine.said[0]
    machine.said.clear()
    assert await machine.install() == folder
    assert (len(machine.npm_runs()), machine.said, machine.leftovers()) == (1, [], [])


async def test_two_at_once_install_once(machine: Machine) -> None:
    assert len(set(await asyncio.gather(machine.install(), machine.install()))) == 1
    assert len(machine.npm_runs()) == 1


async def test_a_failed_npm_leaves_nothing_and_shows_what_npm_said(machine: Machine) -> None:
    machine.has("npm", BROKEN_NPM)
    with pytest.raises(DemoError) as caught:
        await machine.install()
    assert caught.value.code == "install_failed"
    assert "npm ended with status 7" in caught.value.message
    assert "ENOTFOUND" in caught.value.message
    assert not installed_folder("9.9.9").exists()
    assert machine.leftovers() == []
    machine.has("npm", WORKING_NPM)
    assert (await machine.install()).is_dir()


async def test_an_npm_that_installs_nothing_is_a_failure(machine: Machine) -> None:
    machine.has("npm", "exit 0")
    with pytest.raises(DemoError, match="could not be installed"):
        await machine.install()


async def test_an_old_node_is_named(machine: Machine) -> None:
    machine.has("node", "echo v18.19.0")
    with pytest.raises(DemoError, match=r"20 or newer; `node` here is v18\.19\.0"):
        await machine.install()
    assert machine.npm_runs() == []


async def test_without_node_the_error_says_where_to_get_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(machine.root / "nowhere"))
    with pytest.raises(DemoError, match=r"nodejs\.org"):
        await machine.install()
