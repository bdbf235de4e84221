"""`tavernlink chat`: talk to the open character from a terminal, on the whole screen or line by line."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access, open_hub
from tavernlink.cli.output import note, print_json
from tavernlink.cli.screen import Lang, Theme, make_words, show
from tavernlink.controls import without_controls
from tavernlink.errors import TavernlinkError

if TYPE_CHECKING:
    from tavernlink.cli.access import Access
    from tavernlink.sdk import SyncReply, SyncTavern

__all__ = ["chat"]


def chat(
    *,
    message: Annotated[
        str | None, typer.Argument(help="One message; without it you are asked for one after the other.")
    ] = None,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    tavern: Annotated[
        str | None, typer.Option(help="Id or name of the tavern.", show_default="the first")
    ] = None,
    session: Annotated[
        str | None, typer.Option(help="Talk in a chat of this name's own instead of the open one.")
    ] = None,
    character: Annotated[str | None, typer.Option(help="With --session: whom to talk to.")] = None,
    as_: Annotated[
        str | None, typer.Option("--as", help="Name to speak under.", show_default="your persona")
    ] = None,
    reasoning: Annotated[bool, typer.Option("--reasoning", help="Show the model's thoughts too.")] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Line by line, as in a pipe, not on the whole screen.")
    ] = False,
    lang: Lang = None,
    theme: Theme = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result of one message as JSON.")] = False,
) -> None:
    """Talk to the open character; the reply is shown while it comes.

    On a terminal the whole chat is shown: history, versions, other characters and chats; F1 lists the keys. With a
    MESSAGE, --session or --plain, and where no terminal is, it goes line by line: Ctrl-C stops a reply; at the prompt,
    it ends the chat, as Ctrl-D (Ctrl-Z on Windows) does.
    """
    if message is None and session is None and not plain and sys.stdin.isatty() and sys.stdout.isatty():
        access = find_access(url, key, data_dir, ca)
        _show_screen(access, tavern, as_, lang, theme)
        return
    _tell_about_lost_lines()
    options = {"session": session, "character": character, "as_": as_}
    with open_hub(url, key, data_dir, ca, name="chat") as hub:
        handle = hub.tavern(tavern)
        if message is None:
            _converse(handle, options, reasoning=reasoning)
            return
        reply = handle.send(message, **options)
        if as_json:
            print_json(reply.result())
        else:
            _show(reply, reasoning=reasoning)


def _show_screen(
    access: Access,
    tavern: str | None,
    speaks_as: str | None,
    lang: Literal["en", "zh"] | None,
    theme: Literal["dark", "light"] | None,
) -> None:
    """Show the open chat until the person leaves."""
    from tavernlink.sdk import connect
    from tavernlink.terminal.chat.app import ChatApp
    from tavernlink.terminal.chat.drafts import default_drafts

    def make() -> ChatApp:
        hub = connect(access.url, access.key, name="tavernlink chat", connect_timeout=None)
        words = make_words(lang)
        return ChatApp(hub, words, drafts=default_drafts(), tavern=tavern, speaks_as=speaks_as, shade=theme)

    show(make)


def _converse(tavern: SyncTavern, options: dict[str, str | None], *, reasoning: bool) -> None:
    """Ask for messages and print replies until the input ends."""
    person = sys.stdin.isatty()
    if person:
        context = tavern.context(last=1)
        whom = options["character"] or context.character
        note(
            f"Talking to {whom}. Ctrl-C stops a reply, Ctrl-D ends the chat."
            if whom
            else "No character is open."
        )
        for last in context.messages if options["session"] is None else ():
            print(without_controls(f"{last.name}: {last.text}\n"))
    while (text := _read(prompt="> " if person else "")) is not None:
        if not text.strip():
            continue
        reply = tavern.send(text, **options)
        try:
            _show(reply, reasoning=reasoning)
        except KeyboardInterrupt:
            reply.cancel()
            note("(stopped)")
        except TavernlinkError as error:
            if not person:
                raise
            note(f"error: {error.message} [{error.code}]")


def _read(*, prompt: str) -> str | None:
    """Return the next line of input; None at its end."""
    try:
        return input(prompt)
    except (EOFError, KeyboardInterrupt):
        if prompt:
            print()
        return None


def _show(reply: SyncReply, *, reasoning: bool) -> None:
    """Print a reply while it comes; raises its error."""
    from tavernlink.protocol.requests import RequestUpdate
    from tavernlink.protocol.streams import StreamDelta

    channel = "text"
    for event in reply.events():
        if isinstance(event, RequestUpdate) and event.state == "queued" and event.position:
            note(f"(waiting: {event.position} before you)")
        if not isinstance(event, StreamDelta) or (event.channel == "reasoning" and not reasoning):
            continue
        if event.channel != channel:
            print(f"\n[{'thinks' if event.channel == 'reasoning' else 'says'}]")
            channel = event.channel
        if event.replace:
            print("\n[the text was changed]")
        print(without_controls(event.text), end="", flush=True)
    print("\n" if sys.stdout.isatty() else "")


def _tell_about_lost_lines() -> None:
    """Let the SDK say on standard error when it has to connect again."""
    log = logging.getLogger("tavernlink.sdk")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("(%(message)s)"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
