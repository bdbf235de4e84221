"""The settings of a running hub: in effect, re-read when their file changes, edited for an admin.

What can be taken over is, by everybody who asked to be told; what cannot is remembered as needing a restart. A file
that is broken changes nothing but `problem`, which says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec
import structlog

from tavernlink.config import Settings, SettingsError, Sources
from tavernlink.config.changes import AT_START, changed, take_over
from tavernlink.config.described import about, group_of, schema_of
from tavernlink.config.editing import edited, read_text
from tavernlink.config.sources import Source
from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.private_file import write_private

__all__ = ["Configuration", "Setting", "SettingChange"]

_log = structlog.get_logger("tavernlink.settings")
_CUT = "…"
_NAMED = re.compile(r"`(?:\$\.)?(\w+)")


class Setting(msgspec.Struct, kw_only=True, frozen=True):
    """One setting, as an admin sees it."""

    name: str
    value: Any
    """In effect; secrets are cut out."""
    default: Any
    source: Source
    """What decided it: `default`, `file`, `environment` or `command line`. Only the file can be edited here."""
    live: bool
    """True: a change is taken over at once. False: with the next start."""
    restart_needed: bool
    """The sources say something else by now, which counts from the next start on."""
    wanted: Any
    """What the sources say: `value`, unless a restart is needed."""
    editable: bool
    """False: the environment or the command line goes before the file, or it is where the file is."""
    secret: bool
    """Its value is never shown; null: there is none."""
    group: str
    """Where it belongs in a form, e.g. `network`."""
    about: str
    """What it is for."""
    schema: dict[str, Any]
    """JSON Schema of its values."""


class SettingChange(msgspec.Struct, kw_only=True, frozen=True):
    """One setting that would be another."""

    name: str
    before: Any
    after: Any
    live: bool
    """True: at once. False: with the next start."""


class Configuration:
    """What the sources say, and what of it is in effect. Used from one event loop."""

    def __init__(self, sources: Sources) -> None:
        """Read everything for the first time. Raises `SettingsError`."""
        self._sources = sources
        self._stamp = _stamp(sources.file)
        loaded = sources.read()
        self.settings = loaded.settings
        """In effect."""
        self.problem: str | None = None
        """What is wrong with the file, since it was last fit to be read."""
        self._wanted = loaded.settings
        self._from = loaded.sources
        self._listeners: list[Callable[[Settings], None]] = []

    @property
    def file(self) -> Path:
        """The settings file, which need not exist."""
        return self._sources.file

    @property
    def restart_needed(self) -> list[str]:
        """Settings that differ from what is in effect, by name."""
        return sorted(changed(self.settings, self._wanted))

    def source(self, name: str) -> Source:
        """Return what decided a setting."""
        return self._from[name]

    def on_change(self, take: Callable[[Settings], None]) -> None:
        """Hand every later change to `take`."""
        self._listeners.append(take)

    def check(self) -> bool:
        """Read the file again if it is another one than before; True if anything changed."""
        stamp = _stamp(self.file)
        if stamp == self._stamp:
            return False
        self._stamp = stamp
        return self.reload()

    def reload(self) -> bool:
        """Read the file again; a broken one is told in the log. True if anything changed."""
        try:
            return self._take(None)
        except SettingsError as error:
            if self.problem != str(error):
                self.problem = str(error)
                _log.error("settings.broken", why=self.problem, kept="the settings of before")
            return False

    def edit(self, values: Mapping[str, Any]) -> None:
        """Write settings into the file, and go by them. None takes one out of it.

        Raises `BadMessage` where that would not do; then nothing is written.
        """
        text, _ = self._draft(values)
        try:
            write_private(self.file.resolve(), text.encode())
            self._take(text)
        except OSError as error:
            raise TavernlinkError("internal", f"Cannot write {self.file}: {error}.") from None
        self._stamp = _stamp(self.file)

    def preview(self, values: Mapping[str, Any]) -> list[SettingChange]:
        """Return what `edit` with these values would change. Raises `BadMessage` as it does; nothing is written."""
        _, after = self._draft(values)
        return [
            SettingChange(
                name=name,
                before=_shown(name, getattr(self._wanted, name)),
                after=_shown(name, getattr(after, name)),
                live=name not in AT_START,
            )
            for name in Settings.__struct_fields__
            if getattr(after, name) != getattr(self._wanted, name)
        ]

    def may_edit(self, name: str) -> bool:
        """True if what the file says of a setting counts."""
        return name != "data_dir" and self._from[name] in ("default", "file")

    def _draft(self, values: Mapping[str, Any]) -> tuple[str, Settings]:
        """Return the file's text with these values, and the settings that would be."""
        for name in values:
            if name not in Settings.__struct_fields__ or name == "data_dir":
                raise BadMessage(
                    "invalid_message",
                    f"No setting that the file can hold is called {name[:100]!r}.",
                    {"setting": name[:100]},
                )
            if not self.may_edit(name):
                raise BadMessage(
                    "invalid_message",
                    f"`{name}` comes from the {self._from[name]}, which goes before the file. Change it there.",
                    {"setting": name},
                )
        try:
            text = edited(read_text(self.file), values)
            return text, self._sources.read(text).settings
        except (SettingsError, ValueError, TypeError) as error:
            raise BadMessage("invalid_message", str(error), _setting_in(str(error))) from None

    def described(self) -> list[Setting]:
        """Return every setting."""
        pending = changed(self.settings, self._wanted)
        default = Settings()
        return [
            Setting(
                name=name,
                value=_shown(name, getattr(self.settings, name)),
                default=_shown(name, getattr(default, name)),
                source=self._from[name],
                live=name not in AT_START,
                restart_needed=name in pending,
                wanted=_shown(name, getattr(self._wanted, name)),
                editable=self.may_edit(name),
                secret=_is_secret(name),
                group=group_of(name),
                about=about(name),
                schema=schema_of(name),
            )
            for name in Settings.__struct_fields__
        ]

    def _take(self, text: str | None) -> bool:
        loaded = self._sources.read(text)
        if self.problem is not None:
            self.problem = None
            _log.info("settings.mended")
        news = changed(self._wanted, loaded.settings)
        self._wanted, self._from = loaded.settings, loaded.sources
        before, self.settings = self.settings, take_over(self.settings, loaded.settings)
        now, later = changed(before, self.settings), news & AT_START & changed(self.settings, loaded.settings)
        if now:
            _log.info("settings.changed", names=sorted(now))
            for take in self._listeners:
                try:
                    take(self.settings)
                except Exception:  # noqa: BLE001 (one that cannot must not keep the others from it)
                    _log.exception("settings.not_taken_over")
        if later:
            _log.warning("settings.restart_needed", names=sorted(later))
        return bool(now or later)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _setting_in(message: str) -> dict[str, str]:
    """Find the setting that an error is about: where a value does not fit, or the first that is named."""
    for word in _NAMED.findall(message):
        if word in Settings.__struct_fields__:
            return {"setting": word}
    return {}


def _is_secret(name: str) -> bool:
    return "password" in name or "secret" in name


def _shown(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _is_secret(name):
        return _CUT
    if isinstance(value, list | tuple):
        return [_shown(name, each) for each in value]
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value, enc_hook=str)
    if isinstance(value, dict):
        if name in ("env", "headers"):  # of MCP servers, whose keys stand there
            return dict.fromkeys(map(str, value), _CUT)
        return {str(each): _shown(str(each), inner) for each, inner in value.items()}
    if name in ("database_url", "otlp_endpoint", "url"):
        return _without_password(str(value))
    return str(value)


def _without_password(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return _CUT
    if "@" not in parts.netloc and not parts.query:
        return url
    user = parts.username
    host = parts.netloc.rpartition("@")[2]
    netloc = f"{user}:{_CUT}@{host}" if user else host
    return urlunsplit((parts.scheme, netloc, parts.path, _CUT if parts.query else "", ""))
