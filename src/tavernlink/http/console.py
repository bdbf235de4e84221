"""The console's files: one page and what it loads, read once, served without a key. None of it tells a secret."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import Any, NamedTuple

from litestar import HttpMethod, Request, Response, route
from litestar.params import FromPath

from tavernlink.errors import NotFound

__all__ = ["console_routes", "media_type_of"]

_FOLDER = Path(__file__).parent.parent / "_console"
_POLICY = (
    # Styles: Svelte sets some on elements from scripts, which this allows; none stand in the page's text.
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "vary": "Accept-Encoding",
}
_PACKED = {".html", ".js", ".css", ".svg"}
_MISSING = (
    "The console is not in this copy of Tavernlink: it was set up without its JavaScript. "
    "Run `make setup` in the source folder, or install the released package."
)


class _File(NamedTuple):
    content: bytes
    packed: bytes | None
    """The same by gzip, where that makes it smaller."""
    media_type: str
    tag: str


def console_routes() -> list[Any]:
    """Return the handlers of `/`, `/icon.svg` and `/assets/…`."""
    files = _read(_FOLDER)

    def answer(request: Request[Any, Any, Any], path: str, caching: str) -> Response[bytes]:
        file = files.get(path)
        if file is None:
            raise NotFound("unknown_path", _MISSING if path == "index.html" else None)
        headers = {**_ALWAYS, "cache-control": caching, "etag": file.tag}
        if request.headers.get("if-none-match") == file.tag:
            return Response(b"", status_code=304, headers=headers)
        content = file.content
        if file.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            content, headers["content-encoding"] = file.packed, "gzip"
        return Response(content, media_type=file.media_type, headers=headers)

    methods = [HttpMethod.GET, HttpMethod.HEAD]

    @route("/", http_method=methods, include_in_schema=False)
    async def show_console(request: Request[Any, Any, Any]) -> Response[bytes]:
        return answer(request, "index.html", "no-cache")

    @route("/icon.svg", http_method=methods, include_in_schema=False)
    async def show_icon(request: Request[Any, Any, Any]) -> Response[bytes]:
        return answer(request, "icon.svg", "no-cache")

    @route("/assets/{name:str}", http_method=methods, include_in_schema=False)
    async def show_asset(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        return answer(request, f"assets/{name}", "public, max-age=31536000, immutable")

    return [show_console, show_icon, show_asset]


def _read(folder: Path) -> dict[str, _File]:
    """Every file of the folder by its path in it; nothing where the console was not built."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            tag = f'"{hashlib.sha256(content).hexdigest()[:24]}"'
            packed = gzip.compress(content, 9, mtime=0) if path.suffix in _PACKED else None
            name = path.relative_to(folder).as_posix()
            found[name] = _File(content, packed, media_type_of(path), tag)
    return found


def media_type_of(path: Path) -> str:
    """Return what a browser is told that the file is."""
    if path.suffix == ".js":
        return "text/javascript"  # Windows' registry may say otherwise
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
