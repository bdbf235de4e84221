"""`tavernlink mcp`: an MCP server on standard input and output; `mcp servers`: those that the hub uses."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tavernlink.cli.access import Access, Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.output import AsJson, note, print_json, print_table

__all__ = ["app"]

app = typer.Typer(invoke_without_command=True, help="Speak MCP with programs such as Claude Desktop.")


@app.callback()
def serve(
    context: typer.Context,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Be an MCP server on standard input and output, for programs that start their servers themselves.

    Programs that take an address need no command: they use the hub's own, with /mcp at its end.
    """
    if context.invoked_subcommand is not None:
        return
    from tavernlink.cli.loop import run

    run(_serve(find_access(url, key, data_dir, ca)))


async def _serve(access: Access) -> None:
    from tavernlink.mcp.server.stdio import serve_stdio
    from tavernlink.sdk import connect

    await serve_stdio(connect(access.url, access.key, name="MCP", connect_timeout=None))


@app.command("servers")
def servers(
    *,
    restart: Annotated[str | None, typer.Option(help="Start this one anew.")] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show the MCP servers that the settings of the hub name, and how each is. Needs an admin's key."""
    access = find_access(url, key, data_dir, ca, admin=True)
    found = _ask(access, restart)
    if as_json:
        print_json(found)
    elif not found:
        note("The settings name no MCP server. See docs/guide/mcp.md.")
    else:
        columns = ["SERVER", "STATE", "WHAT", "FUNCTIONS", "TROUBLE"]
        print_table(
            columns,
            [
                [
                    each["name"],
                    each["state"],
                    each["server"] or each["transport"],
                    str(len(each["tools"])),
                    (each["error"] or "").replace("\n", " "),
                ]
                for each in found
            ],
        )


def _ask(access: Access, restart: str | None) -> list[dict[str, Any]]:
    """Return the servers; raises the `TavernlinkError` of the hub."""
    from urllib.parse import quote

    from tavernlink.cli.rest import ask

    if restart is not None:
        found = ask(access, "POST", f"/api/mcp/{quote(restart, safe='')}/restart")
    else:
        found = ask(access, "GET", "/api/mcp")
    return list(found)
