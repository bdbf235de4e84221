"""One run of a schedule: an app inside the hub that sends one message and hears how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from tavernlink.errors import BadMessage, TavernlinkError
from tavernlink.protocol.catalogue import CATALOGUE
from tavernlink.protocol.codec import decode_content, encode_json
from tavernlink.protocol.outcome import ErrorInfo, Failure, Success
from tavernlink.protocol.requests import Accepted, RequestUpdate
from tavernlink.protocol.routing import is_custom
from tavernlink.protocol.schedules import RunInfo, RunState, ScheduleAction
from tavernlink.protocol.session import Auth

if TYPE_CHECKING:
    from tavernlink.core.access.keys import Key
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.seams import Ack, Link
    from tavernlink.protocol.event import Event

__all__ = ["DOABLE", "Entrance", "Run", "check_action", "names_tavern"]

DOABLE: Final = (
    "chat.send",
    "generate",
    "generation.stop",
    "profile.apply",
    "command.run",
    "function.call",
)
"""What a schedule may send, beside a program's own types; of those that this hub knows."""
_NAMES: Final = ("request_id", "call_id", "message_id")
_CALL: Final = "function.call"
_APP: Final = "http"

_ENDS: Final[Mapping[str, RunState]] = {"done": "done", "failed": "failed", "cancelled": "cancelled"}

Told = Callable[[RunState, ErrorInfo | None], None]


class Entrance(Protocol):
    """The way into the hub, as a door has it."""

    def connect(self, auth: Auth, key: Key, link: Link, address: str, *, keep: bool) -> Peer:
        """Let a peer in. Raises `TavernlinkError`."""

    def receive(self, peer: Peer, type_: str, content: bytes, ack: Ack | None) -> None:
        """Take a message; its outcome goes to the ack."""

    def disconnected(self, peer: Peer, link: Link) -> None:
        """The peer is gone."""


def check_action(action: ScheduleAction) -> None:
    """Raise `invalid_message` for a message that no schedule can send, with the path from the schedule on."""
    custom = is_custom(action.type)
    known = [each for each in DOABLE if each in CATALOGUE]
    if not custom and action.type not in known:
        raise _bad("type", f"A schedule sends {', '.join(known)} or a type under x., not {action.type!r}")
    for name in _NAMES:
        if name in action.content:
            raise _bad(f"content.{name}", "Each run is named by the hub: leave `" + name + "` out")
    try:
        decode_content(action.type, encode_json(action.content))
    except TavernlinkError as error:
        path = str(error.details.get("path", "$")).removeprefix("$")
        error.details["path"] = f"$.do.content{path}"
        raise


def names_tavern(action: ScheduleAction) -> bool:
    """True if the message goes to a tavern, named or not; what goes to a room is the room's business."""
    return not is_custom(action.type) and not action.content.get("room") and action.type != _CALL


def _bad(field: str, why: str) -> BadMessage:
    path = f"$.do.{field}"
    return BadMessage("invalid_message", f"{why} (at {path}).", {"path": path})


class Run:
    """Sends the message when it is made; `told` hears the end, exactly once, now or later."""

    def __init__(
        self,
        entrance: Entrance,
        key: Key,
        action: ScheduleAction,
        info: RunInfo,
        *,
        app: str | None,
        told: Told,
    ) -> None:
        self._entrance = entrance
        self._told: Told | None = told
        self._waits_for = info.id
        self._peer: Peer | None = None
        try:
            auth = Auth(role="app", name=key.name, id=app or _APP)
            self._peer = entrance.connect(auth, key, self, "schedule", keep=False)
        except TavernlinkError as error:
            self._end("failed", ErrorInfo.of(error))
            return
        name = _name_of_run(action.type)
        content = {**action.content, **({name: info.id} if name else {})}
        if action.type == _CALL:
            content["wait"] = True
        entrance.receive(self._peer, action.type, encode_json(content), self._answered)

    def _answered(self, outcome: Success | Failure) -> None:
        if isinstance(outcome, Failure):
            self._end("failed", outcome.error)
            return
        if not isinstance(outcome.result, Accepted) or outcome.result.held:
            self._end("done", None)

    # Link

    def send(self, event: Event) -> None:
        """Take what the hub tells this app; its request may be over before the disk lets the answer go."""
        update = event.content
        if isinstance(update, RequestUpdate) and update.request_id == self._waits_for:
            state = _ENDS.get(update.state)
            if state is not None:
                self._end(state, update.error)

    def close(self, code: str, message: str) -> None:
        """The hub ends the line, e.g. since the key was revoked; what was asked for goes on."""
        self._end("failed", ErrorInfo(code=code, message=message))

    def _end(self, state: RunState, error: ErrorInfo | None) -> None:
        told, self._told = self._told, None
        if told is None:
            return
        told(state, error)
        if self._peer is not None:
            self._entrance.disconnected(self._peer, self)


def _name_of_run(type_: str) -> str | None:
    """The field by which a repetition of this message is known."""
    if is_custom(type_):
        return "message_id"
    fields = CATALOGUE[type_].content.__struct_fields__
    return next((name for name in _NAMES if name in fields), None)
