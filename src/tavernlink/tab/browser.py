"""Finds a Chrome, Chromium or Edge that is on the machine already, and knows how to run it unattended."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tavernlink.tab.errors import BrowserTabError

__all__ = ["find_browser", "launch_arguments"]

_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
    "msedge",
)


def _standard_places() -> Iterator[Path]:
    if sys.platform == "darwin":
        for root in (Path("/Applications"), Path.home() / "Applications"):
            for name in ("Google Chrome", "Chromium", "Microsoft Edge"):
                yield root / f"{name}.app" / "Contents" / "MacOS" / name
    elif sys.platform == "win32":
        for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
            if root_name := os.environ.get(variable):
                for name in ("Google/Chrome", "Chromium"):
                    yield Path(root_name) / name / "Application" / "chrome.exe"
                yield Path(root_name) / "Microsoft/Edge" / "Application" / "msedge.exe"
    else:
        yield Path("/snap/bin/chromium")


_STANDARD_PLACES = tuple(_standard_places())
_FEATURES_OFF = (
    # Menus of a window that nobody sees: two pages of 400 files together, for every profile.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # The browser takes the last list it is given, and Playwright gives one too; what of it matters here:
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "msForceBrowserSignIn",
)
_ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A tab that nobody looks at is throttled to one timer a minute, and SillyTavern's token loop with it.
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    "--disable-features=" + ",".join(_FEATURES_OFF),
)


def find_browser() -> Path:
    """The browser's program: `$TAVERNLINK_BROWSER`, or the first one found. Raises `browser_missing`."""
    chosen = os.environ.get("TAVERNLINK_BROWSER")
    if chosen:
        found = shutil.which(chosen)
        if found is None:
            raise BrowserTabError(
                "browser_missing", f"TAVERNLINK_BROWSER names {chosen}, which is not there."
            )
        return Path(found)
    for candidate in _candidates():
        if candidate.is_file():
            return candidate
    raise BrowserTabError("browser_missing", f"No Chrome, Chromium or Edge was found. {_advice()}")


def launch_arguments() -> list[str]:
    """Command-line arguments for a browser that runs unattended."""
    arguments = list(_ARGUMENTS)
    if sys.platform == "linux" and (
        os.geteuid() == 0 or os.environ.get("TAVERNLINK_BROWSER_SANDBOX") == "off"
    ):
        # Chromium refuses to run as root with its sandbox; in a container, the container is the sandbox.
        arguments.append("--no-sandbox")
        arguments.append("--disable-dev-shm-usage")  # that of a container is 64 MB
    return arguments


def _candidates() -> Iterator[Path]:
    yield from (Path(found) for command in _COMMANDS if (found := shutil.which(command)))
    yield from _STANDARD_PLACES


def _advice() -> str:
    if sys.platform == "darwin":
        how = "Install Google Chrome, or `brew install --cask chromium`"
    elif sys.platform == "win32":
        how = "Install Google Chrome or Microsoft Edge"
    else:
        how = "Install one: `apt install chromium` (Debian, as root), `dnf install chromium` (Fedora)"
    return f"{how}, or set TAVERNLINK_BROWSER to the browser's program."
