"""Every inbox: what may wait for whom, how much, how long, and how it is handed over.

An app has an inbox when it connects with an id of its own choice. Into it goes what is for this app alone and came
while none of its lines was up: the final states of its requests, messages to it, what is said in its rooms. Streams
and chat changes do not: whoever comes back asks for a snapshot.

A session that can still be resumed replays what it missed in order; what it replays is in the inbox too, for the case
that it is never resumed, and is taken out when it is. Everything else is handed over as `inbox.message` with its
original time, and stays until the app says `inbox.taken`.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from tavernlink.core.inbox.letter import InboxOwner, Letter
from tavernlink.core.limits import HubLimits
from tavernlink.core.peers.peer import App
from tavernlink.core.peers.session import Session
from tavernlink.protocol.event import Event
from tavernlink.protocol.inbox import InboxMessage

if TYPE_CHECKING:
    from tavernlink.core.seams import Clock, Shelf

__all__ = ["Inboxes"]

_HOUR = 3_600.0
_LOOK = 30.0  # seconds between looks for what is too old

Name = tuple[str, str]
"""Key id, app id."""


class _Inbox:
    __slots__ = ("letters", "next_id", "owner", "replayed", "size", "told")

    def __init__(self, owner: InboxOwner) -> None:
        self.owner = owner
        self.letters: deque[Letter] = deque()
        self.size = 0
        self.next_id = 1
        self.replayed: dict[str, set[int]] = {}
        """Session that is away → letters that it will replay by itself."""
        self.told: dict[str, int] = {}
        """Session → number of the last letter that it was handed."""


class Inboxes:
    """Letters in memory and on disk."""

    def __init__(
        self,
        owners: Shelf[InboxOwner],
        letters: Shelf[Letter],
        clock: Clock,
        limits: HubLimits,
        may_hear: Callable[[str, str], bool],
    ) -> None:
        self._owners = owners
        self._letters = letters
        self._clock = clock
        self._limits = limits
        self._may_hear = may_hear
        """(key of the receiver, key of the sender) → whether messages may go that way."""
        self._next_look = 0.0
        self._inboxes: OrderedDict[Name, _Inbox] = OrderedDict()
        for owner in sorted(owners.load(), key=lambda each: each.seen):
            self._inboxes[owner.key_id, owner.app_id] = _Inbox(owner)
        for letter in sorted(letters.load(), key=lambda each: each.id):
            inbox = self._inboxes.get((letter.key_id, letter.app_id))
            if inbox is None:
                letters.remove(letter.key_id, letter.app_id, letter.id)
            else:
                self._add(inbox, letter)

    # An app comes and goes

    def came(self, app: App) -> None:
        """A new session of an app with an id of its own: hand it everything that waits."""
        name, now = (app.key.id, app.id), self._clock.wall()
        inbox = self._inboxes.get(name)
        if inbox is None or inbox.owner.name != app.name or now - inbox.owner.seen > _HOUR:
            owner = InboxOwner(key_id=app.key.id, app_id=app.id, name=app.name, seen=now)
            self._owners.put(owner)
            inbox = inbox or _Inbox(owner)
            inbox.owner = owner
            self._inboxes[name] = inbox
        self._inboxes.move_to_end(name)
        while len(self._inboxes) > self._limits.inboxes:
            self._drop(next(iter(self._inboxes)))
        self._hand_over(inbox, app.session)

    def back(self, app: App) -> None:
        """A session was resumed and has replayed what it missed: that is read; the rest is handed over."""
        inbox = self._inboxes.get((app.key.id, app.id))
        if inbox is None:
            return
        replayed = inbox.replayed.pop(app.session.id, set())
        self._remove(inbox, lambda letter: letter.id in replayed)
        self._hand_over(inbox, app.session)

    def ended(self, app: App) -> None:
        """A session is over and will replay nothing."""
        inbox = self._inboxes.get((app.key.id, app.id))
        if inbox is not None:
            inbox.replayed.pop(app.session.id, None)
            inbox.told.pop(app.session.id, None)
            inbox.owner = msgspec.structs.replace(inbox.owner, seen=self._clock.wall())
            self._owners.set(app.key.id, app.id, seen=inbox.owner.seen)

    # Letters

    def keep(self, key_id: str, app_id: str, event: Event, *, also_in: Session | None = None) -> bool:
        """Let a message wait for an app; False where it has no inbox. `also_in`: the session that would replay it."""
        inbox = self._inboxes.get((key_id, app_id))
        if inbox is None or self._limits.inbox_count == 0:
            return False
        letter = Letter(
            key_id=key_id,
            app_id=app_id,
            id=inbox.next_id,
            time=self._clock.wall(),
            type=event.type,
            content=msgspec.json.decode(event.json),
        )
        self._letters.put(letter)
        self._add(inbox, letter)
        if also_in is not None:
            inbox.replayed.setdefault(also_in.id, set()).add(letter.id)
        while inbox.letters and (
            len(inbox.letters) > self._limits.inbox_count or inbox.size > self._limits.inbox_bytes
        ):
            self._forget(inbox, inbox.letters.popleft())
        return True

    def keep_for(self, name: str, event: Event, sender: str) -> bool:
        """Let a message wait for every app of this id that a key of this id may write to; False where there is none."""
        found = [
            key_id for key_id, app_id in self._inboxes if app_id == name and self._may_hear(key_id, sender)
        ]
        kept = [self.keep(key_id, name, event) for key_id in found]
        return any(kept)

    def waiting(self, key_id: str, app_id: str) -> list[Letter]:
        """What waits for an app, oldest first."""
        inbox = self._inboxes.get((key_id, app_id))
        return list(inbox.letters) if inbox is not None else []

    def taken(self, key_id: str, app_id: str, upto: int) -> int:
        """The app has everything up to this number; returns how many went."""
        inbox = self._inboxes.get((key_id, app_id))
        return self._remove(inbox, lambda letter: letter.id <= upto) if inbox is not None else 0

    def tick(self) -> None:
        """Drop what is too old, now and then."""
        if self._clock.now() < self._next_look:
            return
        self._next_look = self._clock.now() + _LOOK
        oldest = self._clock.wall() - self._limits.inbox_seconds
        for name, inbox in list(self._inboxes.items()):
            while inbox.letters and inbox.letters[0].time < oldest:
                self._forget(inbox, inbox.letters.popleft())
            if not inbox.letters and not inbox.told and inbox.owner.seen < oldest:
                self._drop(name)

    def _hand_over(self, inbox: _Inbox, session: Session) -> None:
        last = inbox.told.get(session.id, 0)
        for letter in inbox.letters:
            if letter.id > last:
                session.deliver(Event("inbox.message", message_of(letter)))
        inbox.told[session.id] = inbox.next_id - 1

    def _add(self, inbox: _Inbox, letter: Letter) -> None:
        inbox.letters.append(letter)
        inbox.size += letter.size
        inbox.next_id = max(inbox.next_id, letter.id + 1)

    def _remove(self, inbox: _Inbox, chosen: Callable[[Letter], bool]) -> int:
        gone = [letter for letter in inbox.letters if chosen(letter)]
        if gone:
            inbox.letters = deque(letter for letter in inbox.letters if not chosen(letter))
        for letter in gone:
            self._forget(inbox, letter)
        return len(gone)

    def _forget(self, inbox: _Inbox, letter: Letter) -> None:
        inbox.size -= letter.size
        self._letters.remove(letter.key_id, letter.app_id, letter.id)

    def _drop(self, name: Name) -> None:
        inbox = self._inboxes.pop(name)
        for letter in inbox.letters:
            self._letters.remove(letter.key_id, letter.app_id, letter.id)
        self._owners.remove(*name)


def message_of(letter: Letter) -> InboxMessage:
    """Return a letter as it goes over the wire."""
    return InboxMessage(id=letter.id, time=letter.time, type=letter.type, content=letter.content)
