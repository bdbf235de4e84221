"""`tavernlink extension`: put the SillyTavern extension into a SillyTavern on this machine, renew it, take it away."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from tavernlink.cli.output import fail
from tavernlink.up.sillytavern import DEFAULT_USER, Installed, SillyTavernFolder, copy_into_place, remove
from tavernlink.version import __version__

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Put the extension into a SillyTavern on this machine.")

SillyTavernPath = Annotated[Path, typer.Argument(help="The folder in which SillyTavern is started.")]
DataRoot = Annotated[
    Path | None, typer.Option(help="SillyTavern's data folder.", show_default="as its config.yaml says")
]
AllUsers = Annotated[bool, typer.Option("--all-users", help="For every user of this SillyTavern.")]
User = Annotated[str, typer.Option(help="The SillyTavern user to install it for.")]

_NEXT = (
    "Reload SillyTavern in the browser. Under Extensions, Tavernlink, enter the hub's address and a key;\n"
    'make one with: tavernlink keys create --role tavern --name "My SillyTavern"'
)


@app.command()
def install(
    sillytavern: SillyTavernPath,
    all_users: AllUsers = False,
    user: User = DEFAULT_USER,
    data_root: DataRoot = None,
) -> None:
    """Install the extension, for one user or for all. An older one in the same place is replaced."""
    folder = SillyTavernFolder(sillytavern, data_root)
    target = folder.place_for_all() if all_users else folder.place_for(user)
    _put(target)
    whom = "all users" if all_users else user
    print(f"Installed the extension {__version__} for {whom} of SillyTavern {folder.version}:\n  {target}")
    others = [each for each in folder.installed() if each.path != target and (all_users or each.user is None)]
    for other in others:
        print(f"It is also installed {_whose(other)}; SillyTavern takes a user's own copy first.")
    print(_NEXT)


@app.command()
def upgrade(sillytavern: SillyTavernPath, data_root: DataRoot = None) -> None:
    """Replace every installed copy by this version."""
    for each in _installed(SillyTavernFolder(sillytavern, data_root)):
        _put(each.path)
        print(f"{each.version} -> {__version__} {_whose(each)}: {each.path}")
    print("Reload SillyTavern in the browser.")


@app.command("remove")
def remove_(sillytavern: SillyTavernPath, data_root: DataRoot = None) -> None:
    """Take every installed copy away; its settings in SillyTavern stay."""
    for each in _installed(SillyTavernFolder(sillytavern, data_root)):
        with _said(each.path):
            remove(each.path)
        print(f"Removed {each.version} {_whose(each)}: {each.path}")
    print("Reload SillyTavern in the browser.")


def _put(target: Path) -> None:
    from tavernlink.extension_files import extension_folder

    with _said(target):
        copy_into_place(extension_folder(), target)


def _installed(folder: SillyTavernFolder) -> list[Installed]:
    found = list(folder.installed())
    if not found:
        fail(f"The extension is not installed in {folder.path}. Use `tavernlink extension install`.")
    return found


def _whose(installed: Installed) -> str:
    return "for all users" if installed.user is None else f"for {installed.user}"


@contextlib.contextmanager
def _said(target: Path) -> Iterator[None]:
    """Turn what the disk refuses into a sentence."""
    try:
        yield
    except OSError as error:
        fail(
            f"Cannot write {target}: {error.strerror or error}. "
            "Stop programs that have it open, or run this as the user who owns SillyTavern."
        )
