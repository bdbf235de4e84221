"""`tavernlink functions`: what can be called by name, calling it, and trying one's own files without a hub."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, open_hub, settings_of
from tavernlink.cli.output import fail, note, print_json, print_result, print_table

if TYPE_CHECKING:
    from tavernlink.protocol.functions import FunctionProgress
    from tavernlink.sdk.offering import Offer

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, call and test functions.")

Words = Annotated[list[str] | None, typer.Argument(metavar="KEY=VALUE…", help="Its arguments.")]
AsJson = Annotated[
    str | None, typer.Option("--json", help="Its arguments as a JSON object instead; - reads standard input.")
]


@app.command("list")
def list_(
    *,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    provider: Annotated[
        str | None, typer.Option(help="Only those of the hub, an app, a tavern or an MCP server.")
    ] = None,
    tool: Annotated[bool, typer.Option("--tool", help="Only those that are offered to models.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print them with their schemas as JSON.")] = False,
) -> None:
    """List the functions that the key may call."""
    with open_hub(url, key, data_dir, ca, name="functions") as hub:
        found = hub.functions(tool=tool or None, provider=provider)
    if as_json:
        print_json(found)
    elif found:
        rows = [
            [info.address, _arguments(info.parameters), "tool" if info.tool else "", _first(info.description)]
            for info in found
        ]
        print_table(["FUNCTION", "ARGUMENTS", "", ""], rows)
    else:
        note("There are none. The guide to functions shows how to write one.")


@app.command()
def call(
    *,
    name: Annotated[str, typer.Argument(help="Name or address, e.g. roll or hub/roll.")],
    words: Words = None,
    arguments: AsJson = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that it may take.")] = None,
) -> None:
    """Call a function, and print its result as JSON; progress goes to standard error."""
    with open_hub(url, key, data_dir, ca, name="functions") as hub:
        known = [info for info in hub.functions() if name in (info.name, info.address)]
        args = _read(words, arguments, known[0].parameters if known else {})
        print_result(hub.call(name, args, timeout=timeout if timeout is not None else ..., on_progress=_tell))


@app.command("test")
def try_(
    *,
    name: Annotated[str | None, typer.Argument(help="A function to call.", show_default="none")] = None,
    words: Words = None,
    arguments: AsJson = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of the files.", show_default="that of the hub")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Load the hub's own functions as the hub does, say what is wrong with them, and call one; needs no hub."""
    from tavernlink.functions import Library

    if folder is None:
        settings = settings_of(data_dir)
        folder = settings.functions_dir or settings.data_dir / "functions"
    loaded = Library(folder).load()
    for source, why in loaded.problems.items():
        note(f"{source}: {why}")
    if name is None:
        rows = [
            [offer.spec.name, loaded.sources[offer.spec.name], _arguments(offer.spec.parameters)]
            for offer in loaded.offers.values()
        ]
        if rows:
            print_table(["FUNCTION", "FROM", "ARGUMENTS"], rows)
        else:
            note(f"There is no function in {folder}.")
        raise typer.Exit(1 if loaded.problems else 0)
    offer = loaded.offers.get(name)
    if offer is None:
        fail(f"There is no function {name!r} in {folder}.", code="unknown_function")
    print_result(_carry_out(offer, _read(words, arguments, offer.spec.parameters)))


def _carry_out(offer: Offer, args: dict[str, Any]) -> Any:
    """Carry a function out here, with the checks that the hub makes."""
    import asyncio

    from tavernlink.errors import BadMessage, GenerationError, TavernlinkError, Unavailable
    from tavernlink.protocol.functions import Caller
    from tavernlink.sdk.context import Context
    from tavernlink.sdk.serving import Serving

    def no_hub() -> Any:
        raise Unavailable("unreachable", "A function that is tested without a hub cannot use one.")

    async def run() -> Any:
        outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        class Answer:
            def done(self, result: Any) -> None:
                outcome.set_result(result)

            def fail(self, error: TavernlinkError) -> None:
                outcome.set_exception(error)

        context = Context(
            call_id="test",
            name=offer.spec.name,
            caller=Caller(kind="hub", id="test", name="tavernlink functions test", role="admin"),
            timeout=offer.spec.timeout or 60.0,
            tell=lambda progress, total, message: note(_progress(progress, total, message)),
            hub=no_hub,
            sync_hub=no_hub,
        )
        Serving().begin(offer, args, context, Answer())
        async with asyncio.timeout(offer.spec.timeout):
            return await outcome

    wrong = _problem(offer.spec.parameters, args)
    if wrong is not None:
        raise BadMessage("invalid_arguments", wrong)
    result = asyncio.run(run())
    wrong = _problem(offer.spec.returns or {}, result)
    if wrong is not None:
        raise GenerationError("invalid_result", wrong)
    return result


def _problem(schema: dict[str, Any], value: Any) -> str | None:
    from tavernlink.core.functions.schema import compile_schema

    check = compile_schema(schema, "$")
    problem = check.problem(value) if check is not None else None
    return None if problem is None else f"{problem.message} (at ${problem.path})."


def _read(words: list[str] | None, arguments: str | None, schema: dict[str, Any]) -> dict[str, Any]:
    args: dict[str, Any] = {}
    if arguments is not None:
        try:
            args = json.loads(sys.stdin.read() if arguments == "-" else arguments)
        except ValueError as error:
            raise typer.BadParameter(f"This is not JSON: {error}.", param_hint="--json") from None
        if not isinstance(args, dict):
            raise typer.BadParameter("The arguments are an object: {…}.", param_hint="--json")
    for word in words or []:
        key, equals, value = word.partition("=")
        if not equals:
            raise typer.BadParameter(f"{word!r} is not KEY=VALUE.", param_hint="KEY=VALUE")
        args[key] = _value(value, schema.get("properties", {}).get(key, {}))
    return args


def _value(text: str, schema: dict[str, Any]) -> Any:
    """A text where the schema wants one; else JSON, if it is any."""
    if schema.get("type") == "string" or (
        "enum" in schema and all(isinstance(one, str) for one in schema["enum"])
    ):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _arguments(schema: dict[str, Any]) -> str:
    required = schema.get("required", [])
    return " ".join(name if name in required else f"[{name}]" for name in schema.get("properties", {}))


def _first(text: str) -> str:
    return text.strip().partition("\n")[0]


def _tell(progress: FunctionProgress) -> None:
    note(_progress(progress.progress, progress.total, progress.message))


def _progress(progress: float, total: float | None, message: str | None) -> str:
    share = f"{progress:g}" + (f"/{total:g}" if total is not None else "")
    return f"{share} {message}" if message else share
