"""What was typed and not sent, kept for each chat, over restarts too."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import platformdirs

from tavernlink.private_file import write_private

__all__ = ["Drafts", "default_drafts"]

_MOST = 200
"""Drafts that are kept; the oldest go."""


class Drafts:
    """Texts by chat in one JSON file. A file that cannot be read or written loses drafts, nothing else."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._texts: dict[str, str] = {}
        if file is not None:
            with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
                self._texts = {str(k): str(v) for k, v in json.loads(file.read_text("utf-8")).items()}

    def get(self, chat: str) -> str:
        """Return the draft of a chat; empty: none."""
        return self._texts.get(chat, "")

    def put(self, chat: str, text: str) -> None:
        """Keep a draft; an empty one is forgotten."""
        if self._texts.get(chat, "") == text:
            return
        self._texts.pop(chat, None)
        if text:
            self._texts[chat] = text
        while len(self._texts) > _MOST:
            del self._texts[next(iter(self._texts))]
        self._save()

    def _save(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._file, json.dumps(self._texts).encode())


def default_drafts() -> Drafts:
    """Return this person's drafts."""
    return Drafts(platformdirs.user_state_path("tavernlink", appauthor=False) / "drafts.json")
