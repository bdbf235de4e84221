"""Runs a screen of the terminal's face to its end, on the terminal that this process has."""

from __future__ import annotations

import logging
import sys

from tavernlink.terminal.face import Face

__all__ = ["run_face"]


async def run_face(face: Face) -> int:
    """Show it until the person leaves; returns the exit status. The line to the hub is closed then."""
    log = logging.getLogger("tavernlink.sdk")
    silence = (
        logging.NullHandler()
    )  # the screen says itself how the line is; standard error would write over it
    log.addHandler(silence)
    log.propagate = False
    try:
        await face.run_async()
    finally:
        log.removeHandler(silence)
        log.propagate = True
        await face.hub.close()
    sys.stdout.flush()
    return face.return_code or 0
