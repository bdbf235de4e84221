"""The ASGI app of every HTTP address, built by Litestar and put behind the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Router
from litestar.di import Provide
from litestar.types import ASGIApp

from tavernlink.config import Sources
from tavernlink.http.address import address_of
from tavernlink.http.api import ROUTES
from tavernlink.http.api.access import pairing_doors
from tavernlink.http.api.mcp import NO_SERVERS, Servers, mcp_server_routes
from tavernlink.http.api.schema import openapi_config
from tavernlink.http.api.settings import settings_routes
from tavernlink.http.caller import APP_HEADER, Caller
from tavernlink.http.console import console_routes
from tavernlink.http.documents import document_routes
from tavernlink.http.extension.git import extension_routes
from tavernlink.http.failures import handle_exception
from tavernlink.http.gate import Gate, guard_of
from tavernlink.http.health import health_routes
from tavernlink.http.mcp import mcp_route
from tavernlink.http.metrics import metrics_route
from tavernlink.http.openai.completions import create_completion
from tavernlink.http.openai.models import list_models, show_model
from tavernlink.runtime.configuration import Configuration

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.runtime.hub import Runtime

__all__ = ["create_app"]


def create_app(
    runtime: Runtime,
    settings: Settings,
    configuration: Configuration | None = None,
    *,
    mcp: ASGIApp | None = None,
    mcp_servers: Servers = NO_SERVERS,
) -> Gate:
    """Return the app; it needs no lifespan events. `mcp` answers under `/mcp`, `mcp_servers` keeps others."""
    configuration = configuration or Configuration(Sources.fixed(settings))

    def provide_caller(request: Request[Any, Any, Any]) -> Caller:
        app_id = request.headers.get(APP_HEADER)
        return Caller(runtime, request.scope["state"]["key"], address_of(request.scope), app_id)

    app = Litestar(
        [
            *health_routes(runtime),
            metrics_route(runtime),
            mcp_route(mcp),
            *console_routes(),
            *document_routes(),
            *extension_routes(settings.data_dir),
            Router(
                "/api",
                route_handlers=[
                    *ROUTES,
                    *settings_routes(runtime, configuration),
                    *mcp_server_routes(runtime, mcp_servers),
                    *pairing_doors(runtime),
                ],
            ),
            Router(
                "/v1", route_handlers=[list_models, show_model, create_completion], include_in_schema=False
            ),
        ],
        dependencies={"caller": Provide(provide_caller, sync_to_thread=False)},
        guards=[guard_of(runtime)],
        exception_handlers={Exception: handle_exception},
        openapi_config=openapi_config(),
        request_max_body_size=settings.max_payload,
        logging_config=None,
    )
    return Gate(app, runtime, settings)
