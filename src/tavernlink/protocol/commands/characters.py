"""Characters: which there are and which is open, their pictures and tags. What a card says is in `cards`."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from tavernlink.protocol.commands.cards import CharacterCard, CharacterFields, Tags
from tavernlink.protocol.commands.entry import Arguments, command
from tavernlink.protocol.files import File
from tavernlink.protocol.message import Count, Id, Message, Name

__all__ = [
    "ROWS",
    "CharacterCreate",
    "CharacterDelete",
    "CharacterDeleted",
    "CharacterEdit",
    "CharacterExport",
    "CharacterFavourite",
    "CharacterImport",
    "CharacterListing",
    "CharacterOpened",
    "CharacterPicture",
    "CharacterRef",
    "CharacterRename",
    "CharacterRenamed",
    "CharacterSearch",
    "CharacterSheet",
    "CharacterSummary",
    "CharacterTag",
    "CharacterTagged",
    "CharacterTags",
]


class CharacterRef(Arguments):
    """Which character."""

    character: Id
    """Its id (the file name of its avatar, e.g. `Seraphina.png`), or its name where only one has it."""


class CharacterListing(Arguments):
    """Nothing to choose."""


class CharacterSearch(Arguments):
    """What to look for. Whatever is given must fit."""

    text: Name | None = None
    """Stands in the name, the card's texts, its notes or its tags. Small and capital letters are the same."""
    name: Name | None = None
    """Stands in the name."""
    tags: Tags = msgspec.field(default_factory=list)
    """It has each of these, in SillyTavern or on its card."""
    favourite: bool | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 100


class CharacterSummary(Message, omit_defaults=False):
    """One character of a list."""

    id: Id
    """File name of its avatar."""
    name: Name
    chat_id: Id | None = None
    """The chat that opens with it."""
    tags: list[Name] = msgspec.field(default_factory=list)
    """Those that the person gave it in SillyTavern."""
    favourite: bool = False
    creator: Name = ""
    version: Name = ""
    open: bool = False


class CharacterSheet(CharacterSummary, kw_only=True, omit_defaults=False):
    """One character with its card."""

    card: CharacterCard


class CharacterOpened(Message, omit_defaults=False):
    """What is open now."""

    id: Id
    name: Name
    chat_id: Id | None = None


class CharacterCreate(CharacterFields, kw_only=True):
    """A new character."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    same_name: bool = False
    """True: also where another character has this name."""
    select: bool = False
    """True: it is opened."""


class CharacterEdit(CharacterFields, kw_only=True):
    """What changes on a character's card. The name is changed with `character.rename`."""

    character: Id
    """Its id (the file name of its avatar), or its name where only one has it."""


class CharacterRename(CharacterRef, kw_only=True):
    """A character's new name. Its id changes with it; chats, tags and groups follow."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=120)]
    same_name: bool = False
    """True: also where another character has this name."""
    in_chats: bool = True
    """True: the name beside its messages in its chats changes too."""


class CharacterRenamed(Message, omit_defaults=False):
    """What a character is called now."""

    id: Id
    name: Name
    chats: Count = 0
    """Chats in which the name was changed."""
    failed: list[Id] = msgspec.field(default_factory=list)
    """Chats in which it could not be."""


class CharacterDelete(CharacterRef, kw_only=True):
    """Which character goes. Where it is open, its chat is closed."""

    chats: bool = False
    """True: its chats go, too."""


class CharacterDeleted(Message, omit_defaults=False):
    """What went."""

    id: Id
    chats: Count = 0
    """Chats that went with it."""


class CharacterImport(Arguments):
    """A card file: PNG, JSON, YAML, CharX or BYAF."""

    file: File
    replace: Id | None = None
    """Id of a character whose card and picture it replaces; its chats stay."""
    tags: Literal["none", "existing", "all"] = "existing"
    """Which of the card's tags the character gets in SillyTavern: only those that are there already, or all."""
    select: bool = False
    """True: it is opened."""


class CharacterExport(CharacterRef, kw_only=True):
    """Which character in which form. What is private on the card (favourite, open chat) is left out."""

    format: Literal["png", "json"] = "png"


class CharacterTag(CharacterRef, kw_only=True):
    """Tags that a character gets and loses in SillyTavern. Those that do not exist yet are made."""

    add: Tags = msgspec.field(default_factory=list)
    remove: Tags = msgspec.field(default_factory=list)


class CharacterTags(Arguments):
    """Nothing to choose."""


class CharacterTagged(Message, omit_defaults=False):
    """A tag of SillyTavern's."""

    name: Name
    characters: list[Id] = msgspec.field(default_factory=list)
    """Ids of the characters and groups that have it."""
    color: Name = ""
    folder: bool = False
    """It is shown as a folder."""


class CharacterFavourite(CharacterRef, kw_only=True):
    """Whether a character is a favourite."""

    on: bool = True


class CharacterPicture(CharacterRef, kw_only=True):
    """A character's picture."""

    thumbnail: bool = False
    """True: the small one that SillyTavern shows beside messages."""


_SERAPHINA = {"character": "default_Seraphina.png"}
_MINT = {"name": "Mint", "description": "A gardener.", "tags": ["garden"]}

ROWS = (
    command(
        "character.list",
        CharacterListing,
        list[CharacterSummary],
        lane="immediate",
        scope="chat:read",
        about="Lists the characters of this SillyTavern, without their cards.",
        example={},
        smoke=True,
    ),
    command(
        "character.get",
        CharacterRef,
        CharacterSheet,
        lane="detached",
        scope="chat:read",
        about="Reads a character with its whole card.",
        errors=("unknown_character",),
        example=_SERAPHINA,
        smoke=True,
    ),
    command(
        "character.search",
        CharacterSearch,
        list[CharacterSummary],
        lane="detached",
        scope="chat:read",
        about="Finds characters by name, tags or the texts of their cards.",
        example={"text": "forest"},
    ),
    command(
        "character.select",
        CharacterRef,
        CharacterOpened,
        lane="visible",
        scope="control",
        about="Opens a character with its last chat, and gives what is open then.",
        errors=("unknown_character",),
        example={"character": "Wren.png"},
        smoke=True,
    ),
    command(
        "character.create",
        CharacterCreate,
        CharacterSheet,
        lane="visible",
        scope="control",
        about="Makes a character.",
        errors=("name_taken",),
        example={
            **_MINT,
            "same_name": True,
            "first_mes": "Mind the seedlings!",
            "alternate_greetings": ["Oh, a visitor."],
            "depth_prompt": {"prompt": "Mint speaks in short sentences.", "depth": 2},
        },
        smoke=True,
    ),
    command(
        "character.edit",
        CharacterEdit,
        CharacterSheet,
        lane="visible",
        scope="control",
        about="Changes fields of a character's card, or its picture.",
        errors=("unknown_character", "unknown_item"),
        example={"character": "Wren.png", "personality": "Curious and brisk.", "favourite": True},
        smoke=True,
    ),
    command(
        "character.duplicate",
        CharacterRef,
        CharacterSummary,
        lane="visible",
        scope="control",
        about="Copies a character, without its chats.",
        errors=("unknown_character",),
        example={"character": "$0.id"},
        before=(("character.create", {**_MINT, "same_name": True}),),
    ),
    command(
        "character.rename",
        CharacterRename,
        CharacterRenamed,
        lane="visible",
        scope="control",
        about="Gives a character another name, and so another id; chats, tags and groups follow.",
        errors=("unknown_character", "name_taken"),
        example={"character": "$0.id", "name": "Peppermint", "same_name": True},
        before=(("character.create", {**_MINT, "same_name": True}),),
    ),
    command(
        "character.delete",
        CharacterDelete,
        CharacterDeleted,
        lane="visible",
        scope="control",
        destructive=True,
        about="Deletes a character, with its chats or without.",
        errors=("unknown_character",),
        example={"character": "$0.id", "chats": True},
        before=(("character.create", {**_MINT, "same_name": True}),),
        smoke=True,
    ),
    command(
        "character.import_card",
        CharacterImport,
        CharacterSheet,
        lane="visible",
        scope="control",
        about="Makes a character from a card file.",
        errors=("unknown_character", "invalid_file"),
        example={
            "file": {
                "name": "Ash.json",
                "type": "application/json",
                "data": "eyJuYW1lIjogIkFzaCIsICJkZXNjcmlwdGlvbiI6ICJBIGhlcmFsZC4ifQ==",
            }
        },
    ),
    command(
        "character.export_card",
        CharacterExport,
        File,
        lane="detached",
        scope="chat:read",
        about="Gives a character's card as a file.",
        errors=("unknown_character", "too_large"),
        example={**_SERAPHINA, "format": "json"},
        smoke=True,
    ),
    command(
        "character.tags",
        CharacterTags,
        list[CharacterTagged],
        lane="immediate",
        scope="chat:read",
        about="Lists SillyTavern's tags and who has them.",
        example={},
    ),
    command(
        "character.tag",
        CharacterTag,
        CharacterSummary,
        lane="visible",
        scope="control",
        about="Gives a character tags in SillyTavern, or takes them away.",
        errors=("unknown_character",),
        example={**_SERAPHINA, "add": ["healer", "forest"], "remove": ["city"]},
    ),
    command(
        "character.favourite",
        CharacterFavourite,
        CharacterSummary,
        lane="visible",
        scope="control",
        about="Marks a character as a favourite, or no longer.",
        errors=("unknown_character",),
        example=_SERAPHINA,
    ),
    command(
        "character.avatar",
        CharacterPicture,
        File,
        lane="detached",
        scope="chat:read",
        about="Gives a character's picture.",
        errors=("unknown_character", "too_large"),
        example=_SERAPHINA,
        smoke=True,
    ),
)
