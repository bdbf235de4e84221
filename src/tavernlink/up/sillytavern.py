"""A SillyTavern installation on disk, as far as installing an extension must know it."""

from __future__ import annotations

import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tavernlink.errors import Conflict, NotFound

__all__ = ["DEFAULT_USER", "FOLDER", "Installed", "SillyTavernFolder", "copy_into_place", "remove"]

FOLDER = "tavernlink"
"""The extension's folder name; SillyTavern's own "Install extension" takes the repository's name, which is the same."""

DEFAULT_USER = "default-user"

_DATA_ROOT = re.compile(
    r"""^dataRoot:\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<plain>[^#\n]*?))\s*(?:#.*)?$""",
    re.MULTILINE,
)


class Installed(NamedTuple):
    """One place where the extension is installed."""

    path: Path
    user: str | None
    """None: for all users."""
    version: str


class SillyTavernFolder:
    """The folder that holds SillyTavern's `server.js`. Raises `NotFound` where it does not."""

    def __init__(self, path: Path, data_root: Path | None = None) -> None:
        self.path = path.expanduser().resolve()
        package = _read_json(self.path / "package.json")
        if package.get("name") != "sillytavern" or not (self.path / "server.js").is_file():
            raise NotFound(
                "unknown_path",
                f"{self.path} is not a SillyTavern folder: it has no server.js with SillyTavern's package.json. "
                "Name the folder in which you start SillyTavern.",
            )
        self.version = str(package.get("version", "unknown"))
        self.data_root = data_root.expanduser().resolve() if data_root else self._find_data_root()

    def _find_data_root(self) -> Path:
        """Return the data root as SillyTavern finds it: environment, config.yaml, ./data."""
        written = os.environ.get("SILLYTAVERN_DATAROOT")
        config = self.path / "config.yaml"
        if not written and config.is_file():
            match = _DATA_ROOT.search(config.read_text("utf-8", errors="replace"))
            written = next(filter(None, match.groups()), None) if match else None
        return (self.path / Path(written or "data").expanduser()).resolve()

    def users(self) -> list[str]:
        """Names of the users that have a folder in the data root."""
        if not self.data_root.is_dir():
            return []
        return sorted(each.name for each in self.data_root.iterdir() if (each / "settings.json").is_file())

    def place_for_all(self) -> Path:
        """Where the extension of all users lies."""
        return self.path / "public" / "scripts" / "extensions" / "third-party" / FOLDER

    def place_for(self, user: str) -> Path:
        """Where one user's extension lies. Raises `NotFound` for a user that SillyTavern does not have."""
        if user not in self.users():
            known = ", ".join(self.users())
            raise NotFound(
                "unknown_path",
                f"SillyTavern has no user {user!r} in {self.data_root}. "
                + (
                    f"It has: {known}."
                    if known
                    else "Start SillyTavern once, so that it makes its data folder. "
                )
                + ("" if known else "If its data is elsewhere, name it with --data-root."),
            )
        return self.data_root / user / "extensions" / FOLDER

    def installed(self) -> Iterator[Installed]:
        """Every place where the extension is."""
        places: list[tuple[str | None, Path]] = [(None, self.place_for_all())]
        places += [(user, self.place_for(user)) for user in self.users()]
        for user, path in places:
            manifest = _read_json(path / "manifest.json")
            if manifest:
                yield Installed(path, user, str(manifest.get("version", "unknown")))


def copy_into_place(source: Path, target: Path) -> None:
    """Put a copy of `source` at `target` in one step; whatever was there is replaced, or stays if that fails.

    The copy is made beside the folder of extensions, never in it: SillyTavern would load a half copy.
    Raises `Conflict` where the target holds something else, and `OSError`.
    """
    if target.exists() and not _is_ours(target):
        raise Conflict(
            "folder_in_use", f"{target} holds something that is not Tavernlink. Move it away, then try again."
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.parent.parent / f".{FOLDER}-{uuid.uuid4().hex[:8]}"
    new, old = aside / "new", aside / "old"
    try:
        shutil.copytree(source, new)
        if target.exists():
            target.rename(old)
        try:
            new.rename(target)
        except OSError:
            if old.exists():
                old.rename(target)
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def remove(target: Path) -> None:
    """Take the extension away in one step. Raises `OSError`."""
    aside = target.parent.parent / f".{FOLDER}-{uuid.uuid4().hex[:8]}"
    target.rename(aside)
    shutil.rmtree(aside, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return "tavernlink" in str(_read_json(folder / "manifest.json").get("display_name", "")).lower()


def _read_json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text("utf-8-sig"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}
