"""Reports: what follows from the commands that a tavern knows in a new session. Decides; `Work` carries it out."""

from __future__ import annotations

from typing import NamedTuple

from tavernlink.core.work.requests import Request
from tavernlink.protocol.commands import CommandsKnown

__all__ = ["Findings", "compare"]

_SLACK = 1.0  # seconds that two clocks may be apart


class Findings(NamedTuple):
    """What is to be done with requests that hold a place at the tavern; what is in none of them goes on."""

    stop: list[Request]
    """They run there, and nobody wants them any more."""
    send: list[Request]
    """They are answered once more; or never arrived, as the page remembers everything since before."""
    lost: list[Request]
    """Nobody knows what became of them."""
    strange: set[str]
    """Wire ids of what runs there and is nobody's."""


def compare(ours: list[Request], message: CommandsKnown, *, unsure: frozenset[str], wall: float) -> Findings:
    """Hold a tavern's report against the requests that it should have; `unsure`: those sent before this session."""
    reach = wall - message.seconds
    found = Findings([], [], [], set(message.running) - {request.wire_id for request in ours})
    for request in ours:
        wire_id, running = request.wire_id, request.state == "running"
        if wire_id in message.running:
            if request.cancelling or not running:
                found.stop.append(request)
        elif wire_id not in unsure:
            continue  # sent in this session
        elif wire_id in message.done or (running and (request.started or 0.0) > reach + _SLACK):
            found.send.append(request)
        else:
            found.lost.append(request)
    return found
