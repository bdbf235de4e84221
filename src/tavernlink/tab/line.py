"""The keeper's own line to the hub, by which programs see its tabs and mend them.

The keeper connects as an app of its own, with a key that may offer functions and nothing else. It makes that key
itself, with the tavern's key of its tabs: nobody has to hand it a second one, and it holds no more than it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import random
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from tavernlink.errors import AuthError, TavernlinkError, Unavailable, error_from_code
from tavernlink.private_file import write_private
from tavernlink.sdk import connect
from tavernlink.sdk.address import http_address
from tavernlink.sdk.backoff import Backoff
from tavernlink.sdk.trust import trusting
from tavernlink.tab.functions import TabFunctions
from tavernlink.tab.kept import KeptTab

__all__ = ["KEY_FILE", "HubLine"]

KEY_FILE = "keeper.json"
_SECONDS = 30.0
_LOOK_SECONDS = 1.0
_SCOPE = "functions:register"


class _Made(NamedTuple):
    key: str
    id: str


class HubLine:
    """Offers the functions of docs/guide/tab.md for as long as it runs."""

    def __init__(
        self, tabs: Sequence[KeptTab], *, report: Callable[[str], None], folder: Path | None, key: str | None
    ) -> None:
        self._tabs = tabs
        self._report = report
        self._file = None if folder is None else folder / KEY_FILE
        self._given = key
        self._functions = TabFunctions(tabs)

    async def run(self) -> None:
        """Until cancelled; a hub that does not let it costs the tabs nothing."""
        kept = await self._first_online()
        if kept is None:
            return
        backoff = Backoff(random.random)
        told = ""
        while True:
            try:
                await self._serve(kept)
                return
            except TavernlinkError as error:
                if error.message != told:
                    told = error.message
                    self._report(f"Programs cannot see the tabs through the hub: {error.message}")
                if isinstance(error, AuthError) and error.code == "forbidden":
                    return
            await asyncio.sleep(backoff.next())

    async def _first_online(self) -> KeptTab | None:
        """Wait for a tab whose tavern the hub knows: only then may its key make another one."""
        candidates = [kept for kept in self._tabs if kept.options.hub]
        while candidates:
            for kept in candidates:
                if kept.info.state in ("online", "blocked_by_dialog") and kept.tavern is not None:
                    return kept
            await asyncio.sleep(_LOOK_SECONDS)
        return None

    async def _serve(self, kept: KeptTab) -> None:
        hub = kept.options.hub or ""
        made = _Made(self._given, "") if self._given else self._remembered(kept) or await self._make(kept)
        try:
            name = f"tabs on {socket.gethostname() or 'this machine'}"
            async with connect(hub, made.key, name=name, connect_timeout=None) as line:
                await line.serve_forever(*self._functions.all)
        except AuthError:
            self._forget()
            raise
        finally:
            if self._file is None and made.id:
                with contextlib.suppress(TavernlinkError):
                    await asyncio.shield(_ask(kept, "DELETE", f"/api/keys/{made.id}"))

    async def _make(self, kept: KeptTab) -> _Made:
        body = {"name": f"tabs on {socket.gethostname()}"[:200], "role": "app", "scopes": [_SCOPE]}
        answer = await _ask(kept, "POST", "/api/keys", body)
        made = _Made(answer["key"], answer["info"]["id"])
        if self._file is not None:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept_key = {"for": _whose(kept), "key": made.key, "id": made.id}
            write_private(self._file, json.dumps(kept_key).encode())
        return made

    def _remembered(self, kept: KeptTab) -> _Made | None:
        if self._file is None:
            return None
        try:
            found = json.loads(self._file.read_text("utf-8"))
            return _Made(found["key"], found["id"]) if found["for"] == _whose(kept) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _forget(self) -> None:
        if self._file is not None:
            self._file.unlink(missing_ok=True)


def _whose(kept: KeptTab) -> str:
    """Tell one hub and tavern's key from another, without the key."""
    return hashlib.sha256(f"{kept.options.hub}\n{kept.options.read_key()}".encode()).hexdigest()


async def _ask(kept: KeptTab, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    """Return the result of the hub's answer, asked under the tavern's key. Raises its error, or `Unavailable`."""
    address = http_address(kept.options.hub or "")
    ca = os.environ.get("TAVERNLINK_CA")
    headers = {"Authorization": f"Bearer {kept.options.read_key()}"}
    try:
        async with httpx.AsyncClient(verify=trusting(ca) if ca else True, timeout=_SECONDS) as client:
            answer = (await client.request(method, address + path, headers=headers, json=body)).json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("unreachable", f"No hub answers at {address}: {error}.") from None
    if not isinstance(answer, dict) or not answer.get("ok"):
        told = answer.get("error", {}) if isinstance(answer, dict) else {}
        raise error_from_code(told.get("code", "internal"), told.get("message", "The hub gave no reason."))
    return answer.get("result")
