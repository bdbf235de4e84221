"""The checks of `tavernlink doctor`: each looks at one thing and says what to do about it."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx

from tavernlink.errors import TavernlinkError
from tavernlink.protocol.taverns import TavernInfo
from tavernlink.sdk import connect
from tavernlink.sdk.address import http_address
from tavernlink.sdk.trust import trusting
from tavernlink.up.sillytavern import SillyTavernFolder
from tavernlink.version import __version__

__all__ = [
    "Check",
    "check_browser",
    "check_hub",
    "check_key",
    "check_sillytavern_folder",
    "check_sillytavern_page",
    "check_taverns",
    "checks_to_json",
]

State = Literal["ok", "warn", "fail"]
_SECONDS = 5.0
_INSTALL = "tavernlink extension install"


class Check(NamedTuple):
    """What one look found."""

    name: str
    state: State
    found: str
    advice: str = ""
    """What to do; empty where all is well."""


async def check_hub(url: str) -> Check:
    """Look whether a hub of this version answers at the address."""
    stranger = f"Something listens at {url}, but it is no Tavernlink hub."
    elsewhere = "Stop that program, or take another port: `tavernlink serve --port N`."
    try:
        response = await _get(f"{http_address(url)}/healthz")
        version = response.json()["version"]
    except TavernlinkError as error:
        return Check("hub", "fail", error.message)
    except httpx.ConnectError as error:
        return Check(
            "hub", "fail", f"Nothing answers at {url}: {error}.", "Start the hub: `tavernlink serve`."
        )
    except (httpx.HTTPError, ValueError, LookupError, TypeError):
        return Check("hub", "fail", stranger, elsewhere)
    if version != __version__:
        found = f"The hub at {url} has version {version}, this command {__version__}."
        return Check("hub", "warn", found, "Stop it, and start it again from this installation.")
    return Check("hub", "ok", f"Hub {version} answers at {url}.")


async def check_key(url: str, key: str) -> tuple[Check, list[TavernInfo]]:
    """Look whether the key opens the WebSocket door; returns the taverns that the hub has, too."""
    try:
        async with connect(url, key, name="tavernlink doctor", connect_timeout=_SECONDS) as hub:
            taverns = await hub.taverns()
    except TavernlinkError as error:
        advice = "Make one: `tavernlink keys create --role app --name NAME`."
        return Check("key", "fail", f"{error.message} [{error.code}]", advice), []
    return Check("key", "ok", "The hub takes the key."), taverns


def check_taverns(taverns: list[TavernInfo]) -> list[Check]:
    """Look at what is connected: is anybody there, of this version, with a model behind it."""
    online = [each for each in taverns if each.online]
    if not online:
        advice = (
            "Open SillyTavern in a browser and connect its Tavernlink extension, or run `tavernlink tab`."
        )
        return [Check("tavern", "warn", "No SillyTavern is connected to the hub.", advice)]
    return [_check_tavern(each) for each in online]


def _check_tavern(tavern: TavernInfo) -> Check:
    version = tavern.versions.extension if tavern.versions else ""
    if version and version != __version__:
        found = f"{tavern.name} is connected with extension {version}; this is Tavernlink {__version__}."
        advice = "Run `tavernlink extension upgrade PATH_TO_SILLYTAVERN` and reload SillyTavern."
        return Check("tavern", "warn", found, advice)
    if tavern.backend is None:
        advice = "Connect SillyTavern to a model under API Connections."
        return Check("tavern", "warn", f"{tavern.name} is connected, but has no model.", advice)
    return Check("tavern", "ok", f"{tavern.name} is connected, its model is {tavern.backend}.")


def check_sillytavern_folder(path: Path, data_root: Path | None) -> list[Check]:
    """Look whether SillyTavern is at this path and has this version of the extension."""
    try:
        folder = SillyTavernFolder(path, data_root)
    except TavernlinkError as error:
        return [Check("sillytavern", "fail", error.message)]
    checks = [Check("sillytavern", "ok", f"SillyTavern {folder.version} is in {folder.path}.")]
    installed = list(folder.installed())
    if not installed:
        found = "The extension is not installed there."
        checks.append(Check("extension", "fail", found, f"Run `{_INSTALL} {folder.path}`."))
    for each in installed:
        whose = "all users" if each.user is None else each.user
        if each.version != __version__:
            found = f"The extension of {whose} is {each.version}; this is Tavernlink {__version__}."
            checks.append(
                Check("extension", "fail", found, f"Run `tavernlink extension upgrade {folder.path}`.")
            )
        else:
            checks.append(Check("extension", "ok", f"The extension {each.version} is installed for {whose}."))
    return checks


async def check_sillytavern_page(url: str) -> Check:
    """Look whether SillyTavern answers in the way a browser would ask it."""
    advice = "Start SillyTavern, or name its address with --sillytavern-url."
    try:
        response = await _get(url)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Check("sillytavern page", "warn", f"No SillyTavern answers at {url}: {error}.", advice)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        return Check("sillytavern page", "ok", f"SillyTavern answers at {url} and asks for a password.")
    if response.status_code != httpx.codes.OK or "SillyTavern" not in response.text:
        found = f"What answers at {url} (status {response.status_code}) does not look like SillyTavern."
        return Check("sillytavern page", "warn", found, advice)
    return Check("sillytavern page", "ok", f"SillyTavern answers at {url}.")


def check_browser() -> Check:
    """Look whether `tavernlink tab` has what it needs."""
    if importlib.util.find_spec("playwright") is None:
        found = "Playwright is not installed; only `tavernlink tab` and `tavernlink demo` need it."
        return Check("browser", "warn", found, "Run `pip install 'tavernlink[tab]'` if you want them.")
    from tavernlink.tab import find_browser  # needs Playwright

    try:
        browser = find_browser()
    except TavernlinkError as error:
        return Check(
            "browser", "warn", f"{error.message} Only `tavernlink tab` and `tavernlink demo` need it."
        )
    return Check("browser", "ok", f"{browser} can keep a headless tab.")


def checks_to_json(checks: list[Check]) -> dict[str, Any]:
    """Return the checks for programs."""
    return {"ok": all(each.state != "fail" for each in checks), "checks": [each._asdict() for each in checks]}


async def _get(url: str) -> httpx.Response:
    file = os.environ.get("TAVERNLINK_CA")
    trusted = trusting(file) if file else True
    async with httpx.AsyncClient(
        timeout=_SECONDS, follow_redirects=True, trust_env=False, verify=trusted
    ) as client:
        return await client.get(url)
