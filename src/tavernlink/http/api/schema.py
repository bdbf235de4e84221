"""`/api/schema`: the OpenAPI description, made from the same Structs that check the messages."""

from __future__ import annotations

from typing import Any

from litestar import Request
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from tavernlink.http.entrance import prefix_of
from tavernlink.version import __version__

__all__ = ["openapi_config"]

_DESCRIPTION = """Answers are outcomes: `{"ok": true, "result": …}` or
`{"ok": false, "error": {"code", "message", "details"}}`.
A key of the role `app`, `viewer` or `admin` goes into the header `Authorization: Bearer …`."""


def openapi_config() -> OpenAPIConfig:
    """Return how Litestar is to describe the API; it serves no pages for it, which would need a CDN."""
    return OpenAPIConfig(
        title="Tavernlink",
        version=__version__,
        description=_DESCRIPTION,
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "key": SecurityScheme(type="http", scheme="bearer", description="A Tavernlink key.")
            }
        ),
        security=[{"key": []}],
        path="/api/schema",
        render_plugins=[_Json(path=["/", "/openapi.json"])],
    )


class _Json(JsonRenderPlugin):
    """The description as JSON, with the sub-path under which the asker sees the hub."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        servers = [{"url": prefix_of(request.scope) or "/"}]
        return super().render(request, {**openapi_schema, "servers": servers})
