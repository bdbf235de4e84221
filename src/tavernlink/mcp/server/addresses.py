"""Addresses of resources: `tavernlink://taverns/TAVERN/chat`, `…/characters/ID`, `…/lorebooks/NAME`."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

__all__ = ["DEFAULT", "TEMPLATES", "Address", "ResourceKind"]

ResourceKind = Literal["chat", "characters", "lorebooks"]

DEFAULT = "default"
"""In the place of a tavern: the one that has been online longest."""

_BASE = "tavernlink://taverns"
_ADDRESS = re.compile(rf"{_BASE}/([^/?#]+)/(?:(chat)|(characters|lorebooks)/([^/?#]+))")

TEMPLATES: dict[ResourceKind, str] = {
    "chat": f"{_BASE}/{{tavern}}/chat",
    "characters": f"{_BASE}/{{tavern}}/characters/{{character}}",
    "lorebooks": f"{_BASE}/{{tavern}}/lorebooks/{{lorebook}}",
}


class Address(NamedTuple):
    """Where a resource is."""

    tavern: str
    """Id or name, or `default`."""
    kind: ResourceKind
    name: str = ""
    """Of the character or lorebook."""

    @classmethod
    def parse(cls, uri: str) -> Address | None:
        """Return the address that a URI is, or None."""
        match = _ADDRESS.fullmatch(uri)
        if match is None:
            return None
        tavern, chat, kind, name = match.groups()
        if chat:
            return cls(unquote(tavern), "chat")
        return cls(unquote(tavern), "characters" if kind == "characters" else "lorebooks", unquote(name))

    @property
    def asked(self) -> str | None:
        """The tavern as messages name it."""
        return None if self.tavern == DEFAULT else self.tavern

    @property
    def uri(self) -> str:
        """The URI."""
        end = f"/{quote(self.name, safe='')}" if self.name else ""
        return f"{_BASE}/{quote(self.tavern, safe='')}/{self.kind}{end}"
