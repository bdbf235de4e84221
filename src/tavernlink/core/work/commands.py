"""Commands by name: what an app asks is held against the catalogue, then it is a request like any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tavernlink.core.access.audit import Audit
from tavernlink.core.access.rights import check_command, check_scope, may_run
from tavernlink.core.messages.handlers import Asked
from tavernlink.core.peers.directory import Directory
from tavernlink.core.peers.peer import Peer, Tavern
from tavernlink.core.seams import Ack
from tavernlink.core.work.asking import POOLED, Asking, Order, fingerprint
from tavernlink.errors import BadMessage
from tavernlink.protocol.commands.asking import CommandInfo, CommandList, CommandRun
from tavernlink.protocol.commands.catalogue import NOUNS
from tavernlink.protocol.commands.entry import CommandSpec
from tavernlink.protocol.commands.reading import find_command, read_arguments
from tavernlink.protocol.commands.schemas import schema_of
from tavernlink.protocol.outcome import Success

__all__ = ["CommandMessages", "caller_of", "check_known"]

_SHORT: Final = 60  # characters of an argument that may stand in the audit log: names, not texts


class CommandMessages:
    """Carries out `command.run` and `command.list`."""

    def __init__(self, directory: Directory, asking: Asking, audit: Audit) -> None:
        self._directory = directory
        self._asking = asking
        self._audit = audit
        self.handlers: Mapping[str, Asked] = {
            "command.run": self._command_run,
            "command.list": self._command_list,
        }

    def _command_run(self, peer: Peer, message: CommandRun, ack: Ack) -> None:
        spec = find_command(message.name)
        check_command(peer.key, spec.name)
        args = read_arguments(spec, message.args)
        if message.priority:
            check_scope(peer.key, "admin", "give a request a priority")
        pooled = message.tavern in POOLED
        if not pooled:
            tavern = self._directory.resolve(message.tavern, peer.key)
            check_known(tavern, spec)
            tavern.mirror.check(message.revision)
        elif message.revision is not None:
            raise BadMessage("invalid_message", "`revision` is of one tavern: name it (at $.revision).")
        order = Order(
            command=spec.name,
            lane=spec.lane,
            args=args,
            asked=fingerprint("command.run", message),
            tavern=message.tavern,
            priority=message.priority,
            timeout=message.timeout,
            request_id=message.request_id,
            caller=caller_of(peer),
            by=peer.member_id,
            revision=message.revision,
            needs=spec.name,
        )
        taken = self._asking.take(peer, order, ack)
        if taken is not None and spec.scope == "control":
            facts = {name: value for name, value in message.args.items() if _is_fact(value)}
            self._audit.record(
                "command.run",
                peer,
                target=spec.name,
                tavern=taken.tavern_id,
                request=taken.request_id,
                args=facts,
            )

    def _command_list(self, peer: Peer, message: CommandList, ack: Ack) -> None:
        tavern = None if message.tavern is None else self._directory.resolve(message.tavern, peer.key)
        ack(
            Success(
                result=[
                    _info(
                        noun,
                        spec,
                        allowed=may_run(peer.key, spec.name),
                        known=None if tavern is None else tavern.knows(spec.name),
                    )
                    for noun, rows in NOUNS.items()
                    for spec in rows
                ]
            )
        )


def check_known(tavern: Tavern, spec: CommandSpec) -> None:
    """Raise `unknown_command` unless the tavern's extension knows the command."""
    if tavern.knows(spec.name):
        return
    if tavern.versions is None:
        raise BadMessage(
            "unknown_command",
            f"The tavern {tavern.name!r} is connected by an extension that takes no commands. "
            "Install Tavernlink's own.",
            {"command": spec.name},
        )
    raise BadMessage(
        "unknown_command",
        f"The Tavernlink extension {tavern.versions.extension} of the tavern {tavern.name!r} does not know "
        f"{spec.name!r}. Update it in SillyTavern, then reload the page.",
        {"command": spec.name, "extension": tavern.versions.extension},
    )


def caller_of(peer: Peer) -> str:
    """Return who asks, in words for the person at the tavern: the app's name, and that of its key where it differs."""
    if peer.name in ("", peer.key.name, peer.id):
        return peer.key.name
    return f"{peer.name} ({peer.key.name})"


def _info(noun: str, spec: CommandSpec, *, allowed: bool, known: bool | None) -> CommandInfo:
    return CommandInfo(
        name=spec.name,
        noun=noun,
        about=spec.about,
        lane=spec.lane,
        scope=spec.scope,
        destructive=spec.destructive,
        allowed=allowed,
        known=known,
        args=schema_of(spec.args),
        result=schema_of(spec.result),
        errors=list(spec.errors),
        example=dict(spec.example),
    )


def _is_fact(value: Any) -> bool:
    """True for what says which thing was meant: numbers and names. Texts are nobody's business in the log."""
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _SHORT)
