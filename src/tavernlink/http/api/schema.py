"""`/api/schema`: the OpenAPI description, made from the same Structs that check the messages."""

from __future__ import annotations

from functools import cache
from typing import Any

from litestar import Request
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from tavernlink.http.entrance import prefix_of
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.commands.entry import CommandSpec
from tavernlink.protocol.commands.schemas import schema_of, schemas_of
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
        paths, schemas = _commands()
        components = openapi_schema["components"]
        document = {
            **openapi_schema,
            "paths": {**openapi_schema["paths"], **paths},
            "components": {**components, "schemas": {**components["schemas"], **schemas}},
            "servers": servers,
        }
        return super().render(request, document)


@cache
def _commands() -> tuple[dict[str, Any], dict[str, Any]]:
    """Addresses of the commands, each with its own body and result, and the schemas that they refer to."""
    specs = list(COMMANDS.values())
    schemas, definitions = schemas_of(
        [type_ for spec in specs for type_ in (spec.args, spec.result)], "#/components/schemas/command.{name}"
    )
    paths = {
        f"/api/taverns/{{tavern}}/commands/{spec.name}": {
            "post": _operation(spec, schemas[at], schemas[at + 1])
        }
        for at, spec in zip(range(0, len(schemas), 2), specs, strict=True)
    }
    return paths, {f"command.{name}": schema for name, schema in definitions.items()}


def _operation(spec: CommandSpec, args: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
    update = {
        "type": "object",
        "properties": {
            "request_id": {"type": "string"},
            "state": {"const": "done"},
            "tavern": {"type": "string"},
            "result": result,
        },
        "required": ["request_id", "state"],
    }
    outcome = {
        "type": "object",
        "properties": {"ok": {"const": True}, "result": update},
        "required": ["ok", "result"],
    }
    asks = " The person may be asked first." if spec.destructive else ""
    codes = f" Errors of its own: {', '.join(f'`{code}`' for code in spec.errors)}." if spec.errors else ""
    return {
        "tags": ["commands by name"],
        "summary": spec.name,
        "description": f"{spec.about} Needs the scope `{spec.scope}`.{asks}{codes}",
        "operationId": f"command.{spec.name}",
        "parameters": [
            {"name": "tavern", "in": "path", "required": True, "schema": {"type": "string"}},
            {"name": "wait", "in": "query", "schema": {"type": "boolean", "default": True}},
            {"name": "revision", "in": "query", "schema": {"type": "integer", "minimum": 0}},
            {"name": "timeout", "in": "query", "schema": {"type": "number", "exclusiveMinimum": 0}},
            {"name": "request_id", "in": "query", "schema": {"type": "string"}},
        ],
        "requestBody": {
            "content": {"application/json": {"schema": args, "example": dict(spec.example)}},
            "required": bool(schema_of(spec.args).get("required")),
        },
        "responses": {
            "200": {"description": "Done", "content": {"application/json": {"schema": outcome}}},
            "202": {"description": "With `wait=false`: accepted."},
        },
    }
