"""Moves: which requests may leave their tavern, and for which other one."""

from __future__ import annotations

from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Tavern
from tavernlink.core.work.pool import Pool, character_id, is_there, reaches
from tavernlink.core.work.quota import Quota
from tavernlink.core.work.requests import Lane, Request
from tavernlink.core.work.sessions import Sessions
from tavernlink.errors import TavernlinkError

__all__ = ["Moves"]

_LANES: tuple[Lane, ...] = ("visible", "detached", "immediate")


class Moves:
    """Finds what may move and where to; `Work` carries it out."""

    def __init__(self, directory: Directory, pool: Pool, sessions: Sessions, quota: Quota) -> None:
        self._directory = directory
        self._pool = pool
        self._sessions = sessions
        self._quota = quota

    def for_free_place(self, tavern: Tavern) -> tuple[Request, Tavern] | None:
        """Return what waits elsewhere and could begin here at once, with where it waits."""
        lanes = [lane for lane in _LANES if tavern.lanes.has_place(lane)]
        for other in self._directory.taverns.values() if lanes else ():
            if other is tavern or not other.lanes.waiting:
                continue
            for request in other.lanes.queued():
                if (
                    request.lane in lanes
                    and self._pool.may_take(tavern, request)
                    and self._quota.may_run(request.key_id)
                ):
                    return request, other
        return None

    def elsewhere(self, request: Request) -> Tavern | None:
        """Return a tavern for what waits for one that is gone; None: only that one will do."""
        if request.session_name is not None:
            bound = self._sessions.bindings.find(request.key_id, request.session_name)
            return self._sessions.home(bound, request.limits) if bound is not None else None
        if request.pool == "named":
            return None
        try:
            if request.pool == "any" or request.character is not None:
                found = self._pool.choose(request.character, request.lane, request.limits, request.by_name)
            else:
                found = self._directory.resolve(None)
        except TavernlinkError:
            return None
        return found if is_there(found) and reaches(request.limits, found) else None

    def again(self, request: Request) -> Tavern | None:
        """Return a tavern that may do what another was lost over; None: it may not be done again, or by nobody.

        Nothing was said yet and nothing shows in a chat; and only once.
        """
        if (
            request.lane != "detached"
            or request.pool == "named"
            or request.streamed
            or request.cancelling
            or request.retried
        ):
            return None
        try:
            able = self._pool.able(request.character, request.lane, request.limits, request.by_name)
        except TavernlinkError:
            return None
        return next((tavern for tavern in able if tavern.online), None)

    @staticmethod
    def aim(request: Request, tavern: Tavern) -> None:
        """Make a request one for this tavern, where the character has another id."""
        request.tavern_id = tavern.id
        if request.character is not None and request.session_name is None:
            request.args = {**request.args, "character": character_id(tavern, request.character)}
