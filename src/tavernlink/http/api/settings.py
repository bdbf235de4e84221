"""`/api/settings`: what the hub goes by, and where that comes from; an admin may change what its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from litestar import get, patch
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from tavernlink.http.address import address_of
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import HttpRequest
from tavernlink.runtime.configuration import Setting

if TYPE_CHECKING:
    from tavernlink.runtime.configuration import Configuration
    from tavernlink.runtime.hub import Runtime

__all__ = ["SettingsView", "settings_routes"]


class SettingsView(msgspec.Struct, kw_only=True, frozen=True):
    """All settings of the hub."""

    file: str
    """The settings file, which need not exist."""
    problem: str | None
    """What is wrong with the file; what was read before it broke is in effect."""
    restart_needed: list[str]
    """Settings that were changed and count from the next start on."""
    settings: list[Setting]


def settings_routes(runtime: Runtime, configuration: Configuration) -> list[HTTPRouteHandler]:
    """Return both routes."""

    def view() -> SettingsView:
        return SettingsView(
            file=str(configuration.file),
            problem=configuration.problem,
            restart_needed=configuration.restart_needed,
            settings=configuration.described(),
        )

    @get("/settings", tags=["hub"], summary="Every setting, in effect, with its source; secrets are cut out")
    async def show_settings() -> Answer[SettingsView]:
        """For admins."""
        return ok(view())

    @patch("/settings", tags=["hub"], summary="Write settings into tavernlink.toml; null takes one out")
    async def change_settings(request: HttpRequest, data: JSONBody[dict[str, Any]]) -> Answer[SettingsView]:
        """For admins. Comments in the file stay. What needs a restart says so in the answer."""
        configuration.edit(data)
        runtime.core.audit.record(
            "settings.changed",
            request.scope["state"]["key"],
            target=", ".join(sorted(data)),  # names alone: a value may be a secret
            address=address_of(request.scope),
        )
        return ok(view())

    return [show_settings, change_settings]
