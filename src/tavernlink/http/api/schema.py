"""`/api/schema`: the OpenAPI description, made from the same Structs that check the messages."""

from __future__ import annotations

from litestar import Response, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme

from tavernlink.http.caller import HttpRequest
from tavernlink.protocol.codec import encode_json
from tavernlink.version import __version__

__all__ = ["openapi_config", "show_schema"]

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
        path="/api/openapi",
        render_plugins=[],
    )


@get("/schema", include_in_schema=False)
async def show_schema(request: HttpRequest) -> Response[bytes]:
    """OpenAPI 3.1, as JSON."""
    return Response(
        encode_json(request.app.openapi_schema.to_schema()), media_type="application/vnd.oai.openapi+json"
    )
