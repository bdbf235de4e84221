"""The lines around the messages: who is open, where, and what there is to know just now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from tavernlink.terminal.chat.app import ChatApp

__all__ = ["empty_text", "notice", "where", "who"]


def who(face: ChatApp) -> Text:
    """The open character and chat."""
    info = face.tavern_info
    name = info.character if info and info.character else face.words("chat.nobody")
    line = Text.assemble((name, f"bold {face.colour('primary')}"), no_wrap=True, overflow="ellipsis")
    if info and info.chat_id:
        line.append(f"  {info.chat_id}", style=face.colour("soft"))
    return line


def where(face: ChatApp) -> Text:
    """The tavern, and how the line to the hub is."""
    info = face.tavern_info
    line = Text(no_wrap=True, overflow="ellipsis")
    if info:
        line.append(info.name, style="bold")
        line.append("" if info.online else f" ({face.words('tavern.away')})")
        line.append("  ")
    return line + face.line_text()


def notice(face: ChatApp) -> Text:
    """The most important news of this moment, in one line."""
    words, deeds = face.words, face.deeds
    soft, warning = face.colour("soft"), face.colour("warning")
    if face.line_up is False:
        return Text(words("chat.lineDown"), style=warning)
    if face.editing is not None:
        return Text(words("chat.editing", index=face.editing[0]), style=warning)
    if deeds.position:
        return Text(words("chat.queue", count=deeds.position), style=warning)
    if face.growing and not face.growing.over:
        return Text(words("chat.writing", name=face.growing.speaker), style=soft)
    if deeds.reply is not None:
        return Text(words("chat.waiting"), style=soft)
    if face.mirror is not None and face.mirror.loading:
        return Text(words("chat.loading"), style=soft)
    if face.mirror is not None and not face.may_write:
        return Text(words("chat.readOnly"), style=soft)
    if deeds.speaks_as:
        return Text(words("chat.speaksAs", name=deeds.speaks_as), style=soft)
    return Text("")


def empty_text(face: ChatApp) -> Text:
    """What stands where no message is."""
    if face.line_up is None:
        return Text(face.words("chat.reaching", url=face.hub.url))
    if face.tavern_id is None:
        return Text(face.words("chat.noTavern"))
    if face.mirror is None:
        return Text(face.words("chat.loading"))
    return Text(face.words("chat.empty" if face.mirror.chat_id else "chat.noChat"))
