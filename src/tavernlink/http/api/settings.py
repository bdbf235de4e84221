"""`/api/settings`: what the hub goes by, and where that comes from; an admin may change what its file says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from litestar import Response, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, QueryParameter

from tavernlink.errors import BadMessage
from tavernlink.http.address import address_of
from tavernlink.http.api.answers import Answer, ok
from tavernlink.http.caller import HttpRequest
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.runtime.configuration import Setting, SettingChange
from tavernlink.runtime.settings_file import read_settings, write_settings

if TYPE_CHECKING:
    from tavernlink.runtime.configuration import Configuration
    from tavernlink.runtime.hub import Runtime

__all__ = ["SettingsDraft", "SettingsVerdict", "SettingsView", "settings_routes"]

Format = Literal["toml", "json"]


class SettingsView(msgspec.Struct, kw_only=True, frozen=True):
    """All settings of the hub."""

    file: str
    """The settings file, which need not exist."""
    problem: str | None
    """What is wrong with the file; what was read before it broke is in effect."""
    restart_needed: list[str]
    """Settings that were changed and count from the next start on."""
    settings: list[Setting]


class SettingsDraft(msgspec.Struct, kw_only=True, frozen=True):
    """What somebody thinks of writing: `values`, or the `text` of a file."""

    values: dict[str, Any] | None = None
    """As for `PATCH /api/settings`: null takes one out."""
    text: str | None = None
    format: Format = "toml"
    """Of the text."""


class SettingsVerdict(msgspec.Struct, kw_only=True, frozen=True):
    """What would come of it."""

    values: dict[str, Any]
    """What to write: ready for `PATCH /api/settings`. Of a text, what differs and can be written."""
    changes: list[SettingChange]
    """What would then be another than now; secrets are cut out."""
    left_out: list[str]
    """Of a text: settings that the file cannot decide, because something goes before it, or because a secret in it was
    cut out."""
    problem: ErrorInfo | None
    """Why it would be refused; `details.setting` is the one that it is about, where it is about one."""


def settings_routes(runtime: Runtime, configuration: Configuration) -> list[HTTPRouteHandler]:
    """Return every route."""

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

    @post(
        "/settings/check",
        tags=["hub"],
        summary="What a change, or a file, would change; nothing is written",
        status_code=200,
    )
    async def check_settings(data: JSONBody[SettingsDraft]) -> Answer[SettingsVerdict]:
        """For admins."""
        values: dict[str, Any] = dict(data.values or {})
        left_out: list[str] = []
        changes: list[SettingChange] = []
        problem = None
        try:
            if data.text is not None:
                values, left_out = read_settings(data.text, data.format, configuration)
            changes = configuration.preview(values)
            if data.text is not None:
                values = {change.name: values[change.name] for change in changes}
        except BadMessage as error:
            problem = ErrorInfo.of(error)
        return ok(SettingsVerdict(values=values, changes=changes, left_out=left_out, problem=problem))

    @get("/settings/file", tags=["hub"], summary="What is not at its default, as a file; without secrets")
    async def export_settings(
        format_: Annotated[Format, QueryParameter(name="format")] = "toml",
    ) -> Response[bytes]:
        """For admins."""
        return Response(
            write_settings(configuration, format_).encode(),
            media_type="application/json" if format_ == "json" else "application/toml",
            headers={
                "cache-control": "no-store",
                "content-disposition": f'attachment; filename="tavernlink.{format_}"',
            },
        )

    return [show_settings, change_settings, check_settings, export_settings]
