"""SillyTavern from npm, in the cache: the program, and a data folder in which the slow first start is done already."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tavernlink.demo.cache import cache_dir, locked
from tavernlink.demo.errors import DemoError
from tavernlink.demo.process import ChildProcess, log_tail

__all__ = ["OLDER", "VERSION", "Progress", "find_node", "install", "installed_folder"]

VERSION = "1.19.0"
"""The SillyTavern that the demo and the tests run on. This is the one place that names it."""

OLDER = ("1.18.0", "1.17.0")
"""The two releases before it on npm: a part of the commands is tested on them, too."""

_NODE_MAJOR = 20
_INSTALL_SECONDS = 600.0
_STILL_SECONDS = 10.0

Progress = Callable[[str], None]
"""Called with one short line of text at each step."""


def installed_folder(version: str = VERSION) -> Path:
    """Where this version is, or will be: the folder that holds `server.js`."""
    return _version_folder(version) / "program" / "node_modules" / "sillytavern"


def _version_folder(version: str) -> Path:
    return cache_dir() / "sillytavern" / version


def find_node(name: str = "node") -> str:
    """The path of `node` or `npm`. Raises DemoError `node_missing`."""
    found = shutil.which(name)
    if found is None:
        raise DemoError("node_missing")
    return found


async def install(version: str = VERSION, *, progress: Progress) -> Path:
    """Make sure that this version is in the cache and return its folder; at once when it is. About a minute otherwise.

    Raises DemoError `node_missing` or `install_failed`.
    """
    folder = installed_folder(version)
    if _is_whole(folder):
        return folder
    await _check_node()
    home = _version_folder(version)
    async with locked(
        home.with_name(f"{version}.lock"),
        waiting=lambda: progress("Another run is installing SillyTavern; waiting …"),
    ):
        if not _is_whole(folder):
            await _npm_install(version, home, progress)
    return folder


def _is_whole(folder: Path) -> bool:
    """Tell whether it is there with its dependencies inside its own folder.

    Older caches have them beside it, where SillyTavern may not read the files with which it decodes pictures.
    """
    return (folder / "server.js").is_file() and (folder / "node_modules").is_dir()


async def _npm_install(version: str, home: Path, progress: Progress) -> None:
    progress(f"Installing SillyTavern {version} from npm (once, about a minute) …")
    started = time.monotonic()
    log = home / "npm.log"
    # Into a side folder first: what is at the final path is always complete.
    partial = await asyncio.to_thread(_side_folder, home, log)
    try:
        npm = await ChildProcess.start(
            [
                find_node("npm"),
                "install",
                f"sillytavern@{version}",
                "--omit=dev",
                # SillyTavern reads its dependencies' files only inside its own folder.
                "--install-strategy=shallow",
                "--no-audit",
                "--no-fund",
                "--no-package-lock",
                "--loglevel=warn",
            ],
            cwd=partial,
            log=log,
        )
        try:
            while (code := await npm.wait(_STILL_SECONDS)) is None:
                elapsed = time.monotonic() - started
                progress(f"  still installing SillyTavern ({elapsed:.0f} s)")
                if elapsed > _INSTALL_SECONDS:
                    break
        finally:
            await npm.stop()
        if code != 0 or not (partial / "node_modules" / "sillytavern" / "server.js").is_file():
            reason = "npm took too long" if code is None else f"npm ended with status {code}"
            raise DemoError(
                "install_failed",
                f"SillyTavern {version} could not be installed: {reason}. Check the network and the npm registry "
                f"(`npm ping`), then try again. The end of {log}:\n{log_tail(log)}",
            )
        await asyncio.to_thread(_replace, partial, home / "program")
    finally:
        await asyncio.to_thread(shutil.rmtree, partial, ignore_errors=True)
    progress(f"SillyTavern {version} is installed ({time.monotonic() - started:.0f} s).")


def _side_folder(home: Path, log: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="partial-", dir=home))
    (partial / "package.json").write_text('{"private": true}', "utf-8")
    return partial


def _replace(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)
    # What the program before it compiled names files of that one's own.
    for stale in target.parent.glob("template-*"):
        shutil.rmtree(stale, ignore_errors=True)


async def _check_node() -> None:
    process = await asyncio.create_subprocess_exec(find_node(), "--version", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    version = output.decode().strip()
    major = version.removeprefix("v").split(".")[0]
    if not (major.isdecimal() and int(major) >= _NODE_MAJOR):
        raise DemoError(
            "node_missing",
            f"SillyTavern needs Node.js {_NODE_MAJOR} or newer; `node` here is {version or 'broken'}.",
        )
    if os.name == "nt" and not shutil.which("npm"):
        raise DemoError("node_missing")
