"""`tavernlink keys`: make, list and revoke keys. Works on the data folder, also while the hub runs."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.access import DataDir, open_keys, settings_of
from tavernlink.cli.durations import parse_end, show_time
from tavernlink.cli.output import AsJson, fail, note, print_json, print_table
from tavernlink.private_file import write_private

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Keyring
    from tavernlink.protocol.access import KeyInfo

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Make, list and revoke keys, also while the hub runs.")

_WHO = "command line"


class Role(StrEnum):
    """Who a key is for."""

    ADMIN = "admin"
    TAVERN = "tavern"
    APP = "app"
    VIEWER = "viewer"


@app.command()
def create(
    *,
    role: Annotated[
        Role, typer.Option(help="tavern: for SillyTavern; app: for a program; viewer: only looks.")
    ],
    name: Annotated[str, typer.Option(help="A name that tells you whose key it is.")],
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SCOPE", help="Only this of what its role may, e.g. chat:read; may be given again."
        ),
    ] = None,
    tavern: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this tavern, by name or id; may be given again."),
    ] = None,
    room: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this room; may be given again.")
    ] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="WHEN", help="It ends by itself: 12h, 30d, 1y, or 2027-01-31.")
    ] = None,
    to_file: Annotated[
        Path | None,
        typer.Option(help="Write it to this file, readable to its owner only, instead of showing it."),
    ] = None,
    if_missing: Annotated[
        bool, typer.Option("--if-missing", help="With --to-file: leave a file alone whose key lets in.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Make a key and print it, alone. It is shown only now; the hub keeps a hash."""
    if if_missing and to_file is None:
        raise typer.BadParameter("it goes with --to-file.", param_hint="--if-missing")
    now = time.time()
    try:
        ends = None if expires is None else parse_end(expires, now)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--expires") from None
    with open_keys(settings_of(data_dir)) as (keyring, audit):
        if if_missing and to_file is not None and _lets_in(keyring, to_file, role.value):
            note(f"{to_file} holds a key that lets in.")
            return
        try:
            key, text = keyring.create(
                role.value,
                name,
                scopes=scope or None,
                taverns=tavern or None,
                rooms=room or None,
                expires=ends,
            )
        except ValueError as error:
            raise typer.BadParameter(f"{error}.", param_hint="--scope") from None
        audit.record("key.created", _WHO, target=key.id, name=key.name, role=key.role)
        info = keyring.info(key)
    if to_file is not None:
        _write(to_file, text)
        note(f"The key of {info.name} is in {to_file}.")
    elif as_json:
        print_json({**_facts(info), "key": text})
    else:
        print(text)


def _lets_in(keyring: Keyring, file: Path, role: str) -> bool:
    """True if the file holds a key of this role that the hub takes."""
    from tavernlink.errors import AuthError

    try:
        return keyring.verify(file.read_text("utf-8").strip()).role == role
    except (OSError, UnicodeDecodeError, AuthError):
        return False


def _write(file: Path, text: str) -> None:
    """Replace the file in one step: who reads it meanwhile finds the old key or the new one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_private(file, f"{text}\n".encode())
    except OSError as error:
        fail(f"Cannot write the key to {file}: {error}. It was made all the same; revoke it, or try again.")


@app.command("list")
def list_(
    data_dir: DataDir = None,
    as_json: AsJson = False,
    every: Annotated[bool, typer.Option("--all", help="Revoked and expired keys too.")] = False,
) -> None:
    """List the keys by name, those of `keys.d` too; the keys themselves are nowhere kept."""
    with open_keys(settings_of(data_dir)) as (keyring, _):
        keys = [
            keyring.info(key)
            for key in keyring.listed()
            if every or (key.revoked is None and keyring.why_ended(key.id) is None)
        ]
        full = {key.id for key in keyring.listed() if key.scopes is None}
    if as_json:
        print_json([_facts(key) for key in keys])
    elif keys:
        print_table(
            ["ID", "ROLE", "NAME", "MAY", "TAVERNS", "ROOMS", "CREATED", "LAST USED", "ENDS"],
            [_row(key, narrowed=key.id not in full) for key in keys],
        )
    else:
        note("There are no keys yet. Make one with `tavernlink keys create --role app --name NAME`.")


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="The key's id, or its name (then every key of that name).")],
    data_dir: DataDir = None,
) -> None:
    """Revoke a key for good. A hub that runs cuts its connections off within a second."""
    with open_keys(settings_of(data_dir)) as (keyring, audit):
        for revoked in keyring.revoke(key):
            audit.record("key.revoked", _WHO, target=revoked.id, name=revoked.name, role=revoked.role)
            print(f"Revoked {revoked.role} key {revoked.id} ({revoked.name}).")


def _row(key: KeyInfo, *, narrowed: bool) -> list[str]:
    if key.revoked is not None:
        ends = f"revoked {show_time(key.revoked)}"
    elif key.source is not None and key.expires is None:
        ends = f"with {key.source}"
    else:
        ends = show_time(key.expires)
    return [
        key.id,
        key.role,
        key.name,
        ", ".join(key.scopes) if narrowed else "all",
        "all" if key.taverns is None else ", ".join(key.taverns),
        "all" if key.rooms is None else ", ".join(key.rooms),
        show_time(key.created),
        show_time(key.last_used),
        ends,
    ]


def _facts(key: KeyInfo) -> dict[str, object]:
    import msgspec

    facts: dict[str, object] = msgspec.to_builtins(key)
    return facts
