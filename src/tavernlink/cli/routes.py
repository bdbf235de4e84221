"""`tavernlink routes`: the rules that lead messages; list, put and remove them in a running hub, test them anywhere.

`test` needs no hub: it reads the rules of the settings and of the data folder, or those of a file, and says what they
would do with a message.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, open_hub, settings_of
from tavernlink.cli.output import AsJson, fail, note, print_json, print_table

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.core.routing.rulebook import RuleBook
    from tavernlink.protocol.routing import Route, Routed, RouteInfo, RouteTest, RouteTrace, Target

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="List, change and test the rules that lead messages.")


@app.command("list")
def list_(
    url: Url = None, key: KeyText = None, data_dir: DataDir = None, ca: Ca = None, as_json: AsJson = False
) -> None:
    """List the rules of a running hub in the order in which they are tried, and how they fare."""
    infos: list[RouteInfo] = _ask(url, key, data_dir, ca, ("route.list", None))
    if as_json:
        print_json(infos)
    elif infos:
        print_table(
            ["ID", "FROM", "TYPES", "ACTION", "WHEN", "MATCHED", "FAILED", "PROBLEM"],
            [
                [
                    info.route.id,
                    info.origin,
                    ",".join(info.route.types),
                    _action(info.route),
                    info.route.when,
                    str(info.matched),
                    str(info.failed),
                    info.problem or "",
                ]
                for info in infos
            ],
        )
    else:
        note("There are no rules. The guide to routing shows some.")


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="TOML with tables of routes, as in the settings; or JSON.")],
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Make the rules of a file in a running hub, or change those with the same ids."""
    routes = _read_routes(file)
    for route in routes:
        info: RouteInfo = _ask(url, key, data_dir, ca, ("route.put", route))
        print(f"{info.route.id}: {_action(info.route)}")


@app.command()
def remove(
    route: Annotated[str, typer.Argument(help="The rule's id.")],
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
) -> None:
    """Remove a rule from a running hub. One of the settings is removed there."""
    from tavernlink.protocol.routing import RouteRemove

    _ask(url, key, data_dir, ca, ("route.remove", RouteRemove(id=route)))
    print(f"Removed {route}.")


@app.command("test")
def try_(  # noqa: PLR0917  # its parameters are the command line's options
    file: Annotated[
        Path | None,
        typer.Argument(
            help="JSON with one message or a list: {type, content, to, from}.", show_default=False
        ),
    ] = None,
    type_: Annotated[str | None, typer.Option("--type", help="The message's type, e.g. x.dice.roll.")] = None,
    content: Annotated[
        str, typer.Option("--content", help="Its content: JSON, or else plain text.")
    ] = "null",
    sender: Annotated[str, typer.Option("--from", help="Name of its sender.")] = "someone",
    kind: Annotated[str, typer.Option("--kind", help="What its sender is: app or tavern.")] = "app",
    role: Annotated[str | None, typer.Option("--role", help="Role of its sender's key.")] = None,
    to: Annotated[str | None, typer.Option("--to", help='Id or name of a peer; "*" is everybody.')] = None,
    room: Annotated[str | None, typer.Option("--room", help="A room instead.")] = None,
    rules: Annotated[
        Path | None,
        typer.Option("--rules", help="Take the rules from this file, not from settings and data."),
    ] = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show which rules match a message and what would come of it. Nothing is sent; no hub is needed."""
    if (file is None) == (type_ is None):
        fail("Say what to test: a file with messages, or --type with --content.", status=2)
    if file is not None:
        messages = _read_messages(file)
    else:
        facts = {"id": sender, "name": sender, "kind": kind, "role": role or kind}
        described: dict[str, Any] = {"type": type_, "content": _json_or_text(content), "from": facts}
        if to is not None or room is not None:
            described["to"] = {"room": room} if room else {"all": True} if to == "*" else {"peer": to}
        messages = [_message(described, "the command line")]
    traces = _trace(_book(rules, data_dir), messages)
    if as_json:
        print_json(traces)
    else:
        for message, trace in zip(messages, traces, strict=True):
            _show(message, trace)
    if any(trace.error for trace in traces):
        raise SystemExit(1)


def _ask(
    url: str | None, key: str | None, data_dir: Path | None, ca: Path | None, call: tuple[str, Any]
) -> Any:
    with open_hub(url, key, data_dir, ca, name="routes", admin=True) as hub:
        return hub.call(*call)


def _book(file: Path | None, data_dir: Path | None) -> RuleBook:
    from tavernlink.core.routing.rulebook import RuleBook
    from tavernlink.runtime.system import SystemClock, SystemIds

    if file is not None:
        settings_rules, kept = _read_routes(file), _Kept([])
    else:
        settings = settings_of(data_dir)
        settings_rules, kept = list(settings.routes), _Kept(_kept_routes(settings))
    return RuleBook(
        shelf=kept, settings=settings_rules, clock=SystemClock(), ids=SystemIds(), journal=_tell_unusable
    )


def _kept_routes(settings: Settings) -> list[Any]:
    """Return the rules that were made by API; none where there is no database yet."""
    from tavernlink.store import open_store

    if settings.database_url is None and not (settings.data_dir / "tavernlink.db").is_file():
        return []
    store = open_store(settings.url)
    try:
        return store.routes.load()
    finally:
        store.close()


class _Kept:
    """A shelf that is only read."""

    def __init__(self, records: list[Any]) -> None:
        self._records = records

    def load(self) -> list[Any]:
        return self._records

    def put(self, record: Any) -> None:
        raise NotImplementedError

    def remove(self, *key: Any) -> None:
        raise NotImplementedError

    def set(self, *key: Any, **fields: Any) -> None:
        raise NotImplementedError


def _tell_unusable(happening: str, /, **facts: Any) -> None:
    if happening == "route.unusable":
        note(f"warning: the rule {facts['route']} is left out: {facts['why']}")


def _trace(book: RuleBook, messages: list[RouteTest]) -> list[RouteTrace]:
    from tavernlink.core.routing.planner import Planner
    from tavernlink.core.routing.routing import trace
    from tavernlink.protocol.routing import Sender
    from tavernlink.runtime.system import SystemClock

    someone = Sender(id="someone", name="someone", kind="app", role="app")
    planner = Planner(book, _words, SystemClock().now)
    return [trace(planner, message, message.sender or someone) for message in messages]


def _words(target: Target) -> tuple[list[str], list[str]]:
    """Without a hub, an id and a name are whatever the message says."""
    words = target.peers or [word for word in (target.peer, target.room) if word is not None]
    return list(words), list(words)


def _read_routes(file: Path) -> list[Route]:
    import msgspec

    from tavernlink.config.settings import RouteTable

    found = _read(file)
    routes = found.get("routes", [found]) if isinstance(found, dict) else found
    try:
        return list(msgspec.convert(routes, list[RouteTable], strict=False))
    except msgspec.ValidationError as error:
        fail(f"The rules in {file} do not fit: {error}.")


def _read_messages(file: Path) -> list[RouteTest]:
    found = _read(file)
    return [_message(each, str(file)) for each in (found if isinstance(found, list) else [found])]


def _message(described: Any, where: str) -> RouteTest:
    import msgspec

    from tavernlink.protocol.routing import RouteTest

    if isinstance(described, dict) and isinstance(described.get("from"), dict):
        sender = described["from"]
        name, kind = sender.get("name", sender.get("id", "someone")), sender.get("kind", "app")
        described = {**described, "from": {"id": name, "name": name, "kind": kind, "role": kind, **sender}}
    try:
        return msgspec.convert(described, RouteTest)
    except msgspec.ValidationError as error:
        fail(f"A message of {where} does not fit: {error}.")


def _read(file: Path) -> Any:
    try:
        text = file.read_text("utf-8")
        return tomllib.loads(text) if file.suffix.lower() == ".toml" else json.loads(text)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        fail(f"Cannot read {file}: {error}.")


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _action(route: Route) -> str:
    parts: list[str] = [route.action]
    if route.to is not None:
        parts.append(f"to {_target(route.to)}")
    if route.function is not None:
        parts.append(route.function)
    if route.as_ is not None:
        parts.append(f"as {route.as_}")
    return " ".join(parts) + ("" if route.enabled else " (off)")


def _target(target: Target | None) -> str:
    if target is None:
        return "nobody in particular"
    who = (
        f"the room {target.room}" if target.room else ", ".join(target.peers or [target.peer or "everybody"])
    )
    return f"{who} (only {target.kind}s)" if target.kind else who


def _show(message: RouteTest, trace: RouteTrace) -> None:
    source = message.sender.name if message.sender else "someone"
    print(f"{message.type} from {source} to {_target(message.to)}")
    for step in trace.steps:
        verdict = (
            "matches" if step.matched else f"fails: {step.problem}" if step.problem else "does not match"
        )
        hop = f" (hop {step.hops})" if step.hops else ""
        print(f"  rule {step.route}: {step.action} {verdict}{hop}")
    if not trace.steps:
        print("  no rule looks at this type")
    if trace.error is not None:
        print(f"  refused: {trace.error}")
        return
    if trace.dropped is not None:
        print(f"  dropped by {trace.dropped}")
    for result in trace.results:
        print(f"  -> {_result(result)}")


def _result(result: Routed) -> str:
    by = f", by the rule {result.route}" if result.route else ""
    return f"{result.type} to {_target(result.to)}{by}"
