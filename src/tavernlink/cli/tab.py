"""`tavernlink tab`: keep a SillyTavern tab open in a headless browser, so that the hub always has a tavern."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from tavernlink.cli.output import note

__all__ = ["tab"]


def tab(
    *,
    url: Annotated[str, typer.Argument(help="SillyTavern's address.")] = "http://127.0.0.1:8000",
    hub: Annotated[
        str | None, typer.Option(help="The hub's address for the extension.", envvar="TAVERNLINK_URL")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="A key with the role tavern, for the extension.", envvar="TAVERNLINK_TAVERN_KEY"),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The tavern's name in the hub.")] = None,
    character: Annotated[
        str | None, typer.Option(help="Character to open: its name or avatar file name.")
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(help="Browser profile folder; with one the tavern keeps its id over restarts."),
    ] = None,
    browser: Annotated[
        Path | None, typer.Option(help="The browser's program.", show_default="found by itself")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Show the browser's window.")] = False,
    model_url: Annotated[
        str | None, typer.Option(help="OpenAI-style model server to connect SillyTavern to.")
    ] = None,
    model_key: Annotated[str | None, typer.Option(help="Its key.", envvar="TAVERNLINK_MODEL_KEY")] = None,
    model_id: Annotated[str | None, typer.Option(help="Its model.")] = None,
) -> None:
    """Keep a SillyTavern tab open in a headless browser until Ctrl-C; it is opened again when it goes away."""
    import asyncio

    from tavernlink.cli.loop import run
    from tavernlink.demo.stopping import cancelled_by_signals
    from tavernlink.tab import TabOptions, run_forever

    options = TabOptions(
        url=url,
        hub=hub,
        key=key,
        name=name,
        character=character,
        profile=profile,
        browser=browser,
        headless=not show,
        model_url=model_url,
        model_key=model_key,
        model_id=model_id,
    )

    async def keep() -> None:
        with contextlib.suppress(asyncio.CancelledError), cancelled_by_signals():
            await run_forever(options, report=note)

    run(keep())
