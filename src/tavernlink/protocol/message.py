"""The base of every message and the bounded field types that they share.

Bounds stand in the types, so a schema check is also the size check, and the generated JSON Schema shows them.
"""

from __future__ import annotations

from typing import Annotated, dataclass_transform

import msgspec

__all__ = ["Count", "Id", "LongText", "Message", "Name", "Text"]

Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
"""An identifier: of a tavern, app, request, stream, session, chat or character."""

Name = Annotated[str, msgspec.Meta(max_length=200)]
"""A name that people read."""

Text = Annotated[str, msgspec.Meta(max_length=200_000)]
"""One message's text, in characters."""

LongText = Annotated[str, msgspec.Meta(max_length=4_000_000)]
"""The whole text of a generation or a prompt, in characters."""

Count = Annotated[int, msgspec.Meta(ge=0)]
"""A number of things; never negative."""


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Content of one message.

    Unknown fields are ignored. Fields that have their default are left out, but for snapshots that people read
    (`omit_defaults=False`).
    """
