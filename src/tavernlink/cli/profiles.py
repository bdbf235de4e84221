"""`tavernlink profiles`: settings that SillyTaverns share. Talks to the hub that runs."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tavernlink.cli.access import DataDir, KeyText, Url, open_hub
from tavernlink.cli.output import AsJson, fail, note, print_json, print_table
from tavernlink.controls import without_controls

if TYPE_CHECKING:
    from tavernlink.protocol.profiles import ItemChange, ItemRef, ProfileInfo
    from tavernlink.sdk import SyncHub

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    help="Share settings (presets, lorebooks, regex, quick replies) between SillyTaverns.",
)

Name = Annotated[str, typer.Argument(help="The profile.")]
Version = Annotated[
    int | None, typer.Option("--version", min=1, help="A version of it.", show_default="the newest")
]
TavernName = Annotated[
    str | None, typer.Option("--tavern", help="Id or name of the tavern.", show_default="the first")
]
Items = Annotated[
    list[str] | None,
    typer.Option("--item", metavar="KIND/NAME", help="Only this item; may be given more than once."),
]


@app.command("list")
def list_(url: Url = None, key: KeyText = None, data_dir: DataDir = None, as_json: AsJson = False) -> None:
    """List the profiles of the hub."""
    with _hub(url, key, data_dir) as hub:
        _print_infos(hub.profiles.all(), as_json=as_json)


@app.command()
def history(
    profile: Name, url: Url = None, key: KeyText = None, data_dir: DataDir = None, as_json: AsJson = False
) -> None:
    """List the versions of a profile that the hub keeps, newest first."""
    with _hub(url, key, data_dir) as hub:
        _print_infos(hub.profiles.history(profile), as_json=as_json)


@app.command()
def show(
    *,
    profile: Name,
    version: Version = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what is in a profile; with --json the contents too."""
    import msgspec

    with _hub(url, key, data_dir) as hub:
        found = hub.profiles.get(profile, version=version)
    if as_json:
        print_json(found)
        return
    rows = [[item.kind, item.name, str(len(msgspec.json.encode(item.content)))] for item in found.items]
    print_table(["KIND", "NAME", "BYTES"], rows)


@app.command()
def diff(
    *,
    profile: Name,
    version: Version = None,
    since: Annotated[
        int | None, typer.Option(min=1, help="Compare with this version.", show_default="the one before")
    ] = None,
    tavern: Annotated[
        str | None, typer.Option("--tavern", help="Compare with what this tavern has now instead.")
    ] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show what changed in a version, or what it would change in a tavern; nothing is changed."""
    with _hub(url, key, data_dir) as hub:
        if tavern is None:
            changes = hub.profiles.diff(profile, version=version, since=since)
        else:
            changes = hub.profiles.apply(profile, tavern=tavern, version=version, dry_run=True).changes
    _print_changes(changes, as_json=as_json)


@app.command()
def export(
    *,
    profile: Name,
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it.", show_default="standard output")
    ] = None,
    version: Version = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
) -> None:
    """Write a profile to a JSON file that `import` reads."""
    import msgspec

    with _hub(url, key, data_dir) as hub:
        found = hub.profiles.get(profile, version=version)
    text = json.dumps(msgspec.to_builtins(found), ensure_ascii=file is None, indent=2)
    if file is None:
        print(text)
        return
    try:
        file.write_text(text + "\n", "utf-8")
    except OSError as error:
        fail(f"Cannot write {file}: {error.strerror}.")
    note(f"{len(found.items)} items are in {file}.")


@app.command("import")
def import_(
    *,
    file: Annotated[Path, typer.Argument(help="A file that `export` wrote; `-`: standard input.")],
    profile: Annotated[
        str | None, typer.Option("--name", help="Name of the profile.", show_default="that in the file")
    ] = None,
    merge: Annotated[bool, typer.Option("--merge", help="Keep items that the file does not name.")] = False,
    message: Annotated[str | None, typer.Option("--note", help="What is new.")] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
) -> None:
    """Make a new version of a profile from a file."""
    import msgspec

    from tavernlink.protocol.profiles import Profile

    try:
        text = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        found = msgspec.json.decode(text, type=Profile)
    except OSError as error:
        fail(f"Cannot read {file}: {error.strerror}.")
    except msgspec.MsgspecError as error:
        fail(f"{file} is not a file that `tavernlink profiles export` wrote: {error}.")
    name = profile or found.info.profile
    with _hub(url, key, data_dir) as hub:
        info = hub.profiles.save(
            name, found.items, merge=merge, note=found.info.note if message is None else message
        )
    print(f"{info.profile} is at version {info.version} with {info.items} items.")


@app.command()
def publish(
    *,
    profile: Name,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="Everything of this kind; may be given more than once.")
    ] = None,
    item: Items = None,
    tavern: TavernName = None,
    message: Annotated[str, typer.Option("--note", help="What is new.")] = "",
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
) -> None:
    """Have a tavern publish its settings; keys and passwords stay there."""
    kinds = kind or []
    for each in kinds:
        _check_kind(each)
    if not kinds and not item:
        fail("Say what to publish: --kind lorebook, or --item lorebook/NAME.", status=2)
    with _hub(url, key, data_dir) as hub:
        info = hub.profiles.publish(
            profile, tavern=tavern, kinds=kinds, items=_refs(item) or [], note=message
        )
    print(f"{info.profile} is at version {info.version} with {info.items} items.")


@app.command()
def apply(
    *,
    profile: Name,
    tavern: TavernName = None,
    version: Version = None,
    item: Items = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Also what was changed there since it was last applied.")
    ] = False,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Have a tavern take a profile over. What it replaces is backed up; `undo` puts it back."""
    with _hub(url, key, data_dir) as hub:
        done = hub.profiles.apply(
            profile, tavern=tavern, version=version, items=_refs(item), overwrite=overwrite
        )
    if as_json:
        print_json(done)
        return
    for ref in done.applied:
        print(f"{ref.kind}/{ref.name}")
    held = [change for change in done.changes if change.held is not None and not overwrite]
    for change in held:
        why = "it was changed there" if change.held == "conflict" else "it is being edited there"
        note(f"not taken over: {change.kind}/{change.name}: {why}")
    note(f"{len(done.applied)} items of {profile} (version {done.version}) were taken over.")
    if held:
        note("Look at them with `tavernlink profiles diff --tavern`, then say --overwrite.")


@app.command()
def undo(
    tavern: TavernName = None,
    backup: Annotated[str | None, typer.Option(help="Id of a backup.", show_default="the newest")] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
) -> None:
    """Have a tavern put back what its last `apply` replaced."""
    with _hub(url, key, data_dir) as hub:
        done = hub.profiles.undo(tavern=tavern, backup=backup)
    for ref in done.restored:
        print(f"{ref.kind}/{ref.name}")
    note(f"{len(done.restored)} items are as they were before {done.profile} (version {done.version}).")


@app.command()
def delete(profile: Name, url: Url = None, key: KeyText = None, data_dir: DataDir = None) -> None:
    """Delete a profile with all its versions. Taverns keep what they took over."""
    with _hub(url, key, data_dir) as hub:
        hub.profiles.delete(profile)
    print(f"Deleted {profile}.")


def _hub(url: str | None, key: str | None, data_dir: Path | None) -> SyncHub:
    return open_hub(url, key, data_dir, name="profiles")


def _check_kind(kind: str) -> None:
    from typing import get_args

    from tavernlink.protocol.profiles import ProfileKind

    if kind not in get_args(ProfileKind):
        fail(f"There is no kind {kind!r}. Kinds: {', '.join(get_args(ProfileKind))}.", status=2)


def _refs(items: list[str] | None) -> list[ItemRef] | None:
    from tavernlink.protocol.profiles import ItemRef

    if not items:
        return None
    refs = []
    for item in items:
        kind, slash, name = item.partition("/")
        if not slash or not name:
            fail(f"An item is KIND/NAME, e.g. lorebook/Eldoria, and not {item!r}.", status=2)
        _check_kind(kind)
        refs.append(ItemRef(kind=kind, name=name))  # type: ignore[arg-type]  # was checked
    return refs


def _print_infos(infos: list[ProfileInfo], *, as_json: bool) -> None:
    if as_json:
        print_json(infos)
    elif not infos:
        note("There are no profiles yet. Publish one in SillyTavern, or with `tavernlink profiles publish`.")
    else:
        print_table(
            ["PROFILE", "VERSION", "WHEN", "BY", "ITEMS", "BYTES", "NOTE"],
            [
                [
                    info.profile,
                    str(info.version),
                    datetime.fromtimestamp(info.time, UTC).astimezone().strftime("%Y-%m-%d %H:%M"),
                    info.author,
                    str(info.items),
                    str(info.size),
                    info.note,
                ]
                for info in infos
            ],
        )


def _print_changes(changes: list[ItemChange], *, as_json: bool) -> None:
    if as_json:
        print_json(changes)
        return
    if not changes:
        note("Nothing differs.")
    for change in changes:
        held = {"conflict": " (changed there since)", "open": " (being edited there)"}.get(
            change.held or "", ""
        )
        print(without_controls(f"{change.change:8} {change.kind}/{change.name}{held}"))
        for field in change.fields:
            print(without_controls(f"    {field.path}"))
            if field.before is not None:
                print(without_controls(f"      - {field.before}"))
            if field.after is not None:
                print(without_controls(f"      + {field.after}"))
        if change.more:
            print(f"    … and {change.more} more fields")
