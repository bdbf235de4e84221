"""One tool, and one call of it. Which tools there are stands in the tables of `toolbox`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Generic, TypeVar

import mcp_types as types
import msgspec
from mcp.server.session import ServerSession

from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.protocol.commands.entry import Arguments
from tavernlink.sdk.hub import Hub

__all__ = [
    "READS",
    "WRITES",
    "Answer",
    "Arguments",
    "Call",
    "Tavern",
    "Tool",
    "failed",
    "read_arguments",
    "schema_of",
]

READS = types.ToolAnnotations(read_only_hint=True, open_world_hint=False)
WRITES = types.ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)

Tavern = Annotated[
    str | None,
    msgspec.Meta(
        description="Id or name of the SillyTavern tab; left out: the one that has been open longest."
    ),
]
"""Argument of most tools."""

ArgumentsType = TypeVar("ArgumentsType", bound=Arguments)


@dataclass(frozen=True, slots=True)
class Call:
    """One call under way."""

    hub: Hub
    """The hub, as the client's key lets it be seen."""
    session: ServerSession

    async def tell(self, progress: float, total: float | None = None, message: str | None = None) -> None:
        """Send a progress notification, if the client wants any. `progress` must only grow."""
        await self.session.report_progress(progress, total, message)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool has to say: for people and models, and for programs."""

    text: str
    data: dict[str, Any] | None = None
    parts: tuple[types.ContentBlock, ...] = ()
    """Pictures and the like, after the text."""

    def to_result(self) -> types.CallToolResult:
        """Return MCP's form."""
        said: list[types.ContentBlock] = [types.TextContent(type="text", text=self.text)] if self.text else []
        return types.CallToolResult(content=[*said, *self.parts], structured_content=self.data)


@dataclass(frozen=True, slots=True)
class Tool(Generic[ArgumentsType]):
    """A tool of the hub's own."""

    name: str
    title: str
    about: str
    """For the model that is to choose it."""
    arguments: type[ArgumentsType]
    needs: tuple[str, ...]
    """Message types that the key must be allowed to send; without one of them the tool is not shown."""
    run: Callable[[Call, ArgumentsType], Awaitable[Answer]]
    hints: types.ToolAnnotations = field(default_factory=lambda: READS)

    def described(self) -> types.Tool:
        """Return MCP's description."""
        return types.Tool(
            name=self.name,
            title=self.title,
            description=self.about,
            input_schema=schema_of(self.arguments),
            annotations=self.hints,
        )

    async def __call__(self, call: Call, arguments: Mapping[str, Any]) -> types.CallToolResult:
        """Run it. Raises `TavernlinkError`."""
        return (await self.run(call, read_arguments(self.arguments, arguments))).to_result()


def read_arguments(kind: type[ArgumentsType], arguments: Mapping[str, Any]) -> ArgumentsType:
    """Return the arguments as their Struct. Raises `BadMessage`, which names the wrong one."""
    try:
        return msgspec.convert(arguments, kind)
    except msgspec.ValidationError as error:
        raise BadMessage("invalid_message", f"The arguments do not fit: {error}.") from None


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return a Struct's JSON Schema with the object itself at the top, as MCP wants it."""
    (top,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    name = str(top["$ref"]).rpartition("/")[2]
    schema = dict(parts.pop(name))
    schema.pop("title", None)
    schema.pop("description", None)
    return schema | ({"$defs": parts} if parts else {})


def failed(error: TavernlinkError) -> types.CallToolResult:
    """Return the answer that reports an error: the sentence for the model, the code for a program."""
    told = {"code": error.code, "message": error.message, "details": error.details}
    text = types.TextContent(type="text", text=f"{error.message} [{error.code}]")
    return types.CallToolResult(content=[text], structured_content={"error": told}, is_error=True)
