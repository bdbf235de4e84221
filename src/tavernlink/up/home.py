"""What `tavernlink up` does beside the hub: a SillyTavern found or fetched, the extension in it, the console opened."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
import webbrowser
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tavernlink.demo.sillytavern import SillyTavern
from tavernlink.extension_files import extension_folder
from tavernlink.up.search import PORTS, find_folders, find_servers
from tavernlink.up.sillytavern import DEFAULT_USER, SillyTavernFolder, copy_into_place
from tavernlink.version import __version__

__all__ = ["Home", "Person", "Wishes"]

_ADDRESS_FILE = "hub.json"
_CONFIG = {"listen": False, "browserLaunch": {"enabled": False}}


class Person(Protocol):
    """Who sits there."""

    def tell(self, line: str) -> None:
        """Show a line."""

    def agrees(self, question: str) -> bool:
        """Ask something that yes or no answers."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says."""

    sillytavern: Path | None = None
    """SillyTavern's folder; None looks for one."""
    browser: bool = True
    """Open the console, and a fetched SillyTavern."""


class Home:
    """One run. `opened` is an async context: what was started inside it ends with it."""

    def __init__(self, person: Person, wishes: Wishes, data: Path) -> None:
        """Raises `NotFound` where the folder that is wished for is none of SillyTavern's."""
        self._person = person
        self._wishes = wishes
        self._data = data
        # Looked at now, before anything is started or a key is shown.
        self._named = None if wishes.sillytavern is None else SillyTavernFolder(wishes.sillytavern)

    @contextlib.asynccontextmanager
    async def opened(self, hub: str, ticket: str) -> AsyncIterator[None]:
        """Do all of it for the hub at this address; the ticket signs the console in.

        Raises `TavernlinkError` where something cannot be fetched or put into place, and `OSError`.
        """
        async with contextlib.AsyncExitStack() as stack:
            servers = await find_servers()
            folder = self._find_folder()
            if folder is not None:
                self._offer_extension(folder, hub)
            address = servers[0] if servers else None
            if address is not None:
                self._person.tell(f"A SillyTavern answers at {address}. Reload it in the browser.")
            elif folder is not None:
                self._person.tell(f"Start your SillyTavern in {folder.path}, as you always do.")
            elif self._person.agrees(
                "There is no SillyTavern in the usual places. Fetch one from npm and start it (about 300 MB)?"
            ):
                address = await self._fetch(stack, hub)
                self._show(address)
            else:
                self._person.tell("In your SillyTavern choose Extensions, Install extension, and paste")
                self._person.tell(f"  {hub}/extension/tavernlink.git")
            self._show(f"{hub}/#/in/{ticket}")
            yield

    def _find_folder(self) -> SillyTavernFolder | None:
        if self._named is not None:
            return self._named
        found = find_folders()
        for other in found[1:]:
            self._person.tell(f"There is another one in {other.path}; name it with --sillytavern.")
        return found[0] if found else None

    def _offer_extension(self, folder: SillyTavernFolder, hub: str) -> None:
        self._person.tell(f"SillyTavern {folder.version} is in {folder.path}.")
        installed = list(folder.installed())
        older = [each for each in installed if each.version != __version__]
        if installed and not older:
            self._person.tell("It has the extension.")
        elif older:
            if self._person.agrees(f"Its extension is {older[0].version}. Replace it by {__version__}?"):
                for each in older:
                    self._put(each.path, hub)
        elif self._person.agrees("Install the extension into it?"):
            # Before its first start there are no users; the place of all users is there always.
            one = folder.users() == [DEFAULT_USER]
            self._put(folder.place_for(DEFAULT_USER) if one else folder.place_for_all(), hub)

    def _put(self, place: Path, hub: str) -> None:
        copy_into_place(extension_folder(), place)
        _write_address(place, hub)
        self._person.tell(f"Installed the extension {__version__}: {place}")

    async def _fetch(self, stack: contextlib.AsyncExitStack, hub: str) -> str:
        data = self._data / "sillytavern"
        config = data / "config.yaml"
        if not config.exists():
            data.mkdir(parents=True, exist_ok=True)
            config.write_text(json.dumps(_CONFIG, indent=2), "utf-8")
        tavern = SillyTavern(
            data,
            port=_free_port(),
            extension=extension_folder(),
            settled=False,
            progress=self._person.tell,
        )
        self._person.tell("Starting SillyTavern; the first start takes a minute …")
        await stack.enter_async_context(tavern)
        _write_address(tavern.user_data / "extensions" / "tavernlink", hub)
        self._person.tell(f"SillyTavern runs at {tavern.url}; its data is in {data}.")
        return tavern.url

    def _show(self, address: str) -> None:
        if self._wishes.browser and _has_screen() and webbrowser.open(address):
            return
        self._person.tell(f"Open {address} in a browser.")


def _write_address(place: Path, hub: str) -> None:
    (place / _ADDRESS_FILE).write_text(json.dumps({"url": hub}), "utf-8")


def _has_screen() -> bool:
    """False where a browser could only open in the terminal, over what is written there."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"))


def _free_port() -> int:
    """SillyTavern's usual port, or another one where that is taken; 0 is any."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", PORTS[0]))
        except OSError:
            return 0
    return PORTS[0]
