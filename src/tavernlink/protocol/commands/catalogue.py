"""Every command that programs may run by name, merged from the nouns: one line for each noun."""

from __future__ import annotations

from collections.abc import Mapping

from tavernlink.protocol.commands import (
    characters,
    chats,
    checkpoints,
    connections,
    expressions,
    files,
    generations,
    groups,
    messages,
    models,
    notes,
    personas,
    presets,
    prompts,
    quick_replies,
    regex,
    replies,
    samplers,
    scripts,
    swipes,
    variables,
    worlds,
)
from tavernlink.protocol.commands.entry import CommandSpec

__all__ = ["COMMANDS", "NOUNS"]

NOUNS: Mapping[str, tuple[CommandSpec, ...]] = {
    # name of the module, and of the attribute of a tavern in the SDK → its commands
    "messages": messages.ROWS,
    "swipes": swipes.ROWS,
    "replies": replies.ROWS,
    "chats": chats.ROWS,
    "checkpoints": checkpoints.ROWS,
    "groups": groups.ROWS,
    "characters": characters.ROWS,
    "personas": personas.ROWS,
    "expressions": expressions.ROWS,
    "files": files.ROWS,
    "prompts": prompts.ROWS,
    "generations": generations.ROWS,
    "presets": presets.ROWS,
    "models": models.ROWS,
    "samplers": samplers.ROWS,
    "connections": connections.ROWS,
    "worlds": worlds.ROWS,
    "notes": notes.ROWS,
    "variables": variables.ROWS,
    "regex": regex.ROWS,
    "quick_replies": quick_replies.ROWS,
    "scripts": scripts.ROWS,
}

COMMANDS: Mapping[str, CommandSpec] = {spec.name: spec for rows in NOUNS.values() for spec in rows}
"""Every command by its name."""
