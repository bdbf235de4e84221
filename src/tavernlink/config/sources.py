"""Where settings come from: defaults, then `tavernlink.toml` in the data folder, `TAVERNLINK_*`, the command line.

A name that does not exist or a value that does not fit is an error that names where it stands.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_origin, get_type_hints

import msgspec

from tavernlink.config.settings import Settings, SettingsError

__all__ = ["FILE_NAME", "Loaded", "Source", "Sources", "load_settings"]

FILE_NAME = "tavernlink.toml"
_ENV = "TAVERNLINK_"

Source = Literal["default", "file", "environment", "command line"]


class Loaded(NamedTuple):
    """What one reading of the sources gave."""

    settings: Settings
    sources: Mapping[str, Source]
    """Setting → what decided it."""


class Sources:
    """The places that settings of one process come from. The file may change; the others do not."""

    def __init__(
        self, overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        """`overrides` (from the command line) go before everything; None in it counts as not given."""
        self._environment = _from_environment(os.environ if environ is None else environ)
        self._given = {name: value for name, value in (overrides or {}).items() if value is not None}
        self.data_dir = Path(
            self._given.get("data_dir") or self._environment.get("data_dir") or Settings().data_dir
        )

    @classmethod
    def fixed(cls, settings: Settings) -> Sources:
        """Return sources that give these settings; what is at its default, a file may still say."""
        default = msgspec.structs.asdict(Settings())
        changed = {
            name: value
            for name, value in msgspec.structs.asdict(settings).items()
            if value != default[name] or name == "data_dir"
        }
        return cls(changed, {})

    @property
    def file(self) -> Path:
        """Where the settings file is, or would be."""
        return self.data_dir / FILE_NAME

    def read(self, text: str | None = None) -> Loaded:
        """Read everything anew; `text` stands for the file's. Raises `SettingsError`."""
        file = _parse(text, self.file) if text is not None else _from_file(self.file)
        merged = {**file, **self._environment, **self._given, "data_dir": self.data_dir}
        try:
            settings = msgspec.convert(merged, Settings, strict=False, dec_hook=_to_path)
        except msgspec.ValidationError as error:
            raise SettingsError(f"The settings do not fit: {error}.") from None
        settings.check()
        return Loaded(settings, {name: self._source(name, file) for name in Settings.__struct_fields__})

    def _source(self, name: str, file: Mapping[str, Any]) -> Source:
        if name in self._given:
            return "command line"
        if name in self._environment:
            return "environment"
        return "file" if name in file else "default"


def load_settings(
    overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None
) -> Settings:
    """Return the settings, as `Sources(…).read()` finds them. Raises `SettingsError`."""
    return Sources(overrides, environ).read().settings


def _to_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"settings have no type {kind}")


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"Cannot read the settings file {path}: {error}.") from None
    return _parse(text, path)


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"Cannot read the settings file {path}: {error}.") from None
    unknown = set(found) - set(Settings.__struct_fields__)
    if unknown:
        raise SettingsError(
            f"The settings file {path} names {', '.join(sorted(unknown))}, which no setting is called."
        )
    return found


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    kinds = get_type_hints(Settings)
    for name in Settings.__struct_fields__:
        value = environ.get(_ENV + name.upper())
        if value is not None:
            is_list = get_origin(kinds[name]) is list
            found[name] = [part.strip() for part in value.split(",") if part.strip()] if is_list else value
    return found
