"""`tavernlink serve`: start the hub and stay until Ctrl-C or SIGTERM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import DataDir
from tavernlink.cli.output import fail, print_json

if TYPE_CHECKING:
    from tavernlink.app import Server

__all__ = ["serve"]


def serve(
    *,
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port; 0 takes a free one.", show_default="8001")
    ] = None,
    data_dir: DataDir = None,
    tls: Annotated[
        bool | None,
        typer.Option("--tls", help="Speak https with a certificate of the hub's own.", show_default=False),
    ] = None,
    tls_certificate: Annotated[
        Path | None, typer.Option(help="PEM file; with --tls-key, speaks https.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file of the certificate's key.")] = None,
    allow_insecure_bind: Annotated[
        bool | None,
        typer.Option(
            "--allow-insecure-bind", help="Listen where others can reach it without TLS.", show_default=False
        ),
    ] = None,
    log_level: Annotated[
        str | None, typer.Option(help="debug, info, warning or error.", show_default="info")
    ] = None,
    log_format: Annotated[str | None, typer.Option(help="human, json or auto.", show_default="auto")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the address and the first key as JSON.")
    ] = False,
) -> None:
    """Start the hub and stay until Ctrl-C.

    Settings come from tavernlink.toml in the data folder, then TAVERNLINK_* variables, then these options. The first
    start of a data folder makes an admin key and shows it once.
    """
    from tavernlink import app
    from tavernlink.cli.loop import run
    from tavernlink.config import SettingsError, Sources
    from tavernlink.logs import set_up_logs

    overrides: dict[str, Any] = {
        "host": host,
        "port": port,
        "data_dir": data_dir,
        "tls": tls,
        "tls_certificate": tls_certificate,
        "tls_key": tls_key,
        "allow_insecure_bind": allow_insecure_bind,
        "log_level": log_level,
        "log_format": log_format,
    }
    try:
        sources = Sources(overrides)
        settings = sources.read().settings
        set_up_logs(settings.log_level, settings.log_format)
        run(app.serve(sources, on_ready=_tell_as_json if as_json else _tell))
    except SettingsError as error:
        fail(str(error))


def _tell(server: Server) -> None:
    """Say where things are, and what to do first."""
    from tavernlink.cli.certificate import about
    from tavernlink.version import __version__

    url = server.url
    data = server.settings.data_dir
    lines = [
        f"Tavernlink {__version__} listens on {url}",
        f"  OpenAI API   {url}/v1",
        f"  REST         {url}/api (described at {url}/api/schema)",
        f"  MCP          {url}/mcp",
        f"  WebSocket    {url.replace('http', 'ws', 1)}/ws",
        f"  Socket.IO    {url}/socket.io/",
        f"  data         {data}",
    ]
    if server.certificate is not None:
        lines += ["", *about(server.certificate)]
    if server.first_admin_key is not None:
        lines += [
            "",
            "This is the first start. Your admin key, shown only now:",
            f"  {server.first_admin_key}",
            "Make a key for SillyTavern, and one for each of your programs:",
            f'  tavernlink keys create --role tavern --name "My SillyTavern" --data-dir "{data}"',
            f'  tavernlink keys create --role app --name "My bot" --data-dir "{data}"',
            "Put the extension into your SillyTavern:",
            "  tavernlink extension install PATH_TO_SILLYTAVERN",
        ]
    print("\n".join([*lines, "", "Ctrl-C stops it."]), flush=True)


def _tell_as_json(server: Server) -> None:
    own = server.certificate.own if server.certificate else None
    print_json(
        {
            "url": server.url,
            "data_dir": str(server.settings.data_dir),
            "first_admin_key": server.first_admin_key,
            "fingerprint": server.certificate.fingerprint if server.certificate else None,
            "ca": str(own.authority) if own else None,
        }
    )
