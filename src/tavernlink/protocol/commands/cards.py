"""What stands on a character's card, with the field names of the card specification (V2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Message, Name, Text

__all__ = ["CharacterCard", "CharacterFields", "CharacterNote", "Tags"]

_Texts = Annotated[list[Text], msgspec.Meta(max_length=200)]
Tags = Annotated[list[Name], msgspec.Meta(max_length=200)]


class CharacterNote(Message, omit_defaults=False):
    """The character's note: a text inside the chat."""

    prompt: Text = ""
    depth: Count = 4
    """Messages from the end of the chat before which it stands."""
    role: Literal["system", "user", "assistant"] = "system"


class CharacterCard(Message, omit_defaults=False):
    """A character card, with the field names of the card specification (V2)."""

    name: Name
    description: Text = ""
    personality: Text = ""
    scenario: Text = ""
    first_mes: Text = ""
    mes_example: Text = ""
    alternate_greetings: list[Text] = msgspec.field(default_factory=list)
    system_prompt: Text = ""
    post_history_instructions: Text = ""
    creator_notes: Text = ""
    creator: Text = ""
    character_version: Text = ""
    tags: list[Name] = msgspec.field(default_factory=list)
    """Written on the card."""
    talkativeness: float = 0.5
    """From 0 to 1: how often it speaks in groups."""
    world: Name = ""
    """The lorebook that goes with it."""
    depth_prompt: CharacterNote = CharacterNote()
    character_book: dict[str, Any] | None = None
    """Lore inside the card."""
    extensions: dict[str, Any] = msgspec.field(default_factory=dict)
    """What other programs and extensions keep on the card."""


class CharacterFields(Arguments):
    """Fields of a card, with the names of the card specification (V2). What is not given stays as it is."""

    description: Text | None = None
    personality: Text | None = None
    scenario: Text | None = None
    first_mes: Text | None = None
    mes_example: Text | None = None
    alternate_greetings: _Texts | None = None
    system_prompt: Text | None = None
    post_history_instructions: Text | None = None
    creator_notes: Text | None = None
    creator: Text | None = None
    character_version: Text | None = None
    tags: Tags | None = None
    """Written on the card; those that SillyTavern sorts by are given with `character.tag`."""
    talkativeness: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    favourite: bool | None = None
    world: Name | None = None
    """Name of a lorebook that is there; empty: none."""
    depth_prompt: CharacterNote | None = None
    character_book: dict[str, Any] | None = None
    """Lore inside the card: an object with `entries` and `extensions`."""
    extensions: dict[str, Any] | None = None
    """Merged with what is there."""
    avatar: File | None = None
    """A picture."""
