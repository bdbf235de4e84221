"""The relay: what a tavern publishes, brought to those who want it, the moment it arrives.

`delta` is the hottest function of the hub: one Struct, one encoding, one write for each receiver (`fan`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.peers.session import Session
from tavernlink.core.peers.subscriptions import Subscriptions
from tavernlink.core.relay.fan import Fan
from tavernlink.core.relay.streams import Stream
from tavernlink.core.statistics.traffic import Traffic
from tavernlink.core.work.requests import Request, RequestBook
from tavernlink.errors import TavernlinkError
from tavernlink.protocol.chat import ChatChanged, ChatUpdate
from tavernlink.protocol.event import Event
from tavernlink.protocol.outcome import ErrorInfo
from tavernlink.protocol.streams import StreamDelta, StreamEnd, StreamStart, StreamToolCall
from tavernlink.protocol.taverns import Event as HostEvent
from tavernlink.protocol.taverns import TavernChanged

__all__ = ["Relay"]


class Relay:
    """Streams, events and chat changes on their way from taverns to apps."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        book: RequestBook,
        directory: Directory,
        traffic: Traffic,
        *,
        most_streams: int,
    ) -> None:
        self._subscriptions = subscriptions
        self._book = book
        self._directory = directory
        self._traffic = traffic
        self._most_streams = most_streams
        self.began: list[Callable[[Request], None]] = []
        """Called with a request whose prompt is built and has gone to the model; for those who only watch."""
        self.spoke: list[Callable[[Request], None]] = []
        """Called with a request that has got its first text, and maybe again later; for those who only watch."""
        self.replied: list[Callable[[Tavern, Stream, StreamEnd], None]] = []
        """Called when a generation is over, after its receivers were told."""

    def start(self, tavern: Tavern, message: StreamStart) -> None:
        """A generation began."""
        request = self._book.by_wire(message.request_id)
        if request is not None and request.tavern_id != tavern.id:
            request = None
        public = msgspec.structs.replace(message, tavern=tavern.id, request_id=None)
        stream = Stream(public, request, asked=message.request_id is not None)
        self._keep(tavern, stream)
        askers = request.watchers if request is not None else ()
        if request is not None:
            request.stream = stream
            event = Event("stream.start", stream.asker_start())
            for session in askers:
                session.deliver(event)
            for began in self.began:
                began(request)
        if not stream.private:
            event = Event("stream.start", public)
            for session in self._subscriptions.route(tavern.id, "stream.start"):
                if session not in askers:
                    session.deliver(event)

    def delta(self, tavern: Tavern, message: StreamDelta) -> None:
        """New text."""
        stream = tavern.streams.get(message.stream_id)
        if stream is None:
            # A tavern owes us no start: what it publishes is a stream of its own.
            stream = Stream(StreamStart(stream_id=message.stream_id, kind="reply", tavern=tavern.id), None)
            self._keep(tavern, stream)
        if not stream.add(message):
            return
        if stream.epoch != self._subscriptions.epoch:
            if stream.epoch < 0 and stream.request is not None:
                for spoke in self.spoke:
                    spoke(stream.request)
            stream.fan = Fan(self._receivers(tavern, stream, "stream.delta"))
            stream.epoch = self._subscriptions.epoch
        if stream.fan.sessions:
            stream.fan.deliver(Event("stream.delta", message))
            if self._traffic.on:
                self._traffic.add(tavern, stream.fan.sessions, "stream")

    def tool_call(self, tavern: Tavern, message: StreamToolCall) -> None:
        """A piece of a tool call. Rare beside text, so its receivers are found anew."""
        stream = tavern.streams.get(message.stream_id)
        if stream is None or not stream.add_call(message):
            return
        event = Event("stream.tool_call", message)
        for session in self._receivers(tavern, stream, "stream.tool_call"):
            session.deliver(event)

    def end(self, tavern: Tavern, message: StreamEnd) -> None:
        """A generation is over."""
        stream = tavern.streams.pop(message.stream_id, None)
        if stream is None:
            stream = Stream(StreamStart(stream_id=message.stream_id, kind="reply", tavern=tavern.id), None)
        event = Event("stream.end", message)
        for session in self._receivers(tavern, stream, "stream.end"):
            session.deliver(event)
        if stream.request is not None:
            stream.request.streamed = stream.request.streamed or stream.seq >= 0
            stream.request.pieces += stream.pieces
            stream.request.stream = None
        for replied in self.replied:
            replied(tavern, stream, message)

    def end_all(self, tavern: Tavern, error: TavernlinkError) -> None:
        """The page is gone: its streams end with an error and the text so far."""
        for stream in list(tavern.streams.values()):
            self.end(
                tavern,
                StreamEnd(
                    stream_id=stream.start.stream_id,
                    seq=max(stream.seq, 0),
                    text=stream.text,
                    reasoning=stream.reasoning or None,
                    reason="error",
                    error=ErrorInfo.of(error),
                ),
            )

    def host_event(self, tavern: Tavern, message: HostEvent) -> None:
        """One of SillyTavern's own events."""
        receivers = self._subscriptions.route(tavern.id, f"event.{message.name}")
        if self._traffic.on:
            self._traffic.add(tavern, receivers, "event")
        self._publish(receivers, "event", msgspec.structs.replace(message, tavern=tavern.id))

    def chat(self, tavern: Tavern, update: ChatUpdate) -> None:
        """The open chat changed; the mirror has it already."""
        changed = ChatChanged(
            tavern=tavern.id,
            chat_id=update.chat_id,
            revision=tavern.mirror.revision,
            ops=update.ops,
            loading=update.loading,
        )
        receivers = self._subscriptions.route(tavern.id, "chat.changed")
        if self._traffic.on:
            self._traffic.add(tavern, receivers, "chat")
        senders = {op.message.sent_by for op in update.ops if op.message is not None} - {None}
        if not senders:
            self._publish(receivers, "chat.changed", changed)
            return
        for sender, sessions in self._by_sender(receivers, senders).items():
            self._publish(sessions, "chat.changed", _marked(changed, sender))

    def _by_sender(
        self, receivers: tuple[Session, ...], senders: set[str | None]
    ) -> dict[str | None, tuple[Session, ...]]:
        """Receivers that sent something of a change themselves, each apart, and all others under None."""
        groups: dict[str | None, tuple[Session, ...]] = {}
        for session in receivers:
            peer = self._directory.peer_of(session)
            who = peer.member_id if peer is not None and peer.member_id in senders else None
            groups[who] = (*groups.get(who, ()), session)
        return groups

    def tavern(self, tavern: Tavern) -> None:
        """A tavern came, went or opened something else."""
        receivers = self._subscriptions.route(tavern.id, "tavern.changed")
        if receivers:
            if self._traffic.on:
                self._traffic.add(tavern, receivers, "state")
            self._publish(receivers, "tavern.changed", TavernChanged(tavern=tavern.info()))

    def _receivers(self, tavern: Tavern, stream: Stream, topic: str) -> tuple[Session, ...]:
        askers = stream.request.watchers if stream.request is not None else ()
        if stream.private:
            return askers
        return tuple(dict.fromkeys((*askers, *self._subscriptions.route(tavern.id, topic))))

    def _keep(self, tavern: Tavern, stream: Stream) -> None:
        tavern.streams[stream.start.stream_id] = stream
        if len(tavern.streams) > self._most_streams:
            # More than a tab can run: the oldest was never ended and never will be.
            del tavern.streams[next(iter(tavern.streams))]

    @staticmethod
    def _publish(
        receivers: tuple[Session, ...], type_: str, message: ChatChanged | HostEvent | TavernChanged
    ) -> None:
        if receivers:
            event = Event(type_, message)
            for session in receivers:
                session.deliver(event)


def _marked(changed: ChatChanged, sender: str | None) -> ChatChanged:
    """The change as its sender hears it: what it sent itself is marked, and so is no news to it."""
    if sender is None:
        return changed
    ops = [
        msgspec.structs.replace(op, own=True)
        if op.message is not None and op.message.sent_by == sender
        else op
        for op in changed.ops
    ]
    return msgspec.structs.replace(changed, ops=ops)
