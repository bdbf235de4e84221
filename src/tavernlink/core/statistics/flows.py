"""Flows: tells the traffic what requests, rooms, messages between peers and calls of functions bring to whom.

The relay tells it what taverns publish, the reception what goes on to nobody; both are too often called for a hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tavernlink.core.functions.provider import PeerProvider
from tavernlink.core.statistics.traffic import Traffic, peer_of
from tavernlink.protocol.rooms import RoomMessage
from tavernlink.protocol.stats import TrafficPeer

if TYPE_CHECKING:
    from tavernlink.core.functions.call import Call
    from tavernlink.core.functions.calls import Calls
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.rooms.room import Room
    from tavernlink.core.rooms.rooms import Rooms
    from tavernlink.core.routing.post import Post
    from tavernlink.core.work.requests import Request
    from tavernlink.core.work.work import Work
    from tavernlink.protocol.message import Message

__all__ = ["Flows"]


class Flows:
    """A watcher only."""

    def __init__(
        self, traffic: Traffic, directory: Directory, *, work: Work, rooms: Rooms, post: Post, calls: Calls
    ) -> None:
        self._traffic = traffic
        self._directory = directory
        work.moved.append(self._request_moved)
        work.ended.append(self._request_ended)
        rooms.told.append(self._room_told)
        post.carried.append(self._carried)
        calls.began.append(self._call_began)
        calls.ended.append(self._call_ended)

    def _request_moved(self, request: Request) -> None:
        tavern = self._directory.taverns.get(request.tavern_id)
        asker = self._asker(request)
        if self._traffic.on and request.state == "running" and tavern is not None and asker is not None:
            self._traffic.add(asker, (peer_of(tavern),), "request")

    def _request_ended(self, request: Request) -> None:
        tavern = self._directory.taverns.get(request.tavern_id)
        if self._traffic.on and tavern is not None and request.started is not None:
            self._traffic.add(tavern, request.watchers, "request")

    def _asker(self, request: Request) -> Peer | None:
        return self._directory.peer_of(request.watchers[0]) if request.watchers else None

    def _room_told(self, room: Room, type_: str, content: Message) -> None:
        if not self._traffic.on:
            return
        end = TrafficPeer(id=room.id, kind="room", name=room.name)
        self._traffic.add(end, room.audience, "room")
        if isinstance(content, RoomMessage) and content.member is not None:
            member = room.members.get(content.member)
            speaker = self._directory.peer_of(member.sessions[0]) if member and member.sessions else None
            if speaker is not None:
                self._traffic.add(speaker, (end,), "room")

    def _carried(self, sender: Peer, receiver: Peer) -> None:
        if self._traffic.on and not sender.is_local:
            self._traffic.add(sender, (peer_of(receiver),), "message")

    def _call_began(self, call: Call) -> None:
        ends = self._ends(call)
        if ends is not None:
            self._traffic.add(ends[0], (ends[1],), "function")

    def _call_ended(self, call: Call) -> None:
        ends = self._ends(call)
        if ends is not None:
            self._traffic.add(ends[1], (ends[0],), "function")

    def _ends(self, call: Call) -> tuple[TrafficPeer, TrafficPeer] | None:
        session, provider = call.asker.session, call.function.provider
        caller = self._directory.peer_of(session) if self._traffic.on and session is not None else None
        if caller is None or not isinstance(provider, PeerProvider):
            return None
        return peer_of(caller), peer_of(provider.peer)
