"""Changes to the text of the settings file that leave everything else in it, comments too, as somebody wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from tavernlink.config.settings import SettingsError

__all__ = ["edited", "read_text"]


def read_text(file: Path) -> str:
    """Return the file's text; an empty one where there is none. Raises `SettingsError`."""
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"Cannot read the settings file {file}: {error}.") from None


def edited(text: str, values: Mapping[str, Any]) -> str:
    """Return the text with these settings; None takes one out. Raises `SettingsError` for a text that is not TOML."""
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise SettingsError(f"The settings file is not TOML: {error}.") from None
    for name, value in values.items():
        if value is not None:
            document[name] = value
        elif name in document:
            del document[name]
    return tomlkit.dumps(document)
