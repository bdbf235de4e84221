"""Personas: who the person is in SillyTavern, and where."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Id, Message, Name, Text

__all__ = [
    "ROWS",
    "PersonaBind",
    "PersonaCreate",
    "PersonaDelete",
    "PersonaDeleted",
    "PersonaEdit",
    "PersonaFields",
    "PersonaList",
    "PersonaPicture",
    "PersonaPosition",
    "PersonaRef",
    "PersonaSheet",
    "PersonaSummary",
]

PersonaPosition = Literal["in_prompt", "top_of_note", "bottom_of_note", "at_depth", "none"]
"""Where its description stands: among the prompts, above or below the author's note, in the chat, or nowhere."""


class PersonaRef(Arguments):
    """Which persona."""

    persona: Id
    """Its id (the file name of its avatar), or its name where only one has it."""


class PersonaList(Arguments):
    """Nothing to choose."""


class PersonaSummary(Message, omit_defaults=False):
    """One persona of a list."""

    id: Id
    """File name of its avatar."""
    name: Name
    title: Name = ""
    """Shown in SillyTavern beside the name."""
    selected: bool = False
    """The person is this one now."""
    default: bool = False
    """It is taken for chats and characters that have none of their own."""
    chat: bool = False
    """The open chat is bound to it."""
    characters: list[Id] = msgspec.field(default_factory=list)
    """Ids of the characters and groups that are bound to it."""


class PersonaSheet(PersonaSummary, kw_only=True, omit_defaults=False):
    """One persona with its texts."""

    description: Text = ""
    position: PersonaPosition = "in_prompt"
    depth: Count = 2
    """With `at_depth`: messages from the end of the chat before which it stands."""
    role: Literal["system", "user", "assistant"] = "system"
    """With `at_depth`: as whose message."""
    lorebook: Name = ""


class PersonaFields(Arguments):
    """Fields of a persona. What is not given stays as it is."""

    description: Text | None = None
    title: Name | None = None
    position: PersonaPosition | None = None
    depth: Annotated[int, msgspec.Meta(ge=0, le=10_000)] | None = None
    role: Literal["system", "user", "assistant"] | None = None
    lorebook: Name | None = None
    """Name of a lorebook that is there; empty: none."""
    avatar: File | None = None
    """A picture."""
    same_name: bool = False
    """True: also where another persona has this name."""


class PersonaCreate(PersonaFields, kw_only=True):
    """A new persona."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    select: bool = False
    """True: the person is this one from now on."""


class PersonaEdit(PersonaFields, kw_only=True):
    """What changes of a persona."""

    persona: Id
    """Its id (the file name of its avatar), or its name where only one has it."""
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)] | None = None


class PersonaDelete(PersonaRef, kw_only=True):
    """Which persona goes. Where it is selected, SillyTavern takes another one."""


class PersonaDeleted(Message, omit_defaults=False):
    """What went, and who the person is now."""

    id: Id
    selected: Id | None = None


class PersonaBind(PersonaRef, kw_only=True):
    """What a persona is bound to."""

    to: Literal["chat", "character", "default"]
    """The open chat; a character or group; or all that have none of their own."""
    character: Id | None = None
    """With `character`: id or name of the character or group; default the open one."""
    on: bool = True
    """False: it is bound to it no longer."""


class PersonaPicture(PersonaRef, kw_only=True):
    """A persona's picture."""

    thumbnail: bool = False
    """True: the small one that SillyTavern shows beside messages."""


_ROWAN = {"name": "Rowan", "description": "A traveller.", "same_name": True}

ROWS = (
    command(
        "persona.list",
        PersonaList,
        list[PersonaSummary],
        lane="immediate",
        scope="chat:read",
        about="Lists the person's personas.",
        example={},
        smoke=True,
    ),
    command(
        "persona.get",
        PersonaRef,
        PersonaSheet,
        lane="immediate",
        scope="chat:read",
        about="Reads a persona with its description.",
        errors=("unknown_persona",),
        example={"persona": "$0.id"},
        before=(("persona.create", _ROWAN),),
    ),
    command(
        "persona.select",
        PersonaRef,
        PersonaSummary,
        lane="visible",
        scope="control",
        about="Makes the person one of their personas.",
        errors=("unknown_persona",),
        example={"persona": "$0.id"},
        before=(("persona.create", _ROWAN),),
        smoke=True,
    ),
    command(
        "persona.create",
        PersonaCreate,
        PersonaSheet,
        lane="visible",
        scope="control",
        about="Makes a persona.",
        errors=("name_taken", "unknown_item"),
        example={
            "name": "Linden",
            "description": "{{user}} is a cartographer.",
            "position": "at_depth",
            "same_name": True,
        },
        smoke=True,
    ),
    command(
        "persona.edit",
        PersonaEdit,
        PersonaSheet,
        lane="visible",
        scope="control",
        about="Changes a persona's name, texts or picture.",
        errors=("unknown_persona", "name_taken", "unknown_item"),
        example={"persona": "$0.id", "description": "A mapmaker.", "title": "of the north"},
        before=(("persona.create", _ROWAN),),
    ),
    command(
        "persona.delete",
        PersonaDelete,
        PersonaDeleted,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a persona.",
        errors=("unknown_persona",),
        example={"persona": "$0.id"},
        before=(("persona.create", _ROWAN),),
        smoke=True,
    ),
    command(
        "persona.bind",
        PersonaBind,
        PersonaSummary,
        lane="visible",
        scope="control",
        about="Binds a persona to the open chat, to a character, or makes it the default; or no longer.",
        errors=("unknown_persona", "unknown_character", "no_character"),
        example={"persona": "$0.id", "to": "character", "character": "Wren.png"},
        before=(("persona.create", _ROWAN),),
    ),
    command(
        "persona.avatar",
        PersonaPicture,
        File,
        lane="detached",
        scope="chat:read",
        about="Gives a persona's picture.",
        errors=("unknown_persona", "too_large"),
        example={"persona": "$0.id"},
        before=(("persona.create", _ROWAN),),
    ),
)
