"""What members say, on its way to the room's taverns.

A message is heard by the other members at once, whether it goes to the taverns now or waits for the turn. It becomes
one request for each tavern, under the member's persona, with the room's private context.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import App, Peer, Tavern
from tavernlink.core.rooms.names import check_free, check_length, persona_for
from tavernlink.core.rooms.ranks import check_may, is_host
from tavernlink.core.rooms.records import HeldMessage
from tavernlink.core.rooms.room import Member, Room
from tavernlink.core.rooms.rooms import Rooms
from tavernlink.core.rooms.signs import Signs
from tavernlink.core.rooms.turns import check_pace, judge, note_spoken, waiting_for
from tavernlink.core.seams import Ack
from tavernlink.core.work.asking import Asking, Order, fingerprint
from tavernlink.core.work.requests import FINAL, Request
from tavernlink.core.work.work import Work
from tavernlink.errors import AuthError, BadMessage, Conflict, TavernlinkError, Unavailable
from tavernlink.protocol.chat import Attachment, ChatSend
from tavernlink.protocol.outcome import ErrorInfo, Success
from tavernlink.protocol.requests import Accepted, Generate
from tavernlink.protocol.rooms import RoomMessage, RoomRelease

__all__ = ["Speaking"]

_REMEMBERED = 10_000
_MOST_DATA = 350_000  # characters of base64
_ROOM_MODES = ("reply", "regenerate", "swipe", "continue")


class _Errand(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks for what in which room, and where the answer goes."""

    app: Peer
    room: Room
    request_id: str
    asked: bytes
    ack: Ack
    timeout: float | None = None
    priority: int = 0


class Speaking:
    """Carries out `chat.send`, `generate` and `room.release` for rooms."""

    def __init__(
        self,
        *,
        rooms: Rooms,
        signs: Signs,
        directory: Directory,
        work: Work,
        asking: Asking,
        limits: HubLimits,
    ) -> None:
        self._rooms = rooms
        self._signs = signs
        self._directory = directory
        self._work = work
        self._asking = asking
        self._limits = limits
        self._clock = rooms.clock
        self._ids = rooms.ids
        self._said: OrderedDict[tuple[str, str], bytes] = OrderedDict()
        """(Member, request_id) → fingerprint of what was held under it, so that it is not held twice."""
        work.ended.append(self._ended)

    # Speaking

    def check(self, room: Room, peer: Peer, length: int = 0) -> Member:
        """Return the member that may speak now.

        Raises `not_a_member`, `muted`, `cooldown`, `rate_limited` or `too_large` where it may not.
        """
        member = room.member(peer)
        check_may(room, peer, "speak")
        now = self._clock.wall()
        mute = room.sanction(member.id, "mute", now)
        if mute is not None:
            left = round(mute.until - now, 1)
            reason = f": {mute.reason}" if mute.reason else "."
            why = f"You are muted in this room for {left:g} more seconds{reason}"
            raise AuthError("muted", why, {"until": mute.until, "reason": mute.reason, "retry_after": left})
        check_pace(room, member, length, self._clock.now())
        return member

    def send(self, app: App, message: ChatSend, ack: Ack) -> None:
        """`chat.send` to a room."""
        room = self._rooms.reach(app, message.room or "")
        if message.session is not None or message.tavern is not None or message.character is not None:
            raise BadMessage(
                "unsupported_parameter", "`room` goes without `tavern`, `session` and `character`."
            )
        member = room.member(app)
        errand = self._errand(app, room, "chat.send", message, ack)
        if self._answer_repeated(errand, member):
            return
        self.check(room, app, len(message.text))
        persona = persona_for(member, message.as_)
        check_free(room, persona, member.id, self._taverns(room))
        check_length(room, persona, member.record.role)
        if not room.taverns:
            raise Unavailable("no_tavern", "The room has no tavern.", {"room": room.id})
        verdict = judge(room, member, self._clock.wall())
        told = RoomMessage(
            room=room.id,
            message_id=self._ids.new("m"),
            role="user",
            name=persona.name,
            text=message.text,
            time=self._clock.wall(),
            member=member.id,
            held=verdict == "hold",
            request_id=errand.request_id,
            attachments=_shown(message.attachments),
        )
        held = HeldMessage(
            room_id=room.id,
            message_id=told.message_id,
            number=room.held[-1].number + 1 if room.held else 0,
            member_id=member.id,
            persona=persona,
            text=message.text,
            attachments=message.attachments,
            request_id=errand.request_id,
            time=told.time,
        )
        if verdict == "hold":
            self._hold(errand, member, held)
            self._told(room, member, told)
            self._signs.tell_turn(room, "collecting")
            self.look(room, app)
            return
        generate = message.generate and verdict == "trigger"
        self._submit(errand, "send", {"generate": generate, **_said_by(held)}, turn=generate)
        self._told(room, member, told)

    def generate(self, app: App, message: Generate, ack: Ack) -> None:
        """`generate` for a room: in its taverns, with its context."""
        room = self._rooms.reach(app, message.room or "")
        check_may(room, app, "generate")
        if message.mode not in _ROOM_MODES or message.tavern is not None:
            raise BadMessage(
                "unsupported_parameter",
                f"`room` goes with the modes {', '.join(_ROOM_MODES)}, and without `tavern`.",
            )
        member = room.member(app)
        errand = self._errand(app, room, "generate", message, ack)
        if self._answer_repeated(errand, None):
            return
        self.check(room, app)
        if room.record.settings.mode != "immediate" and not is_host(member):
            raise AuthError("forbidden", "In this room's mode a host asks for replies.", {"room": room.id})
        self._submit(errand, "generate", {"mode": message.mode, "as": member.persona}, turn=True)

    # The turn

    def release(self, app: Peer, message: RoomRelease, ack: Ack) -> None:
        """`room.release`: what waits goes as one turn; where nothing waits, a reply is asked for."""
        room = self._rooms.reach(app, message.room)
        check_may(room, app, "release")
        errand = self._errand(app, room, "room.release", message, ack)
        if not self._answer_repeated(errand, None):
            self._release(errand)

    def look(self, room: Room, by: App | None = None) -> None:
        """Let a round go that waits for nobody any more; `by`, or whoever spoke last, is its asker."""
        if room.record.settings.mode != "round" or not room.held or waiting_for(room, self._clock.wall()):
            return
        asker = by or self._asker(room)
        if asker is None:
            return  # nobody is there; the next one to come looks again
        try:
            self._release(
                _Errand(app=asker, room=room, request_id=self._ids.new("r"), asked=b"", ack=_no_ack)
            )
        except TavernlinkError as error:
            self._signs.tell_turn(room, "collecting", error=ErrorInfo.of(error))

    def _asker(self, room: Room) -> App | None:
        speakers = [room.members[held.member_id] for held in reversed(room.held)]
        for member in (*speakers, *room.members.values()):
            for session in member.sessions:
                peer = self._directory.peer_of(session)
                if isinstance(peer, App):
                    return peer
        return None

    def _release(self, errand: _Errand) -> None:
        room = errand.room
        held = list(room.held)
        if held:
            *before, last = [_said_by(each) for each in held]
            # What people said stays in the chat, also where the reply fails: a host asks for it again.
            self._submit(
                errand, "send", {"generate": True, "keep": True, **last, "before": before}, turn=True
            )
            for each in held:
                self._rooms.unhold(room, each)
            return
        args: dict[str, Any] = {"mode": "reply"}
        member = room.find(errand.app)
        if member is not None and member.record.persona is not None:
            args["as"] = member.persona
        self._submit(errand, "generate", args, turn=True)

    def _hold(self, errand: _Errand, member: Member, held: HeldMessage) -> None:
        room = errand.room
        if len(room.held) >= self._limits.queue_length:
            raise Unavailable("queue_full", "Too many messages wait for this room's turn.", {"room": room.id})
        self._rooms.hold(room, held)
        self._said[member.id, errand.request_id] = errand.asked
        while len(self._said) > _REMEMBERED:
            self._said.popitem(last=False)
        errand.ack(
            Success(result=Accepted(request_id=errand.request_id, position=len(room.held) - 1, held=True))
        )

    # Inside

    def _told(self, room: Room, member: Member, told: RoomMessage) -> None:
        note_spoken(member, self._clock.now())
        self._signs.indicate(room, member, None)
        self._rooms.tell(room, "room.message", told, but=member.sessions)

    def _taverns(self, room: Room) -> list[Tavern]:
        known = self._directory.taverns
        return [known[tavern_id] for tavern_id in room.taverns if tavern_id in known]

    def _errand(
        self, app: Peer, room: Room, type_: str, message: ChatSend | Generate | RoomRelease, ack: Ack
    ) -> _Errand:
        priority = getattr(message, "priority", 0)
        if priority:
            check_may(room, app, "go first")
        return _Errand(
            app=app,
            room=room,
            request_id=message.request_id or self._ids.new("r"),
            asked=fingerprint(type_, message),
            ack=ack,
            timeout=getattr(message, "timeout", None),
            priority=priority,
        )

    def _answer_repeated(self, errand: _Errand, member: Member | None) -> bool:
        held = self._said.get((member.id, errand.request_id)) if member else None
        # After a restart only the messages themselves are known.
        waits = member is not None and any(
            each.member_id == member.id and each.request_id == errand.request_id for each in errand.room.held
        )
        if held is not None or waits:
            if held is not None and held != errand.asked:
                raise Conflict("request_id_in_use")
            errand.ack(Success(result=Accepted(request_id=errand.request_id, position=0, held=True)))
            return True
        repeated = self._work.book.repeated(errand.app.key.id, errand.request_id, errand.asked)
        if repeated is None:
            return False
        errand.ack(Success(result=self._work.accepted(repeated)))
        self._work.watch(repeated, errand.app.session)
        return True

    def _submit(self, errand: _Errand, command: str, args: dict[str, Any], *, turn: bool) -> None:
        """Queue the work in the room's taverns. The first one's outcome is the asker's."""
        room = errand.room
        taverns = self._taverns(room)
        if not taverns:
            raise Unavailable("no_tavern", "No tavern of the room is connected.", {"room": room.id})
        if room.record.settings.reach == "first":
            taverns = [next((tavern for tavern in taverns if tavern.online), taverns[0])]
        if room.record.context:
            args["context"] = room.record.context
        order = Order(
            command=command,
            lane="visible",
            args=msgspec.to_builtins(args),
            asked=errand.asked,
            taverns=tuple(taverns),
            priority=errand.priority,
            timeout=errand.timeout,
            request_id=errand.request_id,
        )
        self._asking.take(errand.app, order, errand.ack)
        if turn:
            room.turn = self._work.book.find(errand.app.key.id, errand.request_id).wire_id
            self._signs.tell_turn(room, "running", errand.request_id)

    def _ended(self, request: Request) -> None:
        """A request has its final state: it may have been a room's turn."""
        if request.state in FINAL and request.tavern_id:
            for room in self._rooms.of_member(request.tavern_id):
                if room.turn == request.wire_id:
                    room.turn = None
                    self._signs.tell_turn(room, "idle", request.request_id, error=request.error)


def _said_by(held: HeldMessage) -> dict[str, Any]:
    """A message as the command `send` carries it."""
    return {"text": held.text, "as": held.persona, "by": held.member_id, "attachments": held.attachments}


def _shown(attachments: list[Attachment]) -> list[Attachment]:
    """Attachments as the other members get them: large ones are for the tavern, not for every line."""
    if sum(len(each.data) for each in attachments) <= _MOST_DATA:
        return attachments
    return [msgspec.structs.replace(each, data="") for each in attachments]


def _no_ack(_outcome: object) -> None:
    """Nobody waits for this answer."""
