"""`/docs`: the documentation that came with this copy, as `make docs` builds it. No key, nothing from elsewhere.

The site's files are found when the hub starts, and read when somebody asks: most hubs never show most of them. Only
what was found is ever read, so no path leads out of the folder.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from litestar import HttpMethod, Request, Response, route
from litestar.params import FromPath

from tavernlink.errors import NotFound
from tavernlink.http.console import media_type_of

__all__ = ["document_routes"]

_FOLDER = Path(__file__).parent.parent / "_docs"
_POLICY = (
    "default-src 'none'; script-src 'self'{scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_ALWAYS = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "vary": "Accept-Encoding"}
_HASHED = re.compile(r"\.[0-9a-f]{8}\.min\.(?:js|css)$")
_INLINE = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)
_PACKED = {".html", ".js", ".css", ".json", ".svg", ".txt", ".map"}
_MISSING = (
    "The documentation is not in this copy of Tavernlink. Run `make docs` in the source folder and start the hub "
    "again, or install the released package."
)
_LOST = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>Tavernlink</title>
<style>
:root {{ color-scheme: light dark; font: 1.05rem/1.6 system-ui, sans-serif }}
body {{ max-width: 34rem; margin: 18vh auto; padding: 0 1.5rem }}
</style>
<p>This page is not in the documentation. <a href="{home}">Go to its start</a>, where you can search.
<p lang="zh">文档里没有这个页面。<a href="{home}">回到首页</a>，可以在那里搜索。
</html>
"""


class _File(NamedTuple):
    content: bytes
    headers: dict[str, str]


def document_routes() -> list[Any]:
    """Return the handlers of `/docs` and everything below it."""
    paths = {path.relative_to(_FOLDER).as_posix(): path for path in _FOLDER.rglob("*") if path.is_file()}

    async def answer(request: Request[Any, Any, Any], name: str) -> Response[bytes]:
        found = f"{name}/index.html".removeprefix("/")
        if found in paths:
            asked = request.scope["raw_path"].decode("latin-1")  # Litestar's own is without the slash
            if not asked.endswith("/"):
                # Links of a page count from its folder. Relative: a proxy may have put the hub under a path.
                there = f"{asked.rpartition('/')[2]}/"
                return Response(b"", status_code=307, headers={"location": there})
            name = found
        path = paths.get(name)
        if path is None:
            return _lost(request, name, _MISSING if not paths else None)
        file = await asyncio.to_thread(_read, path)
        headers = {**file.headers}
        if request.headers.get("if-none-match") == headers["etag"]:
            return Response(b"", status_code=304, headers=headers)
        content = file.content
        if path.suffix in _PACKED and "gzip" in request.headers.get("accept-encoding", ""):
            content = await asyncio.to_thread(_packed, path)
            headers["content-encoding"] = "gzip"
        return Response(content, media_type=media_type_of(path), headers=headers)

    methods = [HttpMethod.GET, HttpMethod.HEAD]

    @route("/docs", http_method=methods, include_in_schema=False)
    async def show_start(request: Request[Any, Any, Any]) -> Response[bytes]:
        return await answer(request, "")

    @route("/docs/{path:path}", http_method=methods, include_in_schema=False)
    async def show_document(request: Request[Any, Any, Any], path: FromPath[Path]) -> Response[bytes]:
        return await answer(request, path.as_posix().strip("/"))

    return [show_start, show_document]


def _lost(request: Request[Any, Any, Any], name: str, why: str | None) -> Response[bytes]:
    """Tell a person that there is no such page, and a program what it is told everywhere."""
    if why is not None or "text/html" not in request.headers.get("accept", ""):
        raise NotFound("unknown_path", why)
    home = "../" * name.count("/") + ("zh/" if name.startswith("zh/") else "") + "index.html"
    policy = {
        "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    }
    return Response(
        _LOST.format(home=home).encode(),
        status_code=404,
        media_type="text/html",
        headers={**_ALWAYS, **policy},
    )


@lru_cache(maxsize=128)
def _read(path: Path) -> _File:
    """Read a file with what is said of it; the packages' files do not change under a running hub."""
    content = path.read_bytes()
    scripts = "".join(f" 'sha256-{_sha256(found)}'" for found in sorted(set(_INLINE.findall(content))))
    headers = {
        **_ALWAYS,
        "etag": f'"{hashlib.sha256(content).hexdigest()[:24]}"',
        "cache-control": "public, max-age=31536000, immutable" if _HASHED.search(path.name) else "no-cache",
        "content-security-policy": _POLICY.format(scripts=scripts if path.suffix == ".html" else ""),
    }
    return _File(content, headers)


@lru_cache(maxsize=128)
def _packed(path: Path) -> bytes:
    return gzip.compress(_read(path).content, 6, mtime=0)


def _sha256(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()
