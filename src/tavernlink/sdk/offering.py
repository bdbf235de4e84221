"""A Python function with everything that offering it needs: `@tavernlink.function`.

    @tavernlink.function(tool=True)
    async def roll(sides: int = 6, ctx: tavernlink.Context) -> int:
        '''Roll a die.'''

In a file of the hub's `functions` folder, or in a package with an entry point, the hub offers it; in a program of one's
own, `hub.serve(roll)` does.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, overload

import msgspec

from tavernlink.protocol.functions import FunctionSpec
from tavernlink.sdk.signature import Signature, SignatureError

__all__ = ["Offer", "function", "make_offer", "offer_of"]

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])

_MARK: Final = "__tavernlink_offer__"
_OPTIONS: Final = (
    "name",
    "description",
    "title",
    "tool",
    "stealth",
    "scopes",
    "timeout",
    "concurrency",
    "queue",
)


class Offer:
    """A function, its spec, and how to call it."""

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        """`options` are FunctionSpec's. Raises `SignatureError`."""
        self.function = function
        self.signature = Signature(function)
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(function))
        fields = {
            "name": getattr(function, "__name__", ""),
            "description": self.signature.description,
            "parameters": self.signature.parameters,
            "returns": self.signature.returns,
            **{word: value for word, value in options.items() if value is not None},
        }
        try:
            self.spec = msgspec.convert(fields, FunctionSpec)
        except msgspec.ValidationError as error:
            raise SignatureError(f"{fields['name']}: {error}") from None

    def prepared(self, args: dict[str, Any], context: Any) -> Callable[[], Any]:
        """Return the call with its arguments. Raises `msgspec.ValidationError`."""
        bound = self.signature.bind(args)
        if self.signature.context is not None:
            bound[self.signature.context] = context
        return functools.partial(self.function, **bound)


@overload
def function(function: AnyFunction, /) -> AnyFunction: ...


@overload
def function(
    *,
    name: str | None = None,
    description: str | None = None,
    title: str | None = None,
    tool: bool | None = None,
    stealth: bool | None = None,
    scopes: Sequence[str] | None = None,
    timeout: float | None = None,
    concurrency: int | None = None,
    queue: int | None = None,
) -> Callable[[AnyFunction], AnyFunction]: ...


def function(function: AnyFunction | None = None, /, **options: Any) -> Any:
    """Mark a function to be offered: its name, arguments and description are taken from itself.

    `tool`: offer it to models; `stealth`: the model's turn ends with the call. `scopes`: what a caller's key needs
    besides `functions:call`. `timeout`: seconds. `concurrency`: calls that run at once. `queue`: calls that may wait.
    It may be async; if it is not, it runs in a thread. Raises `SignatureError` for one that cannot be offered.
    """
    if function is None:
        return lambda wrapped: _mark(wrapped, options)
    return _mark(function, options)


def offer_of(function: Any) -> Offer | None:
    """Return what `@function` made of it; None: nothing."""
    offer = getattr(function, _MARK, None)
    return offer if isinstance(offer, Offer) else None


def make_offer(function: Callable[..., Any], options: dict[str, Any]) -> Offer:
    """Return the offer of a function, marked or not; `options` go before those of its mark."""
    marked = offer_of(function)
    if marked is not None and not options:
        return marked
    if marked is not None:
        fixed = {word: getattr(marked.spec, word) for word in _OPTIONS}
        return Offer(marked.function, **{**fixed, **options})
    return Offer(function, **options)


def _mark(function: AnyFunction, options: dict[str, Any]) -> AnyFunction:
    setattr(function, _MARK, Offer(function, **options))
    return function
