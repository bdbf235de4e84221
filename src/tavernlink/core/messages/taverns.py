"""What taverns send: one row for each message type."""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.core.messages.handlers import Published
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.relay.relay import Relay
from tavernlink.core.rooms.hearing import Hearing
from tavernlink.core.work.queue_news import QueueNews
from tavernlink.core.work.work import Work
from tavernlink.protocol.chat import ChatUpdate
from tavernlink.protocol.taverns import CharactersChanged, TavernState

__all__ = ["TavernMessages"]


class TavernMessages:
    """Carries out what taverns report."""

    def __init__(self, relay: Relay, work: Work, hearing: Hearing, queues: QueueNews) -> None:
        self._relay = relay
        self._hearing = hearing
        self._work = work
        self.handlers: Mapping[str, Published] = {
            "stream.delta": relay.delta,
            "stream.tool_call": relay.tool_call,
            "stream.start": relay.start,
            "stream.end": relay.end,
            "event": relay.host_event,
            "chat.update": self._chat_update,
            "tavern.state": self._state,
            "characters.changed": self._characters,
            "command.done": work.done,
            "commands.known": work.take_report,
            "queue.watch": queues.watch,
        }

    def _chat_update(self, tavern: Tavern, message: ChatUpdate) -> None:
        length = len(tavern.mirror.messages)
        tavern.mirror.apply(message)
        self._relay.chat(tavern, message)
        self._hearing.chat(tavern, message, length)

    def _state(self, tavern: Tavern, message: TavernState) -> None:
        if message != tavern.state:
            tavern.state = message
            self._relay.tavern(tavern)
            self._work.dispatch_others(tavern)
            self._work.looked(tavern)

    def _characters(self, tavern: Tavern, message: CharactersChanged) -> None:
        tavern.characters = message.characters
