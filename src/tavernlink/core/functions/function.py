"""One function as the hub knows it, and the places that its calls take."""

from __future__ import annotations

from collections import deque
from copy import copy
from typing import TYPE_CHECKING

import msgspec

from tavernlink.core.functions.schema import Check, compile_schema
from tavernlink.errors import Unavailable
from tavernlink.protocol.functions import FunctionInfo, FunctionSpec

if TYPE_CHECKING:
    from tavernlink.core.functions.call import Call
    from tavernlink.core.functions.provider import Provider

__all__ = ["Function", "Places"]


class Places:
    """How many calls run at once, and those that wait, in order. A tavern's functions share one."""

    __slots__ = ("limit", "longest", "running", "waiting")

    def __init__(self, limit: int, longest: int) -> None:
        self.limit = limit
        self.longest = longest
        self.running = 0
        self.waiting: deque[Call] = deque()

    @property
    def free(self) -> bool:
        """A call would run at once."""
        return self.running < self.limit and not self.waiting

    def check(self, function: Function) -> None:
        """Raise `busy` where a call could neither run nor wait."""
        longest = self.longest if function.spec.queue is None else function.spec.queue
        if self.free or len(self.waiting) < longest:
            return
        raise Unavailable(
            "busy",
            f"{function.address} carries out {self.running} calls and {len(self.waiting)} wait, "
            "as many as it takes. Try again later.",
            {"function": function.address, "running": self.running, "waiting": len(self.waiting)},
        )


class Function:
    """A spec with its provider, its compiled schemas and its places."""

    __slots__ = ("address", "arguments", "in_order", "places", "provider", "result", "spec")

    def __init__(self, spec: FunctionSpec, provider: Provider, places: Places, *, at: str = "$") -> None:
        """Raises `invalid_schema`; `at` is where the spec stands in the message."""
        self.spec = spec
        self.provider = provider
        self.places = places
        self.in_order = False
        """Its calls run in order with those of the tavern's other functions."""
        self.address = _address(provider, spec.name)
        self.arguments: Check | None = compile_schema(spec.parameters, f"{at}.parameters")
        self.result: Check | None = compile_schema(spec.returns or {}, f"{at}.returns")

    def of(self, provider: Provider) -> Function:
        """Return the same function of another provider, with the same places."""
        other = copy(self)
        other.provider, other.address = provider, _address(provider, self.spec.name)
        return other

    def info(self) -> FunctionInfo:
        """Return what callers see of it."""
        return FunctionInfo(
            **msgspec.structs.asdict(self.spec), address=self.address, provider=self.provider.info
        )


def _address(provider: Provider, name: str) -> str:
    info = provider.info
    return f"hub/{name}" if info.kind == "hub" else f"{info.kind}:{info.id}/{name}"
