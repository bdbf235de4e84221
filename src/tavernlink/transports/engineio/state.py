"""The states of an Engine.IO session and the ways between them.

state      carried by              leaves for
POLLING    GET and POST requests   PROBING (a WebSocket knocked), DRAINING, CLOSED
PROBING    requests still          WEBSOCKET ("5" arrived), POLLING (the WebSocket went away), DRAINING, CLOSED
WEBSOCKET  one WebSocket           CLOSED
DRAINING   nothing new; waits for  CLOSED (taken, or not taken in time)
           a last GET to take what is queued
CLOSED     nothing
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

__all__ = ["MOVES", "State"]


class State(Enum):
    """See the table above."""

    POLLING = auto()
    PROBING = auto()
    WEBSOCKET = auto()
    DRAINING = auto()
    CLOSED = auto()


MOVES: Mapping[State, set[State]] = {
    State.POLLING: {State.PROBING, State.DRAINING, State.CLOSED},
    State.PROBING: {State.WEBSOCKET, State.POLLING, State.DRAINING, State.CLOSED},
    State.WEBSOCKET: {State.CLOSED},
    State.DRAINING: {State.CLOSED},
    State.CLOSED: set(),
}
