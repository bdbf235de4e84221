"""Watching: everything that is asked of taverns as it goes on, for those who subscribed to `request.changed`.

An app hears of the requests of its own key, an admin of everybody's. `request.update` is for those who follow one
request and brings its result; this is for who looks at the whole, and never carries what was said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tavernlink.core.work.requests import FINAL, Request
from tavernlink.protocol.event import Event
from tavernlink.protocol.requests import RequestChanged, RequestInfo

if TYPE_CHECKING:
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.seams import Clock
    from tavernlink.core.work.work import Work

__all__ = ["Watching"]

_CHANGED: Final = "request.changed"


class Watching:
    """Says of each request where it stands: when it begins to wait or to run, moves up, and is over."""

    def __init__(
        self, *, work: Work, directory: Directory, subscriptions: Subscriptions, clock: Clock
    ) -> None:
        self._work = work
        self._directory = directory
        self._subscriptions = subscriptions
        self._clock = clock
        for hook in (work.moved, work.shifted, work.ended):
            hook.append(self._tell)

    def info(self, request: Request, position: int | None = None) -> RequestInfo:
        """Return what may be shown of a request, without its result; `position`: where it is known."""
        if position is None and request.state == "queued":
            position = self._work.position(request)
        finished = None
        if request.finished is not None:
            finished = self._clock.wall() - (self._clock.now() - request.finished)
        return RequestInfo(
            request_id=request.request_id,
            state=request.state,
            type=request.command,
            tavern=request.tavern_id or None,
            position=position,
            key=request.key_id,
            asker=request.asker_name or None,
            session=request.session_name,
            character=request.character,
            priority=request.priority,
            asked=request.since,
            started=request.started,
            finished=finished,
            tokens=_tokens(request) if request.state in FINAL else None,
            error=request.error,
        )

    def _tell(self, request: Request, position: int | None = None) -> None:
        sessions = self._subscriptions.route(request.tavern_id or "*", _CHANGED)
        event: Event | None = None
        for session in sessions:
            peer = self._directory.peer_of(session)
            if peer is None or not ("admin" in peer.key.held or peer.key.id == request.key_id):
                continue
            event = event or Event(_CHANGED, RequestChanged(request=self.info(request, position)))
            session.deliver(event)


def _tokens(request: Request) -> int | None:
    """Count its tokens: as the model reported them, else the pieces that came."""
    usage = request.result.get("usage") if isinstance(request.result, dict) else None
    told = usage.get("completion_tokens") if isinstance(usage, dict) else None
    if (
        isinstance(told, int) and not isinstance(told, bool) and told > 0
    ):  # it comes from a tavern as it likes
        return told
    return request.pieces or None
