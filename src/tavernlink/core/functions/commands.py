"""A tavern's commands as functions: a call of one becomes a request like any other, and never runs another way.

Each call is an asker of its own, with the caller's key and name, whose line ends here: updates of the request become
the call's progress and its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tavernlink.core.access.keys import Key
from tavernlink.core.access.rights import check_command, may_run
from tavernlink.core.functions.function import Function, Places
from tavernlink.core.functions.registry import split_address
from tavernlink.core.limits import RateLimit
from tavernlink.core.peers.peer import App
from tavernlink.core.peers.session import Bounds, Session
from tavernlink.errors import GenerationError, NotFound, TavernlinkError
from tavernlink.protocol.commands.asking import CommandRun
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.commands.schemas import schema_of
from tavernlink.protocol.event import Event
from tavernlink.protocol.functions import FunctionSpec, ProviderInfo
from tavernlink.protocol.outcome import Failure, Success
from tavernlink.protocol.requests import Accepted, RequestCancel, RequestUpdate
from tavernlink.protocol.streams import StreamDelta

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tavernlink.core.functions.call import Call
    from tavernlink.core.limits import HubLimits
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.peer import Tavern

__all__ = ["Commands"]

_AS_MANY_AS_COME = 1 << 30  # the tavern's own queue decides
_HUB = Key(id="", role="admin", name="hub", digest=b"", created=0.0)


class Commands:
    """Finds commands by function names. `run` and `cancel` are the handlers of `command.run` and `request.cancel`."""

    def __init__(self, directory: Directory, limits: HubLimits, *, run: Asked, cancel: Asked) -> None:
        self._directory = directory
        self._limits = limits
        self.run = run
        self.cancel = cancel
        self._made: dict[str, Function] = {}
        """One of each command, for its compiled schema."""
        self._providers: dict[Tavern, _CommandProvider] = {}

    def find(self, words: str, provider: str | None, key: Key | None) -> Function | None:
        """Return the command that a caller means; None: it means something else.

        Raises `forbidden`, `no_tavern`.
        """
        of, name = split_address(words, provider)
        if name not in COMMANDS:
            return None
        try:
            tavern = self._directory.resolve(None if of is None else of.removeprefix("tavern:"), key)
        except NotFound:
            return None
        if key is not None:
            check_command(key, name)
        return self._function(name, tavern)

    def listed(self, key: Key, provider: str | None) -> Iterator[Function]:
        """Commands of every tavern that is there, or of the one with this id or name, that a key may run."""
        for tavern in self._directory.listed(key):
            named = provider is None or provider.removeprefix("tavern:") in (tavern.id, tavern.name)
            if not named or tavern.session.id not in self._directory.sessions:
                continue
            for name in COMMANDS:
                if tavern.knows(name) and may_run(key, name):
                    yield self._function(name, tavern)

    def forget(self, session: Session) -> None:
        """A tavern's session is over."""
        self._providers = {
            tavern: provider
            for tavern, provider in self._providers.items()
            if tavern.session is not session or provider.busy
        }

    def _function(self, name: str, tavern: Tavern) -> Function:
        provider = self._providers.get(tavern)
        if provider is None:
            provider = self._providers[tavern] = _CommandProvider(self, tavern)
        known = self._made.get(name)
        if known is None:
            row = COMMANDS[name]
            spec = FunctionSpec(
                name=name,
                description=row.about,
                parameters=schema_of(row.args),
                timeout=self._limits.request_timeout,
            )
            places = Places(_AS_MANY_AS_COME, _AS_MANY_AS_COME)
            known = self._made[name] = Function(spec, provider, places)
        return known.of(provider)


class _CommandProvider:
    """The commands of one tavern."""

    def __init__(self, commands: Commands, tavern: Tavern) -> None:
        self._commands = commands
        self._tavern = tavern
        self._running: dict[Call, _Run] = {}

    @property
    def info(self) -> ProviderInfo:
        """The tavern's."""
        tavern = self._tavern
        return ProviderInfo(kind="tavern", id=tavern.id, name=tavern.name, online=tavern.online)

    @property
    def busy(self) -> bool:
        """Calls run."""
        return bool(self._running)

    def invoke(self, call: Call) -> None:
        """Ask for the command as the caller would."""
        run = self._running[call] = _Run(call, self)
        message = CommandRun(
            name=call.name, args=call.args, tavern=self._tavern.id, timeout=max(0.001, call.timeout)
        )
        try:
            self._commands.run(run.peer, message, run.accepted)
        except TavernlinkError:
            self.over(call)
            raise

    def cancel(self, call: Call) -> None:
        """Cancel its request; what the tavern says then is the call's end."""
        run = self._running.get(call)
        if run is not None and run.request_id is not None:
            self._commands.cancel(run.peer, RequestCancel(request_id=run.request_id), _nobody)

    def over(self, call: Call) -> None:
        """Forget a call."""
        self._running.pop(call, None)


class _Run:
    """One call while its request runs. It is the line of its own asker."""

    def __init__(self, call: Call, provider: _CommandProvider) -> None:
        self._call = call
        self._provider = provider
        self._told = 0
        self.request_id: str | None = None
        session = Session(call.call_id, Bounds(kept=0, kept_bytes=0))
        session.link = self
        self.peer = App(
            call.caller.id,
            name=call.caller.name,
            key=call.asker.key or _HUB,
            session=session,
            rate=RateLimit(1.0, 1, 0.0),
            address=call.asker.address,
        )

    def accepted(self, outcome: Success | Failure) -> None:
        """Take what `command.run` answers."""
        if isinstance(outcome, Failure):
            self._end(None, outcome.error.to_error())
        elif isinstance(outcome.result, Accepted):
            self.request_id = outcome.result.request_id

    # Link

    def send(self, event: Event) -> None:
        """Take an update, or a part of the text that is being generated."""
        content = event.content
        if isinstance(content, StreamDelta):
            self._told += len(content.text)
            self._call.tell(self._told, message=content.text)
        elif isinstance(content, RequestUpdate) and content.state == "done":
            self._end(content.result, None)
        elif isinstance(content, RequestUpdate) and content.state in ("failed", "cancelled"):
            self._end(None, content.error.to_error() if content.error else GenerationError("command_failed"))

    def close(self, code: str, message: str) -> None:
        """Nobody closes it: the session is known to nobody else."""

    def _end(self, result: Any, error: TavernlinkError | None) -> None:
        self._provider.over(self._call)
        if error is not None:
            self._call.fail(error)
        else:
            self._call.done(msgspec.to_builtins(result))


def _nobody(outcome: Success | Failure) -> None:
    """Nobody waits for this answer."""
