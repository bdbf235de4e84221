"""`/healthz` and `/readyz`: for process supervisors and load balancers; no key, no secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import HttpMethod, Response, route
from litestar.handlers import HTTPRouteHandler

from tavernlink.version import __version__

if TYPE_CHECKING:
    from tavernlink.runtime.hub import Runtime

__all__ = ["health_routes"]

_METHODS = [HttpMethod.GET, HttpMethod.HEAD]


def health_routes(runtime: Runtime) -> list[HTTPRouteHandler]:
    """Return both routes."""

    @route("/healthz", http_method=_METHODS, include_in_schema=False)
    async def show_health() -> Response[dict[str, Any]]:
        """200 as long as the process answers at all."""
        return _answer(200, {"status": "ok", "version": __version__})

    @route("/readyz", http_method=_METHODS, include_in_schema=False)
    async def show_readiness() -> Response[dict[str, Any]]:
        """200 while the hub takes work: its clock runs and its store answers. A tavern is not needed for that."""
        ready = runtime.ready
        online = sum(tavern.online for tavern in runtime.core.directory.taverns.values())
        body = {"status": "ready" if ready else "not ready", "taverns": online}
        if runtime.core.trouble is not None:
            body["why"] = runtime.core.trouble.message
        return _answer(200 if ready else 503, body)

    return [show_health, show_readiness]


def _answer(status: int, body: dict[str, Any]) -> Response[dict[str, Any]]:
    return Response(
        body, status_code=status, media_type="application/json", headers={"cache-control": "no-store"}
    )
