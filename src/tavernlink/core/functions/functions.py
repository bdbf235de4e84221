"""Functions: who offers what, and the calls of it. The whole of the feature, for the hub, the doors and the runtime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, get_args

from tavernlink.core.access.permissions import Scope
from tavernlink.core.functions.call import Asker
from tavernlink.core.functions.call_log import CallLog
from tavernlink.core.functions.calls import Calls
from tavernlink.core.functions.commands import Commands
from tavernlink.core.functions.function import Function, Places
from tavernlink.core.functions.messages import FunctionMessages
from tavernlink.core.functions.news import News, may_call
from tavernlink.core.functions.provider import PeerProvider, Provider
from tavernlink.core.functions.registry import Registry
from tavernlink.core.peers.peer import Tavern
from tavernlink.errors import BadMessage, Conflict, Unavailable
from tavernlink.protocol.codec import encode_json
from tavernlink.protocol.commands.catalogue import COMMANDS
from tavernlink.protocol.functions import Caller, FunctionInfo, FunctionList, FunctionResult, FunctionSpec

if TYPE_CHECKING:
    from tavernlink.core.access.audit import Audit
    from tavernlink.core.access.keys import Key
    from tavernlink.core.limits import HubLimits
    from tavernlink.core.messages.handlers import Asked
    from tavernlink.core.peers.directory import Directory
    from tavernlink.core.peers.peer import Peer
    from tavernlink.core.peers.session import Session
    from tavernlink.core.peers.subscriptions import Subscriptions
    from tavernlink.core.seams import Clock, Ids, Journal

__all__ = ["Functions"]

_SCOPES = frozenset(get_args(Scope))
_GONE = Unavailable("provider_gone")


class Functions:
    """The registry and the calls. `provide` is for providers inside the process, messages are for peers."""

    def __init__(
        self,
        *,
        directory: Directory,
        subscriptions: Subscriptions,
        clock: Clock,
        ids: Ids,
        limits: HubLimits,
        audit: Audit,
        journal: Journal,
        run: Asked,
        cancel: Asked,
    ) -> None:
        self._directory = directory
        self._limits = limits
        self._audit = audit
        self._log = CallLog(audit, clock)
        self.calls = Calls(clock=clock, ids=ids, limits=limits, log=self._log, journal=journal)
        self.registry = Registry(directory)
        self._news = News(self.registry, directory, subscriptions)
        self._commands = Commands(directory, limits, run=run, cancel=cancel)
        self._peers: dict[Session, PeerProvider] = {}
        messages = FunctionMessages(self, self.calls)
        self.handlers = messages.handlers
        self.published = messages.published

    # Providers inside the process

    def provide(self, provider: Provider, specs: Sequence[FunctionSpec]) -> list[str]:
        """Set everything that a provider offers; returns the addresses. Raises `invalid_schema`, changing nothing."""
        functions = self._functions(provider, specs)
        names = {function.spec.name for function in functions}
        gone = [name for name in self.registry.of(provider) if name not in names]
        removed = [self._remove(provider, name) for name in gone]
        self._put(functions, [function for function in removed if function is not None])
        return [function.address for function in functions]

    def check(self, provider: Provider, spec: FunctionSpec) -> None:
        """Raise `invalid_schema` or `invalid_message` for a spec that `provide` would refuse."""
        self._function(provider, spec, "$")

    def withdraw(self, provider: Provider) -> int:
        """A provider is gone: so are its functions, and its calls fail with `provider_gone`."""
        mine = list(self.registry.of(provider))
        removed = [self._remove(provider, name) for name in mine]
        self.calls.fail_all(provider, _GONE)
        self._news.tell([], [function for function in removed if function is not None])
        return len(removed)

    def changed(self, provider: Provider) -> None:
        """A provider went away for a while, or is back."""
        self._news.tell(self.registry.of(provider).values())

    # Peers

    def register(self, peer: Peer, specs: Sequence[FunctionSpec]) -> list[str]:
        """Take in what a peer offers besides what it offers already. Raises `invalid_schema`, `too_large`."""
        provider = self._peers.get(peer.session) or PeerProvider(peer)
        taken = [spec.name for spec in specs if spec.name in COMMANDS]
        if taken:
            raise Conflict(
                "name_taken",
                f"{taken[0]!r} is a command of SillyTavern. Choose another name.",
                {"name": taken[0]},
            )
        names = {spec.name for spec in specs} | set(self.registry.of(provider))
        if len(names) > self._limits.functions:
            raise BadMessage("too_large", f"A peer may offer {self._limits.functions} functions.")
        functions = self._functions(provider, specs)
        self._peers[peer.session] = provider
        if self._put(functions, []):
            self._audit.record("function.registered", peer, target=peer.id, names=sorted(names)[:50])
        return [function.address for function in functions]

    def unregister(self, peer: Peer, names: Sequence[str]) -> int:
        """Take back some of what a peer offers, or everything; returns how many."""
        provider = self._peers.get(peer.session)
        if provider is None:
            return 0
        wanted = names or tuple(self.registry.of(provider))
        removed = [found for name in wanted if (found := self._remove(provider, name)) is not None]
        for function in removed:
            self.calls.fail_all(provider, _GONE, function.spec.name)
        if removed:
            self._news.tell([], removed)
        return len(removed)

    def left(self, session: Session) -> None:
        """A peer's session is over: its functions are gone."""
        self._commands.forget(session)
        provider = self._peers.pop(session, None)
        if provider is not None:
            self.withdraw(provider)

    # Looking

    def find(self, words: str, provider: str | None, key: Key | None, peer: Peer | None = None) -> Function:
        """Return the function that a caller means; without a key, the hub itself.

        Raises `unknown_function`, `ambiguous_function`.
        """
        found = self.registry.candidates(words, provider, key)
        if not found:
            command = self._commands.find(words, provider, key)
            if command is not None:
                return command
        return self.registry.choose(found, words, provider, peer)

    def call_inside(
        self, caller: Caller, words: str, args: dict[str, Any], end: Callable[[FunctionResult], None]
    ) -> None:
        """Call a function for the hub itself. Raises what naming it and its arguments may raise."""
        call = self.calls.take(
            Asker(caller=caller), self.find(words, None, None), args, size=len(encode_json(args))
        )
        call.ends.append((None, end))
        self.calls.go(call)

    def listed(self, key: Key, query: FunctionList) -> list[FunctionInfo]:
        """Return what may be called under a key."""
        found = {
            function.address: function.info()
            for function in self.registry.every()
            if may_call(key, function)
            and query.tool in (None, function.spec.tool)
            and (query.provider is None or self.registry.is_of(function, query.provider))
        }
        if query.tool is not True and (query.commands or query.provider is not None):
            for command in self._commands.listed(key, query.provider):
                found[command.address] = command.info()
        return [info for _, info in sorted(found.items())]

    # Time

    def tick(self, now: float) -> None:
        """Let time pass."""
        self.calls.tick(now)

    def close(self) -> None:
        """The hub stops."""
        self._log.close()

    # Within

    def _functions(self, provider: Provider, specs: Sequence[FunctionSpec]) -> list[Function]:
        if len({spec.name for spec in specs}) < len(specs):
            raise BadMessage("invalid_message", "Two of the functions have the same name (at $.functions).")
        made = [self._function(provider, spec, f"$.functions[{at}]") for at, spec in enumerate(specs)]
        for function in made:
            if function.in_order:  # of one message, too
                function.places = next(one for one in made if one.in_order).places
        return made

    def _function(self, provider: Provider, spec: FunctionSpec, at: str) -> Function:
        strange = [scope for scope in spec.scopes if scope not in _SCOPES]
        if strange:
            raise BadMessage(
                "invalid_message",
                f"There is no scope {strange[0]!r}; there are {', '.join(sorted(_SCOPES))} (at {at}.scopes).",
                {"path": f"{at}.scopes"},
            )
        if spec.parameters.get("type", "object") != "object":
            raise BadMessage(
                "invalid_schema",
                f"Arguments are an object, so `type` is 'object' (at {at}.parameters.type).",
                {"path": f"{at}.parameters.type"},
            )
        function = Function(spec, provider, self._places(provider, spec), at=at)
        function.in_order = spec.concurrency is None and _is_tavern(provider)
        return function

    def _places(self, provider: Provider, spec: FunctionSpec) -> Places:
        """Where its calls run: in order with the tavern's others, or in places of its own."""
        if spec.concurrency is None and _is_tavern(provider):
            in_order = next((one for one in self.registry.of(provider).values() if one.in_order), None)
            return in_order.places if in_order is not None else Places(1, self._limits.function_queue)
        return Places(spec.concurrency or self._limits.function_concurrency, self._limits.function_queue)

    def _put(self, functions: Sequence[Function], removed: Sequence[Function]) -> bool:
        changed = []
        for function in functions:
            before = self.registry.of(function.provider).get(function.spec.name)
            if before is not None and before.in_order == function.in_order:
                before.places.limit = function.places.limit
                function.places = before.places  # what runs goes on to count
            self.registry.add(function)
            if before is None or before.spec != function.spec:
                changed.append(function)
        if changed or removed:
            self._news.tell(changed, removed)
        return bool(changed)

    def _remove(self, provider: Provider, name: str) -> Function | None:
        return self.registry.remove(provider, name)


def _is_tavern(provider: Provider) -> bool:
    return isinstance(provider, PeerProvider) and isinstance(provider.peer, Tavern)
