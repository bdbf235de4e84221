"""The page that a browser gets at `/`: what this is and where things are. It holds no script and no secret."""

from __future__ import annotations

import base64
import hashlib
import html
from importlib.resources import files
from typing import Any

from litestar import HttpMethod, Request, Response, route

from tavernlink.http.entrance import prefix_of
from tavernlink.runtime.forwarded import Reached
from tavernlink.runtime.front import REACHED

__all__ = ["preferred_language", "show_page"]

_HERE = files(__name__)
_STYLE = _HERE.joinpath("style.css").read_text("utf-8")
_PAGES = {
    language: _HERE.joinpath(f"index.{language}.html").read_text("utf-8").replace("{style}", _STYLE)
    for language in ("en", "zh")
}
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
    "vary": "Accept-Language",
}


@route("/", http_method=[HttpMethod.GET, HttpMethod.HEAD], include_in_schema=False)
async def show_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The page, in the browser's language, with the address under which it was reached."""
    reached: Reached | None = request.scope.get(REACHED)  # type: ignore[assignment] # a field of ours
    host = (reached.host if reached else request.headers.get("host")) or "127.0.0.1"
    host += prefix_of(request.scope)
    secure = request.scope["scheme"] == "https"
    language = preferred_language(request.headers.get("accept-language", ""))
    text = (
        _PAGES[language]
        .replace("{base}", html.escape(f"{'https' if secure else 'http'}://{host}"))
        .replace("{socket}", html.escape(f"{'wss' if secure else 'ws'}://{host}"))
    )
    return Response(text, media_type="text/html", headers={**_HEADERS, "content-language": language})


def preferred_language(accept: str) -> str:
    """Return `zh` if an Accept-Language header prefers Chinese to English, else `en`."""
    best, best_quality = "en", 0.0
    for part in accept.split(","):
        tag, _, parameter = part.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        try:
            quality = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            quality = 0.0
        if language in _PAGES and quality > best_quality:
            best, best_quality = language, quality
    return best
