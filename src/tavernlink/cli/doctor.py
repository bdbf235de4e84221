"""`tavernlink doctor`: look at everything that the main way needs, and say what to fix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access, find_url
from tavernlink.cli.output import AsJson, console, print_json
from tavernlink.errors import AuthError

if TYPE_CHECKING:
    from tavernlink.cli.checks import Check

__all__ = ["doctor"]

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    *,
    sillytavern: Annotated[
        Path | None,
        typer.Argument(help="The folder in which SillyTavern is started, where it is on this machine."),
    ] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    data_root: Annotated[
        Path | None, typer.Option(help="SillyTavern's data folder.", show_default="as its config.yaml says")
    ] = None,
    sillytavern_url: Annotated[
        str, typer.Option(help="SillyTavern's address.", envvar="TAVERNLINK_SILLYTAVERN_URL")
    ] = "http://127.0.0.1:8000",
    as_json: AsJson = False,
) -> None:
    """Check hub, key, SillyTavern, extension and browser; status 1 where something has to be fixed."""
    from tavernlink.cli.checks import checks_to_json
    from tavernlink.cli.loop import run

    checks = run(
        _look(
            url=find_url(url, data_dir, ca),
            key=key,
            data_dir=data_dir,
            sillytavern=sillytavern,
            data_root=data_root,
            sillytavern_url=sillytavern_url,
        )
    )
    if as_json:
        print_json(checks_to_json(checks))
    else:
        for check in checks:
            _show(check)
    if any(check.state == "fail" for check in checks):
        raise SystemExit(1)


async def _look(
    *,
    url: str,
    key: str | None,
    data_dir: Path | None,
    sillytavern: Path | None,
    data_root: Path | None,
    sillytavern_url: str,
) -> list[Check]:
    from tavernlink.cli import checks

    found = [await checks.check_hub(url)]
    if found[0].state != "fail":
        try:
            access = find_access(url, key, data_dir)
        except AuthError as error:
            found.append(checks.Check("key", "fail", error.message))
        else:
            check, taverns = await checks.check_key(access.url, access.key)
            found.append(check)
            if check.state == "ok":
                found += checks.check_taverns(taverns)
    found.append(await checks.check_sillytavern_page(sillytavern_url))
    if sillytavern is not None:
        found += checks.check_sillytavern_folder(sillytavern, data_root)
    found.append(checks.check_browser())
    return found


def _show(check: Check) -> None:
    from rich.text import Text

    line = Text.assemble((f"{check.state:<5}", _COLOURS[check.state]), f"{check.name}: {check.found}")
    if check.advice:
        line.append(f"\n     {check.advice}")
    console().print(line)
