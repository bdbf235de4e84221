"""The data folder of a scratch SillyTavern: made from a template, settled so that no first-run question is asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

__all__ = ["USER", "add_extension", "copy_template", "is_empty", "settle", "write_config"]

USER = "default-user"
"""The one account of a SillyTavern without accounts; its folder in the data root."""

_PERSONA = "Traveller"
_EXTENSION_NAME = "tavernlink"

# SillyTavern adds what is missing. JSON is YAML, so no YAML library is needed to write it.
_CONFIG: dict[str, Any] = {
    "listen": False,
    "browserLaunch": {"enabled": False},
    "whitelistDockerHosts": False,  # two name look-ups at each start
    "skipContentCheck": False,
    "enableDownloadableTokenizers": False,
    "extensions": {"autoUpdate": False, "models": {"autoDownload": False}},
}


def is_empty(data: Path) -> bool:
    """Whether there is no SillyTavern data at this path yet."""
    return not data.is_dir() or not any(data.iterdir())


def write_config(data: Path) -> Path:
    """Write `config.yaml` into the data folder unless there is one; each server has its own, the program is shared."""
    path = data / "config.yaml"
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(_CONFIG, indent=2), "utf-8")
    return path


def copy_template(template: Path, data: Path) -> None:
    """Fill an empty data folder from the template."""
    shutil.copytree(template, data, dirs_exist_ok=True)


def settle(data: Path) -> None:
    """Answer the first-run questions in the settings: a persona, chat completion with streaming, auto-connect."""
    path = data / USER / "settings.json"
    settings = json.loads(path.read_text("utf-8"))
    avatar = settings.get("user_avatar") or "user-default.png"
    settings |= {"firstRun": False, "username": _PERSONA, "main_api": "openai"}
    power_user = settings.setdefault("power_user", {})
    power_user["auto_connect"] = True
    power_user.setdefault("personas", {})[avatar] = _PERSONA
    power_user.setdefault("persona_descriptions", {})[avatar] = {"description": "", "position": 0}
    settings.setdefault("oai_settings", {}).update(
        {"chat_completion_source": "custom", "stream_openai": True}
    )
    path.write_text(json.dumps(settings, indent=4), "utf-8")


def add_extension(data: Path, extension: Path) -> None:
    """Install the built extension for the user of this data folder, in place of an older copy."""
    target = data / USER / "extensions" / _EXTENSION_NAME
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(extension, target)
