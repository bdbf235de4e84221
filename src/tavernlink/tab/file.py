"""Reads a file of tabs (`tavernlink tab --config tabs.toml`): what all have in common, `[[tabs]]`, and `[[dialogs]]`.

Secrets need not stand in it: `${NAME}` in a text is a variable of the environment, and each has a `…_file`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from tavernlink.tab.errors import BrowserTabError
from tavernlink.tab.options import TabOptions
from tavernlink.tab.rules import HARMLESS, DialogRule

__all__ = ["folder_of", "parse_basic_auth", "parse_size", "read_secret", "read_tabs"]

_UNITS: Final = {"": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}
_SIZE: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")
_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")
_PLAIN: Final = (
    "url", "hub", "wait_for_key", "account", "character", "chat", "browser", "model_url", "model_key", "model_id",
)  # fmt: skip
_SMALLEST: Final = 100 * 10**6
_Hours = Annotated[float, msgspec.Meta(gt=0)]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=4_000)]


class _Common(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What may stand once for all tabs, or in a tab."""

    url: _Word | None = None
    hub: _Word | None = None
    key: _Word | None = None
    key_file: Path | None = None
    wait_for_key: bool | None = None
    basic_auth: _Word | None = None
    basic_auth_file: Path | None = None
    account: _Word | None = None
    password: str | None = None
    password_file: Path | None = None
    character: _Word | None = None
    model_url: _Word | None = None
    model_key: _Word | None = None
    model_id: _Word | None = None
    memory_limit: int | str | None = None
    recycle_hours: _Hours | None = None
    browser: Path | None = None


class _Tab(_Common, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    chat: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | None = None
    profile: Path | None = None


class _Dialog(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    pattern: _Word
    answer: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class _File(_Common, kw_only=True, forbid_unknown_fields=True):
    profiles: Path | None = None
    tabs: Annotated[list[_Tab], msgspec.Meta(min_length=1, max_length=64)]
    dialogs: list[_Dialog] = msgspec.field(default_factory=list)


def read_tabs(path: Path, given: TabOptions, environ: Mapping[str, str] | None = None) -> list[TabOptions]:
    """Return the tabs of a file; what neither a tab nor the file says is `given`'s.

    Relative paths begin at the file's folder. Raises BrowserTabError `invalid_settings`.
    """
    environ = os.environ if environ is None else environ
    try:
        found = msgspec.convert(tomllib.loads(path.read_text("utf-8")), _File, dec_hook=_to_path)
        return [_options(tab, found, path.parent.resolve(), given, environ) for tab in found.tabs]
    except (
        OSError,
        UnicodeDecodeError,
        tomllib.TOMLDecodeError,
        msgspec.ValidationError,
        ValueError,
    ) as error:
        raise BrowserTabError("invalid_settings", f"The file of tabs {path} does not fit: {error}.") from None


def folder_of(profiles: Path, name: str) -> Path:
    """Return the profile folder of a tab of this name, whatever characters it has."""
    safe = re.sub(r"[^\w.-]+", "_", name).strip("._")[:100] or "tab"
    if safe == name:
        return profiles / safe
    return profiles / f"{safe}-{_short(name)}"  # two names may come to the same words


def parse_size(text: int | str) -> int:
    """Return bytes: 1500000000, "1.5 GB", "800MiB". Raises `ValueError`."""
    if isinstance(text, int):
        size = text
    else:
        match = _SIZE.fullmatch(text)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f"{text!r} is no size such as 1.5GB")
        size = int(float(match[1]) * _UNITS[match[2].lower()])
    if size < _SMALLEST:
        raise ValueError(
            f"a memory limit of {size} bytes is less than any browser takes; 100 MB is the least"
        )
    return size


def parse_basic_auth(text: str) -> tuple[str, str]:
    """Return name and password of `NAME:PASSWORD`. Raises `ValueError`."""
    name, colon, password = text.partition(":")
    if not name or not colon:
        raise ValueError("basic authentication is written NAME:PASSWORD")
    return name, password


def read_secret(file: Path) -> str:
    """Return what stands in a file, without the end of its line. Raises `ValueError`."""
    try:
        return file.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} cannot be read: {error}") from None


def _options(
    tab: _Tab, file: _File, folder: Path, given: TabOptions, environ: Mapping[str, str]
) -> TabOptions:
    own, common = msgspec.structs.asdict(tab), msgspec.structs.asdict(file)

    def said(name: str) -> Any:
        value = own[name] if own[name] is not None else common.get(name)
        if isinstance(value, Path):
            return folder / value.expanduser()
        return _filled(value, environ) if isinstance(value, str) else value

    def secret(name: str) -> str | None:
        """A tab's own word goes before the file's, in either form."""
        for source in (own, common):
            if source[name] is not None:
                return _filled(source[name], environ)
            if source[f"{name}_file"] is not None:
                return read_secret(folder / source[f"{name}_file"].expanduser())
        return None

    values: dict[str, Any] = {name: value for name in _PLAIN if (value := said(name)) is not None}
    if (basic := secret("basic_auth")) is not None:
        values["basic_auth"] = parse_basic_auth(basic)
    if (password := secret("password")) is not None:
        values["password"] = password
    values |= _key(own, common, folder, environ)
    if (limit := said("memory_limit")) is not None:
        values["memory_limit"] = parse_size(limit)
    if (hours := said("recycle_hours")) is not None:
        values["recycle_seconds"] = hours * 3_600
    profiles = folder / (file.profiles or Path("tabs")).expanduser()
    profile = folder / tab.profile.expanduser() if tab.profile is not None else folder_of(profiles, tab.name)
    rules = tuple(_rule(dialog) for dialog in file.dialogs)
    return dataclasses.replace(given, name=tab.name, profile=profile, dialogs=rules + HARMLESS, **values)


def _key(
    own: dict[str, Any], common: dict[str, Any], folder: Path, environ: Mapping[str, str]
) -> dict[str, Any]:
    for source in (own, common):
        if source["key"] is not None:
            return {"key": _filled(source["key"], environ), "key_file": None}
        if source["key_file"] is not None:
            return {"key": None, "key_file": folder / source["key_file"].expanduser()}
    return {}


def _rule(dialog: _Dialog) -> DialogRule:
    try:
        return DialogRule(re.compile(dialog.pattern, re.IGNORECASE), dialog.answer)
    except re.error as error:
        raise ValueError(f"the pattern {dialog.pattern!r} is no regular expression: {error}") from None


def _filled(text: str, environ: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        found = environ.get(match[1])
        if found is None:
            raise ValueError(f"the environment has no variable {match[1]}")
        return found

    return _VARIABLE.sub(value, text)


def _short(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _to_path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(f"a file of tabs has no type {kind}")
