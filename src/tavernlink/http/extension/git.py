"""`/extension/tavernlink.git`: what somebody pastes into SillyTavern's “Install extension”. No key, no secret."""

from __future__ import annotations

import asyncio
import gzip
import threading
import zlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from litestar import Request, Response, get, post
from litestar.params import FromQuery

from tavernlink.errors import BadMessage, NotFound
from tavernlink.extension_files import extension_folder
from tavernlink.http.entrance import address_seen
from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink.http.extension.history import Histories

__all__ = ["EXTENSION_REPOSITORY", "extension_routes"]

EXTENSION_REPOSITORY = "/extension/tavernlink.git"
_SERVICE = "git-upload-pack"
_FRESH = {"cache-control": "no-cache, max-age=0, must-revalidate"}
_LONGEST = 1 << 20
"""Bytes of a request, unpacked; a client names the commits that it has, which are few."""


def extension_routes(data: Path) -> list[Any]:
    """Return the two addresses of git's smart HTTP protocol; what they serve is kept below the hub's data folder."""
    shelf = _Shelf(data / "extension")

    @get(f"{EXTENSION_REPOSITORY}/info/refs", include_in_schema=False)
    async def show_refs(request: Request[Any, Any, Any], service: FromQuery[str] = "") -> Response[bytes]:
        if service != _SERVICE:
            raise NotFound("unknown_path", "This repository can only be read, by git's smart HTTP protocol.")
        answer = await asyncio.to_thread(shelf.advertise, address_seen(request.scope))
        return Response(answer, media_type=f"application/x-{_SERVICE}-advertisement", headers=_FRESH)

    @post(f"{EXTENSION_REPOSITORY}/{_SERVICE}", status_code=200, include_in_schema=False)
    async def send_pack(request: Request[Any, Any, Any]) -> Response[bytes]:
        body = _unpacked(await request.body(), request.headers.get("content-encoding", ""))
        answer = await asyncio.to_thread(shelf.upload_pack, address_seen(request.scope), body)
        return Response(answer, media_type=f"application/x-{_SERVICE}-result", headers=_FRESH)

    return [show_refs, send_pack]


class _Shelf:
    """The repositories. Git's objects are loaded with the first request: a hub starts without them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._histories: Histories | None = None
        self._lock = threading.Lock()

    def advertise(self, address: str) -> bytes:
        from tavernlink.http.extension.upload_pack import advertise  # noqa: PLC0415

        return advertise(self._open().of(address))

    def upload_pack(self, address: str, body: bytes) -> bytes:
        from tavernlink.http.extension.upload_pack import upload_pack  # noqa: PLC0415

        return upload_pack(self._open().of(address), body)

    def _open(self) -> Histories:
        from tavernlink.http.extension.history import Histories  # noqa: PLC0415

        with self._lock:
            if self._histories is None:
                self._histories = Histories(self._folder, extension_folder, __version__)
            return self._histories


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding == "gzip":  # git does so from a kilobyte on
        try:
            body = gzip.GzipFile(fileobj=BytesIO(body)).read(_LONGEST + 1)
        except (OSError, EOFError, zlib.error):
            raise BadMessage("invalid_message", "The body is not gzip, as its header says.") from None
    if len(body) > _LONGEST:
        raise BadMessage("too_large", "This is more than a request to read a repository needs.")
    return body
