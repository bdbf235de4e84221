"""Where the hub's functions come from: `*.py` of one folder, and packages with an entry point `tavernlink.functions`.

A file that cannot be loaded costs its own functions only, and what it offered before stays until it can be. Files whose
name begins with `_` are helpers, to be imported by the others. No event loop here: loading runs other people's code,
so it belongs in a thread.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import msgspec

from tavernlink.runtime.stamped import Stamp, stamped
from tavernlink.sdk.offering import Offer, offer_of

__all__ = ["GROUP", "Library", "Loaded"]

GROUP: Final = "tavernlink.functions"
"""Of entry points; each names a module, a function, or a list of functions."""
_PREFIX: Final = "tavernlink_function_"


class Loaded(msgspec.Struct, frozen=True):
    """What a look brought."""

    offers: dict[str, Offer]
    """By name."""
    sources: dict[str, str]
    """Name → the file or package that it is from."""
    problems: dict[str, str]
    """File or package → why it, or a function of it, is not there."""


class Library:
    """One folder, and the packages of this environment."""

    def __init__(self, folder: Path, *, packages: bool = True) -> None:
        self._folder = folder
        self._packages = packages
        self._stamps: dict[Path, Stamp] | None = None
        self._good: dict[str, dict[str, Offer]] = {}
        """File or package → what it offered when it could last be loaded."""

    def changed(self) -> bool:
        """True if a file came, went or changed since this was asked the last time."""
        found = dict(stamped(self._folder, "*.py"))
        before, self._stamps = self._stamps, found
        return found != before

    def load(self) -> Loaded:
        """Load every file and package."""
        self._forget_modules()
        problems: dict[str, str] = {}
        fresh: dict[str, dict[str, Offer]] = {}
        for source, make in self._sources():
            try:
                fresh[source] = make()
            except (Exception, SystemExit) as error:  # noqa: BLE001 (other people's code)
                problems[source] = _why(error, self._folder)
                if source in self._good:
                    fresh[source] = self._good[source]
                    problems[source] += " (What it offered before stays.)"
        self._good = fresh
        return _merged(fresh, problems)

    def _sources(self) -> Iterator[tuple[str, Any]]:
        for path in sorted(self._folder.glob("*.py")) if self._folder.is_dir() else ():
            if not path.name.startswith("_"):
                yield path.name, lambda path=path: self._read(path)
        if self._packages:
            for entry in sorted(importlib.metadata.entry_points(group=GROUP)):
                yield f"{entry.name} ({entry.value})", lambda entry=entry: _of_package(entry.load())

    def _read(self, path: Path) -> dict[str, Offer]:
        if str(self._folder) not in sys.path:
            sys.path.append(str(self._folder))  # last: a file called json.py must not be everybody's json
        name = _PREFIX + path.stem
        # Not by an import: that would go by the time of the file, and take two saves in one second for one.
        module = ModuleType(name)
        module.__file__ = str(path)
        sys.modules[name] = module  # type hints are looked up there
        try:
            exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)  # noqa: S102 (the folder is the hub's owner's)
        except BaseException:
            del sys.modules[name]
            raise
        return _marked(module)

    def _forget_modules(self) -> None:
        """Let helpers be imported anew."""
        importlib.invalidate_caches()
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if file is not None and Path(file).parent == self._folder:
                del sys.modules[name]


def _merged(fresh: dict[str, dict[str, Offer]], problems: dict[str, str]) -> Loaded:
    offers: dict[str, Offer] = {}
    sources: dict[str, str] = {}
    for source, found in fresh.items():
        for name, offer in found.items():
            if name in offers:
                problems[source] = f"A function {name!r} is in {sources[name]} already; this one is left out."
            else:
                offers[name], sources[name] = offer, source
    return Loaded(offers, sources, problems)


def _marked(module: ModuleType) -> dict[str, Offer]:
    """Functions that were written in this module and marked; imported ones are somebody else's."""
    found = (offer_of(value) for value in vars(module).values())
    return _by_name(offer for offer in found if offer and offer.function.__module__ == module.__name__)


def _of_package(value: Any) -> dict[str, Offer]:
    if isinstance(value, ModuleType):
        return _marked(value)
    every = value if isinstance(value, list | tuple) else [value]
    offers = [offer_of(each) for each in every]
    if None in offers:
        raise TypeError(
            "an entry point names a module, a function with @tavernlink.function, or a list of them"
        )
    return _by_name(offer for offer in offers if offer is not None)


def _by_name(offers: Iterable[Offer]) -> dict[str, Offer]:
    found: dict[str, Offer] = {}
    for offer in offers:
        if found.setdefault(offer.spec.name, offer) is not offer:
            raise ValueError(f"two functions are called {offer.spec.name!r}")
    return found


def _why(error: BaseException, folder: Path) -> str:
    """Say what went wrong and in which line."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if Path(frame.filename).parent == folder and not isinstance(error, SyntaxError):
            line = frame.lineno
    said = error.msg if isinstance(error, SyntaxError) else str(error)
    where = f"line {line}: " if line else ""
    return f"{where}{type(error).__name__}: {said}"[:1_000]
