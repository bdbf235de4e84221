"""A file that goes with a command or comes out of one: a card, a picture, an export."""

from __future__ import annotations

from typing import Annotated

import msgspec

from tavernlink.protocol.message import Message, Name

__all__ = ["File", "FileBytes"]

FileBytes = Annotated[bytes, msgspec.Meta(max_length=11_000_000)]
"""At most 11 MB: base64 in JSON makes a third more of it, and a message has 16 MB."""


class File(Message, omit_defaults=False):
    """A file's bytes and what they are."""

    name: Name
    """File name, without a folder."""
    type: Name
    """MIME type, e.g. `image/png`."""
    data: FileBytes
