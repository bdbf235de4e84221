"""`tavernlink tab`: keep SillyTavern tabs open in headless browsers, so that the hub always has a tavern.

Exit status: 78 (as `sysexits.h` has it for a wrong configuration) where no waiting mends it, so that a service manager
need not try again: no browser, a refused key, a login.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.output import fail, note

if TYPE_CHECKING:
    from tavernlink.tab import TabOptions

__all__ = ["HOPELESS", "tab"]

HOPELESS = 78
_SECONDS_OF_HOUR = 3_600.0
_START_SECONDS = 180.0  # nobody waits for it here, and a small computer takes its time


def tab(
    *,
    url: Annotated[str, typer.Argument(help="SillyTavern's address.")] = "http://127.0.0.1:8000",
    config: Annotated[
        Path | None,
        typer.Option(help="A TOML file of tabs; the options below are for what it leaves out."),
    ] = None,
    tabs: Annotated[int, typer.Option(min=1, max=64, help="How many tabs on this SillyTavern.")] = 1,
    hub: Annotated[
        str | None, typer.Option(help="The hub's address for the extension.", envvar="TAVERNLINK_URL")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="A key with the role tavern, for the extension.", envvar="TAVERNLINK_TAVERN_KEY"),
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="A file with that key.", envvar="TAVERNLINK_TAVERN_KEY_FILE")
    ] = None,
    wait_for_key: Annotated[
        bool,
        typer.Option(
            "--wait-for-key", help="Keep trying where the hub refuses the key, or its file is missing."
        ),
    ] = False,
    name: Annotated[str | None, typer.Option(help="The tavern's name in the hub.")] = None,
    character: Annotated[
        str | None, typer.Option(help="Character to open: its name or avatar file name.")
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            help="SillyTavern account to log in with; its password in TAVERNLINK_TAB_PASSWORD or --password-file.",
            envvar="TAVERNLINK_TAB_ACCOUNT",
        ),
    ] = None,
    password_file: Annotated[Path | None, typer.Option(help="A file with the account's password.")] = None,
    basic_auth_file: Annotated[
        Path | None,
        typer.Option(
            help="A file with NAME:PASSWORD for basic authentication; or TAVERNLINK_TAB_BASIC_AUTH."
        ),
    ] = None,
    profiles: Annotated[
        Path | None,
        typer.Option(
            help="Folder of browser profiles, in which taverns keep their ids over restarts.",
            envvar="TAVERNLINK_TAB_PROFILES",
            show_default="tabs, in the data folder",
        ),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="The one tab's browser profile folder, instead of --profiles.")
    ] = None,
    memory_limit: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Open a tab anew above it, e.g. 1.5GB.")
    ] = None,
    recycle: Annotated[
        float | None,
        typer.Option(metavar="HOURS", min=0.01, help="Open a tab anew so many hours after its opening."),
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
    keeper_key: Annotated[
        str | None,
        typer.Option(
            help="A key with functions:register, to show the tabs to programs; made by itself otherwise.",
            envvar="TAVERNLINK_KEEPER_KEY",
        ),
    ] = None,
) -> None:
    """Keep SillyTavern tabs open in headless browsers until Ctrl-C; what ends is opened again."""
    import asyncio

    from tavernlink.cli.loop import run
    from tavernlink.demo.stopping import cancelled_by_signals
    from tavernlink.tab import BrowserTabError, Keeper, TabOptions, file

    if profile is not None and (tabs > 1 or config is not None):
        raise typer.BadParameter("--profile is for one tab; use --profiles.", param_hint="--profile")
    folder = profiles or _data_folder() / "tabs"
    try:
        password = (
            file.read_secret(password_file)
            if password_file
            else os.environ.get("TAVERNLINK_TAB_PASSWORD", "")
        )
        basic = (
            file.read_secret(basic_auth_file)
            if basic_auth_file
            else os.environ.get("TAVERNLINK_TAB_BASIC_AUTH")
        )
        given = TabOptions(
            url=url,
            basic_auth=file.parse_basic_auth(basic) if basic else None,
            account=account,
            password=password,
            hub=hub,
            key=key,
            key_file=None if key else key_file,
            wait_for_key=wait_for_key,
            name=name,
            character=character,
            profile=profile,
            browser=browser,
            headless=not show,
            start_seconds=_START_SECONDS,
            memory_limit=None if memory_limit is None else file.parse_size(memory_limit),
            recycle_seconds=None if recycle is None else recycle * _SECONDS_OF_HOUR,
            model_url=model_url,
            model_key=model_key,
            model_id=model_id,
        )
    except ValueError as error:
        raise typer.BadParameter(f"{error}.") from None

    async def keep() -> None:
        wanted = file.read_tabs(config, given) if config is not None else _several(given, tabs, folder)
        keeper = Keeper(wanted, report=note, folder=folder, key=keeper_key)
        with contextlib.suppress(asyncio.CancelledError), cancelled_by_signals():
            await keeper.run()

    try:
        run(keep())
    except BrowserTabError as error:
        fail(error.message, code=error.code, status=HOPELESS if error.code in error.hopeless else 1)


def _several(given: TabOptions, count: int, folder: Path) -> list[TabOptions]:
    """Return as many tabs, each with a name and a profile of its own."""
    from tavernlink.tab.file import folder_of

    if count == 1:
        return [dataclasses.replace(given, profile=given.profile or folder_of(folder, given.name or "tab"))]
    names = [f"{given.name or 'tab'} {number}" for number in range(1, count + 1)]
    return [dataclasses.replace(given, name=name, profile=folder_of(folder, name)) for name in names]


def _data_folder() -> Path:
    import platformdirs

    return Path(
        os.environ.get("TAVERNLINK_DATA_DIR") or platformdirs.user_data_dir("tavernlink", appauthor=False)
    )
