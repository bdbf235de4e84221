"""Keys that stand in files: `keys.d/*.toml` in the data folder, read at the start and whenever one changes.

    [[app]]                               # or [[tavern]], [[viewer]], [[admin]]
    name = "Discord bot"
    key = "a long secret of your own"     # or sha256 = "…", of the whole key: printf %s KEY | sha256sum
    scopes = ["chat:read", "chat:write"]  # these four may be left out
    taverns = ["Home"]
    rooms = ["lounge"]
    expires = 2027-01-31

A file that is broken is told in the log and in the audit log, and what it declared before stays.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import msgspec
import structlog

from tavernlink.core.access.keys import Key, Keyring, digest_of
from tavernlink.core.access.permissions import Role
from tavernlink.core.access.rights import scopes_of
from tavernlink.runtime.stamped import Stamp, stamped

__all__ = ["FOLDER", "DeclaredKeys", "tell"]

FOLDER = "keys.d"
_log = structlog.get_logger("tavernlink.keys")
_LARGEST = 1 << 20  # bytes of one file

_Words = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=200)]], msgspec.Meta(max_length=200)
]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    key: Annotated[str, msgspec.Meta(min_length=24, max_length=400)] | None = None
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-fA-F]{64}$")] | None = None
    scopes: list[str] | None = None
    taverns: _Words | None = None
    rooms: _Words | None = None
    expires: Any = None
    """A date or a moment, as TOML has them."""


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    admin: list[_Entry] = msgspec.field(default_factory=list)
    tavern: list[_Entry] = msgspec.field(default_factory=list)
    app: list[_Entry] = msgspec.field(default_factory=list)
    viewer: list[_Entry] = msgspec.field(default_factory=list)


class DeclaredKeys:
    """The folder, and what of it the keyring has."""

    def __init__(
        self, data_dir: Path, keyring: Keyring, told: Callable[[str, str, str], None] | None = None
    ) -> None:
        """`told` takes what happened (`keys.loaded`, `keys.broken`), the file, and why or which names."""
        self._folder = data_dir / FOLDER
        self._keyring = keyring
        self._told = told or tell
        self._stamps: dict[Path, Stamp] = {}
        self._broken: dict[Path, str] = {}
        """Files that could not be taken over, and why; what they clash with may go."""

    def look(self) -> None:
        """Take over every file that is new, gone or changed since the last look."""
        found = dict(stamped(self._folder, "*.toml"))
        every = [*(self._stamps.keys() - found.keys()), *sorted(found)]
        changed = [path for path in every if found.get(path) != self._stamps.get(path)]
        self._stamps = found
        for path in changed:
            self._broken.pop(path, None)
            self._take(path, is_there=path in found)
        for path in list(self._broken) if changed else ():
            self._take(path, is_there=True)

    def _take(self, path: Path, *, is_there: bool) -> None:
        source = f"{FOLDER}/{path.name}"
        try:
            keys = _read(path) if is_there else []
            self._keyring.declare(source, keys)
        except (OSError, ValueError) as error:  # of TOML, of UTF-8 and of msgspec too
            why = str(error)[:500]
            if self._broken.get(path) != why:
                self._broken[path] = why
                self._told("keys.broken", source, why)
        else:
            self._broken.pop(path, None)
            self._told("keys.loaded", source, ", ".join(key.name for key in keys) or "none")


def _read(path: Path) -> list[Key]:
    if path.stat().st_size > _LARGEST:
        raise ValueError("the file is over 1 MB")
    parsed = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File)
    created = path.stat().st_mtime
    roles: list[tuple[Role, list[_Entry]]] = [
        ("admin", parsed.admin),
        ("tavern", parsed.tavern),
        ("app", parsed.app),
        ("viewer", parsed.viewer),
    ]
    return [_key(role, entry, created) for role, entries in roles for entry in entries]


def _key(role: Role, entry: _Entry, created: float) -> Key:
    if (entry.key is None) == (entry.sha256 is None):
        raise ValueError(f"{entry.name!r} must have either `key` or `sha256`")
    lacking = set(entry.scopes or ()) - scopes_of(role, None)
    if lacking:
        raise ValueError(f"{entry.name!r}: the role {role} has no scope {', '.join(sorted(lacking))}")
    return Key(
        id=f"f-{hashlib.sha256(entry.name.encode()).hexdigest()[:12]}",
        role=role,
        name=entry.name,
        digest=digest_of(entry.key) if entry.key is not None else bytes.fromhex(entry.sha256 or ""),
        created=created,
        expires=_seconds(entry.expires),
        scopes=None if entry.scopes is None else tuple(sorted(entry.scopes)),
        taverns=None if entry.taverns is None else tuple(entry.taverns),
        rooms=None if entry.rooms is None else tuple(entry.rooms),
    )


def _seconds(moment: Any) -> float | None:
    """Return seconds since 1970; a day means its beginning, and what names no zone means this machine's."""
    if moment is None:
        return None
    if not isinstance(moment, dt.date):
        raise ValueError("`expires` must be a date or a moment, as 2027-01-31 without quotes")  # noqa: TRY004
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 (made local in the next line)
    seconds: float = moment.timestamp()
    return seconds


def tell(happening: str, source: str, why: str) -> None:
    """Say in the log what happened to a file."""
    if happening == "keys.broken":
        _log.error(happening, file=source, why=why, kept="what it declared before")
    else:
        _log.info(happening, file=source, names=why)
