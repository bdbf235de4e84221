"""`tavernlink commands` and `tavernlink run`: what SillyTavern can be asked to do by name, and asking it."""

from __future__ import annotations

import json
import mimetypes
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, open_hub
from tavernlink.cli.output import note, print_json, print_result, print_table

if TYPE_CHECKING:
    from tavernlink.protocol.commands.asking import CommandInfo
    from tavernlink.protocol.commands.entry import CommandSpec

__all__ = ["commands", "run"]

_Tavern = Annotated[str | None, typer.Option(help="Id or name of the tavern.", show_default="the first")]


def run(
    *,
    name: Annotated[
        str, typer.Argument(help="The command, e.g. message.edit; `tavernlink commands` lists them.")
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="KEY=VALUE…", help="Its arguments; a file is given as KEY=@PATH."),
    ] = None,
    arguments: Annotated[
        str | None,
        typer.Option("--json", help="Its arguments as a JSON object instead; - reads standard input."),
    ] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    tavern: _Tavern = None,
    revision: Annotated[
        int | None, typer.Option(help="Do it only if the open chat is still at this revision.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that it may take once it runs.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Where to write the file that is the result.")
    ] = None,
) -> None:
    """Have SillyTavern do something, and print the result as JSON.

    For example: tavernlink run message.edit index=1 text="Well met."
    """
    import msgspec

    from tavernlink.protocol.commands.reading import find_command
    from tavernlink.protocol.files import File

    spec = find_command(name)
    if output is not None and spec.result is not File:
        raise typer.BadParameter(f"The result of {name} is no file.", param_hint="--output")
    args = _read_json(arguments) if arguments is not None else {}
    args |= _read_words(spec, words or [])
    with open_hub(url, key, data_dir, ca, name="run") as hub:
        result = hub.tavern(tavern).run(name, args, revision=revision, timeout=timeout)
    if output is None:
        print_result(result)
        return
    file = msgspec.convert(result, File)
    output.write_bytes(file.data)
    note(f"Wrote {output} ({file.type}, {len(file.data):,} bytes).")


def commands(
    *,
    name: Annotated[
        str | None, typer.Argument(help="One command, or the beginning of several names.", show_default="all")
    ] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    tavern: _Tavern = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print them with their schemas as JSON.")] = False,
) -> None:
    """List what SillyTavern can be asked to do by name; with one name, tell its arguments."""
    from tavernlink.protocol.commands.reading import find_command

    with open_hub(url, key, data_dir, ca, name="commands") as hub:
        listed = hub.tavern(tavern).commands()
    found = [info for info in listed if info.name == name] or [
        info for info in listed if info.name.startswith(name or "")
    ]
    if name is not None and not found:
        find_command(name)
    if as_json:
        print_json(found)
    elif len(found) == 1:
        _describe(found[0])
    else:
        _list(found)


def _read_json(text: str) -> dict[str, Any]:
    try:
        args = json.loads(sys.stdin.read() if text == "-" else text)
    except ValueError as error:
        raise typer.BadParameter(f"This is not JSON: {error}.", param_hint="--json") from None
    if not isinstance(args, dict):
        raise typer.BadParameter("The arguments are an object: {…}.", param_hint="--json")
    return args


def _read_words(spec: CommandSpec, words: list[str]) -> dict[str, Any]:
    from tavernlink.protocol.commands.reading import read_words

    texts: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"{word!r} is not KEY=VALUE.", param_hint="KEY=VALUE")
        texts[key] = _file(Path(value[1:])) if value.startswith("@") and _takes_file(spec, key) else value
    return read_words(spec, texts)


def _takes_file(spec: CommandSpec, key: str) -> bool:
    import msgspec

    from tavernlink.protocol.files import File

    fields = {field.encode_name: field.type for field in msgspec.structs.fields(spec.args)}
    return key in fields and fields[key] in (File, File | None)


def _file(path: Path) -> str:
    """A file as the JSON of the argument that takes it."""
    import msgspec

    from tavernlink.protocol.files import File

    try:
        data = path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(
            f"{path} cannot be read: {error.strerror}.", param_hint="KEY=@PATH"
        ) from None
    type_ = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return msgspec.json.encode(File(name=path.name, type=type_, data=data)).decode()


def _list(found: list[CommandInfo]) -> None:
    rows = [[info.name, info.lane, _needs(info), info.about] for info in found]
    print_table(["COMMAND", "LANE", "NEEDS", ""], rows)


def _needs(info: CommandInfo) -> str:
    if info.known is False:
        return "(a newer extension)"
    return info.scope if info.allowed else f"{info.scope} (not yours)"


def _describe(info: CommandInfo) -> None:
    print(f"{info.name}: {info.about}")
    asks = " The person may be asked first." if info.destructive else ""
    print(f"Lane {info.lane}, needs {_needs(info)}.{asks}\n")
    required = info.args.get("required", [])
    rows = [
        [
            name,
            _type(schema),
            "required" if name in required else _default(schema),
            schema.get("description", ""),
        ]
        for name, schema in info.args.get("properties", {}).items()
    ]
    if rows:
        print_table(["ARGUMENT", "TYPE", "DEFAULT", ""], rows)
    words = " ".join(f"{name}={_word(value)}" for name, value in info.example.items())
    print(f"\nFor example: tavernlink run {info.name} {words}".rstrip())


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(option) for option in schema["anyOf"] if option.get("type") != "null")
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    return (
        f"list of {_type(schema.get('items', {}))}"
        if schema.get("type") == "array"
        else schema.get("type", "any")
    )


def _default(schema: dict[str, Any]) -> str:
    value = schema.get("default")
    return "" if value in (None, [], {}) else json.dumps(value, ensure_ascii=False)


def _word(value: Any) -> str:
    import shlex

    return shlex.quote(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
