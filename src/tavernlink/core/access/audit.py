"""The audit log: who did what to whom, when, from where. On disk, bounded by count and age, without secrets.

What repeats itself within a short time, such as a script that tries a wrong key again and again, is one entry: nobody
can push the others out or wear the disk by knocking.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from tavernlink.core.access.keys import Key
from tavernlink.protocol.access import AuditEntry, AuditList

if TYPE_CHECKING:
    from tavernlink.core.limits import HubLimits
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.seams import Clock, Ids, Store

__all__ = ["Audit"]

_SAME = 60.0  # seconds in which the same refusal or login is one entry
_REPEATING = frozenset({"login", "login.failed", "permission.refused", "pairing.asked"})
_LONGEST = 200  # characters of one fact
_SECRET = re.compile(r"tl_(admin|tavern|app|viewer)_\w+")


class Audit:
    """Every entry of the last weeks, in memory and on disk."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, limits: HubLimits) -> None:
        self._shelf = store.audit
        self._clock = clock
        self._ids = ids
        self._limits = limits
        self._store = store
        self._entries: OrderedDict[str, AuditEntry] = OrderedDict()
        """By id, oldest first."""
        self._lately: OrderedDict[tuple[str, ...], float] = OrderedDict()
        """What was recorded within `_SAME` seconds and would be the same again."""
        self._version: int | None = None
        self.written: Callable[[AuditEntry], None] = lambda _: None
        """Called with every new entry."""
        self._look()

    def record(
        self,
        action: str,
        who: Peer | Key | str,
        *,
        target: str = "",
        address: str | None = None,
        **facts: Any,
    ) -> None:
        """Write down one action.

        `who` is a peer, a key without a connection, or a word: `hub`, `command line`, empty for somebody unknown.
        `address` is the peer's own where it is not given. Facts are JSON-safe.
        """
        now = self._clock.wall()
        key, role, name, from_ = _known(who)
        entry = AuditEntry(
            id=self._ids.new("e"),
            time=now,
            action=action,
            key=key,
            role=role,
            name=name[:_LONGEST],
            address=from_ if address is None else address,
            target=_clean(target),
            facts={word: _clean(fact) for word, fact in facts.items() if fact is not None},
        )
        if action in _REPEATING and self._is_same(entry, now):
            return
        self._entries[entry.id] = entry
        self._shelf.put(entry)
        self._prune(now)
        self.written(entry)

    def listed(self, query: AuditList) -> list[AuditEntry]:
        """Entries that fit, newest first."""
        self._look()
        self._prune(self._clock.wall())
        found: list[AuditEntry] = []
        for entry in reversed(self._entries.values()):
            if len(found) == query.limit or (query.since is not None and entry.time < query.since):
                break
            if _fits(entry, query):
                found.append(entry)
        return found

    def _look(self) -> None:
        """Read the disk at the start, and after keys changed: a command on this machine writes that down itself."""
        version = self._store.version()
        if version != self._version:
            self._version = version
            every = {entry.id: entry for entry in self._shelf.load()} | self._entries
            self._entries = OrderedDict(sorted(every.items(), key=lambda item: item[1].time))

    def _prune(self, now: float) -> None:
        oldest = now - self._limits.audit_days * 86_400
        while self._entries:
            id_, entry = next(iter(self._entries.items()))
            if len(self._entries) <= self._limits.audit_entries and entry.time >= oldest:
                return
            del self._entries[id_]
            self._shelf.remove(id_)

    def _is_same(self, entry: AuditEntry, now: float) -> bool:
        target = (
            "" if entry.action == "login" else entry.target
        )  # a program that comes back has a new id each time
        what = (entry.action, entry.key, entry.name, entry.address, target)
        while self._lately and now - next(iter(self._lately.values())) >= _SAME:
            self._lately.popitem(last=False)
        if what in self._lately:
            return True
        self._lately[what] = now
        if len(self._lately) > 10_000:
            self._lately.popitem(last=False)
        return False


def _known(who: Peer | Key | str) -> tuple[str, str, str, str]:
    """Return key id, role, name and address."""
    if isinstance(who, str):
        return "", who, who, ""
    if isinstance(who, Key):
        return who.id, who.role, who.name, ""
    return who.key.id, who.key.role, who.name or who.key.name, who.address


def _clean(fact: Any) -> Any:
    """Cut what is long, and what looks like a key, out of a fact."""
    if isinstance(fact, str):
        return _SECRET.sub(r"tl_\1_…", fact)[:_LONGEST]
    if isinstance(fact, list | tuple):
        return [_clean(each) for each in fact[:50]]
    if isinstance(fact, dict):
        return {str(word)[:_LONGEST]: _clean(each) for word, each in list(fact.items())[:50]}
    return fact


def _fits(entry: AuditEntry, query: AuditList) -> bool:
    return (
        (query.action is None or fnmatchcase(entry.action, query.action))
        and (query.who is None or query.who in (entry.key, entry.name))
        and (query.target is None or query.target == entry.target)
        and (query.address is None or query.address == entry.address)
        and (query.until is None or entry.time < query.until)
    )
