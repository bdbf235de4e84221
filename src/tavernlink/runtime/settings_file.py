"""The hub's settings as a file to take along, and such a file as changes to make. Secrets are in neither."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import tomlkit

from tavernlink.config import Settings
from tavernlink.errors import BadMessage

if TYPE_CHECKING:
    from tavernlink.runtime.configuration import Configuration

__all__ = ["read_settings", "write_settings"]

_CUT = "…"


def write_settings(configuration: Configuration, format_: Literal["toml", "json"]) -> str:
    """Return what was set, by whichever source, without what holds a secret."""
    values: dict[str, Any] = {}
    secret: list[str] = []
    for setting in configuration.described():
        if setting.source == "default" or setting.name == "data_dir" or setting.wanted is None:
            continue
        if _holds_cut(setting.wanted):
            secret.append(setting.name)
        else:
            values[setting.name] = setting.wanted
    if format_ == "json":
        return json.dumps(values, indent=2, ensure_ascii=False) + "\n"
    document = tomlkit.document()
    document.add(tomlkit.comment("Settings of a Tavernlink hub that are not at their defaults."))
    if secret:
        document.add(tomlkit.comment(f"Left out, because they hold secrets: {', '.join(secret)}."))
    # Tables stand after all else in TOML.
    for name, value in sorted(values.items(), key=lambda item: _is_table(item[1])):
        document[name] = value
    return tomlkit.dumps(document)


def read_settings(
    text: str, format_: Literal["toml", "json"], configuration: Configuration
) -> tuple[dict[str, Any], list[str]]:
    """Return the values of a file, and the names that are left out of them. Raises `BadMessage`."""
    try:
        found = tomllib.loads(text) if format_ == "toml" else json.loads(text)
    except (tomllib.TOMLDecodeError, ValueError, RecursionError) as error:
        raise BadMessage("invalid_message", f"This is no {format_.upper()}: {error}.") from None
    if not isinstance(found, dict):
        raise BadMessage("invalid_message", "This file is no table of settings.")
    unknown = sorted(set(found) - set(Settings.__struct_fields__))
    if unknown:
        raise BadMessage(
            "invalid_message",
            f"The file names {', '.join(unknown)[:500]}, which no setting is called.",
            {"setting": unknown[0][:100]},
        )
    left_out = sorted(
        name for name, value in found.items() if not configuration.may_edit(name) or _holds_cut(value)
    )
    return {name: value for name, value in found.items() if name not in left_out}, left_out


def _holds_cut(value: Any) -> bool:
    return _CUT in msgspec.json.encode(value, enc_hook=str).decode()


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and bool(value) and isinstance(value[0], dict))
