"""Queries: commands that do not queue, whose outcome is the ack."""

from __future__ import annotations

from typing import Any

from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.seams import Ack, Clock, Ids
from tavernlink.core.work.bindings import Binding
from tavernlink.errors import TavernlinkError, Unavailable
from tavernlink.protocol.commands import Command, CommandDone
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import ErrorInfo, Success, failure_of

__all__ = ["Queries"]


class Queries:
    """Those that taverns have not answered. They belong to one session of a tavern and are never repeated."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self._asked: dict[str, tuple[Ack, float, str]] = {}
        """Wire id → (ack, deadline, tavern)."""

    def ask(self, tavern: Tavern, command: str, args: Any, ack: Ack, limits: HubLimits) -> None:
        """Send a command. Raises `tavern_gone` if nobody is there."""
        if not tavern.online:
            raise Unavailable(
                "tavern_gone", f"The tavern {tavern.name!r} is not connected just now. Try again later."
            )
        wire_id = self._ids.new("c")
        self._asked[wire_id] = (ack, self._clock.now() + limits.immediate_timeout, tavern.id)
        tavern.session.deliver(Event("command", Command(name=command, request_id=wire_id, args=args)))

    def tell_old(self, tavern: Tavern, bound: Binding) -> None:
        """Have a tab that shows a session's chat load it again; nobody waits for the outcome."""
        args = {"character": bound.character, "chat_id": bound.chat_id}
        command = Command(name="refresh", request_id=self._ids.new("c"), args=args)
        tavern.session.deliver(Event("command", command))

    def done(self, tavern: Tavern, message: CommandDone) -> bool:
        """Take an outcome; False if it is not of a query."""
        asked = self._asked.get(message.request_id)
        if asked is None or asked[2] != tavern.id:
            return False
        del self._asked[message.request_id]
        if message.ok:
            asked[0](Success(result=message.result))
        else:
            error = message.error or ErrorInfo(code="command_failed", message="The tavern gave no reason.")
            asked[0](failure_of(error.to_error()))
        return True

    def fail(self, tavern: Tavern, error: TavernlinkError) -> None:
        """The session that they were asked in is over."""
        for wire_id, (ack, _, tavern_id) in list(self._asked.items()):
            if tavern_id == tavern.id:
                del self._asked[wire_id]
                ack(failure_of(error))

    def tick(self, now: float) -> None:
        """Let time-outs happen."""
        late = Unavailable("timeout", "The tavern did not answer in time. Is a dialog open there?")
        for wire_id, (ack, deadline, _) in list(self._asked.items()):
            if now >= deadline:
                del self._asked[wire_id]
                ack(failure_of(late))
