"""Tools that stop things, and the pair that reaches every command of SillyTavern without a tool for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import anyio
import mcp_types as types
import msgspec

from tavernlink.errors import BadMessage
from tavernlink.mcp.server.parts import answer_of
from tavernlink.mcp.server.tool import WRITES, Answer, Arguments, Call, Tavern, Tool
from tavernlink.protocol.commands.asking import CommandInfo
from tavernlink.sdk.request import Request

__all__ = ["TOOLS", "outcome", "run_command"]

Result = TypeVar("Result")

_CANCEL_SECONDS = 5.0
_IN_FULL = 12
"""So many commands are listed with everything about them; of more, only what they are for."""


class CancelRequest(Arguments):
    """Arguments of `cancel_request`."""

    request_id: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="From `list_requests`.")
    ]


class StopGeneration(Arguments):
    """Arguments of `stop_generation`."""

    tavern: Tavern = None


class ListCommands(Arguments):
    """Arguments of `list_commands`."""

    search: Annotated[
        str,
        msgspec.Meta(
            max_length=200,
            description="Words that stand in the name or description, e.g. `swipe` or `world.entry`. Up to "
            f"{_IN_FULL} matches are shown with their arguments and an example.",
        ),
    ] = ""
    tavern: Tavern = None


class RunCommand(Arguments):
    """Arguments of `run_command`."""

    name: Annotated[
        str, msgspec.Meta(max_length=200, description="As `list_commands` has it, e.g. `swipe.next`.")
    ]
    args: Annotated[
        dict[str, Any], msgspec.Meta(description="The command's arguments; `list_commands` shows them.")
    ] = {}
    tavern: Tavern = None


async def outcome(request: Request[Result]) -> Result:
    """Return a request's result. Left by a cancellation, the request is cancelled."""
    try:
        return await request
    finally:
        if not request.finished:
            with anyio.move_on_after(_CANCEL_SECONDS, shield=True):
                await request.cancel()


async def run_command(call: Call, tavern: str | None, name: str, args: dict[str, Any]) -> Any:
    """Return a command's result."""
    return await outcome(call.hub.tavern(tavern).run(name, args))


async def _cancel_request(call: Call, arguments: CancelRequest) -> Answer:
    return answer_of({"request": msgspec.to_builtins(await call.hub.requests.cancel(arguments.request_id))})


async def _stop_generation(call: Call, arguments: StopGeneration) -> Answer:
    stopped = await call.hub.tavern(arguments.tavern).stop()
    return Answer("Stopped." if stopped else "Nothing was being generated.", {"stopped": stopped})


async def _list_commands(call: Call, arguments: ListCommands) -> Answer:
    commands = [
        each
        for each in await call.hub.tavern(arguments.tavern).commands()
        if each.allowed and each.known is not False
    ]
    words = arguments.search.casefold().split()
    found = [each for each in commands if all(word in _text_of(each) for word in words)]
    if len(found) <= _IN_FULL:
        return answer_of({"commands": msgspec.to_builtins(found)})
    lines = [
        f"{each.name}: {each.about}{' (Cannot be undone.)' if each.destructive else ''}" for each in found
    ]
    return Answer("\n".join(lines), {"commands": [_short(each) for each in found]})


async def _run_command(call: Call, arguments: RunCommand) -> Answer:
    if arguments.name.strip() != arguments.name or not arguments.name:
        raise BadMessage("unknown_command", "Name a command as `list_commands` has it.")
    result = await run_command(call, arguments.tavern, arguments.name, arguments.args)
    return answer_of(result, name="result")


def _text_of(command: CommandInfo) -> str:
    return f"{command.name} {command.about}".casefold()


def _short(command: CommandInfo) -> dict[str, Any]:
    return {"name": command.name, "about": command.about, "destructive": command.destructive}


TOOLS: Sequence[Tool[Any]] = (
    Tool(
        "cancel_request",
        "Cancel a request",
        "Cancel something that was asked for under this key and is not over yet.",
        CancelRequest,
        ("request.cancel",),
        _cancel_request,
        WRITES,
    ),
    Tool(
        "stop_generation",
        "Stop the generation",
        "Press Stop in SillyTavern, whoever started what is being generated in its open chat.",
        StopGeneration,
        ("generation.stop",),
        _stop_generation,
        WRITES,
    ),
    Tool(
        "list_commands",
        "List SillyTavern's commands",
        "What else SillyTavern can be made to do: edit and hide messages, swipe, open chats, create characters, change "
        "presets, lorebooks, variables, and much more. Look here before `run_command`.",
        ListCommands,
        ("command.list",),
        _list_commands,
    ),
    Tool(
        "run_command",
        "Run a command of SillyTavern",
        "Run one of the commands that `list_commands` shows. Some change or delete what cannot be had back.",
        RunCommand,
        ("command.run",),
        _run_command,
        types.ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False),
    ),
)
