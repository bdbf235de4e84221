"""Where a SillyTavern is on this machine: folders in the usual places, and servers that answer on the usual ports."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx

from tavernlink.errors import NotFound
from tavernlink.up.sillytavern import SillyTavernFolder

__all__ = ["PORTS", "find_folders", "find_servers"]

PORTS = (8000, 8010, 8080)
_NAMES = (
    "SillyTavern",
    "sillytavern",
    "SillyTavern-release",
    "SillyTavern-staging",
    "SillyTavern-Launcher/SillyTavern",
)
_BELOW_HOME = (
    "",
    "Documents",
    "Desktop",
    "Downloads",
    "Games",
    "apps",
    "git",
    "src",
    "AI",
    "OneDrive/Desktop",
)
_SECONDS = 2.0


def find_folders(home: Path | None = None, here: Path | None = None) -> list[SillyTavernFolder]:
    """Return every SillyTavern in the usual places, the likeliest first."""
    found: dict[Path, SillyTavernFolder] = {}
    for place in _places(home or Path.home(), here or Path.cwd()):
        try:
            folder = SillyTavernFolder(place)
        except (NotFound, OSError):
            continue
        found.setdefault(folder.path, folder)
    return list(found.values())


def _places(home: Path, here: Path) -> Iterator[Path]:
    yield from (here, here.parent)
    roots = [here, here.parent, *(home / below for below in _BELOW_HOME), *_roots()]
    for root in roots:
        for name in _NAMES:
            yield root / name


def _roots() -> Iterator[Path]:
    """Folders outside the home folder in which people put programs."""
    if sys.platform == "win32":
        drives = [f"{letter}:/" for letter in "CDEF"]
        programs = [os.environ.get(name) for name in ("PROGRAMFILES", "LOCALAPPDATA", "PUBLIC")]
        yield from (Path(place) for place in [*drives, *programs] if place)
    else:
        yield from (Path("/opt"), Path("/srv"))


async def find_servers(ports: Sequence[int] = PORTS) -> list[str]:
    """Return the addresses on this machine at which a SillyTavern answers."""
    async with httpx.AsyncClient(timeout=_SECONDS, trust_env=False) as http:
        answers = await asyncio.gather(*(_is_sillytavern(http, f"http://127.0.0.1:{port}") for port in ports))
    return [address for address in answers if address is not None]


async def _is_sillytavern(http: httpx.AsyncClient, address: str) -> str | None:
    try:
        answer = await http.get(f"{address}/")
    except httpx.HTTPError:
        return None
    asks_password = "sillytavern" in answer.headers.get("www-authenticate", "").lower()
    return address if asks_password or "SillyTavern" in answer.text[:4_000] else None
