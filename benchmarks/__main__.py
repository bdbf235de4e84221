"""`python -m benchmarks`: measure, print, write benchmarks/results.md. Status 1 where a goal was missed
or a figure of the first issue got worse. `python -m benchmarks console` measures the console instead."""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

from benchmarks import report
from benchmarks.calls import Calls
from benchmarks.expected import WrongDelivery
from benchmarks.history import held
from benchmarks.many import Many
from benchmarks.servers import BenchmarkError, install_peer, peer_versions
from benchmarks.suite import Plan, Suite

_RESULTS = Path(__file__).resolve().parent / "results.md"
_QUICK = Plan(pairs=3, scale=0.25, idle=200, crowd=500, starts=1)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("hub", "console"), default="hub", help="what is measured")
    parser.add_argument("--pairs", type=int, default=Plan().pairs, help="interleaved pairs of each load")
    parser.add_argument("--quick", action="store_true", help="a look of half a minute; writes no results")
    parser.add_argument("--output", type=Path, help="where the results go")
    options = parser.parse_args(arguments)
    if options.pairs < 1:
        parser.error("--pairs must be at least 1")
    return options


def _say(line: str) -> None:
    print(line, flush=True)


def _versions(peer: Path) -> dict[str, str]:
    mine = {"tavernlink": version("tavernlink"), "Python": platform.python_version()}
    return mine | {name: version(name) for name in ("uvloop", "picows", "msgspec")} | peer_versions(peer)


def _measure(options: argparse.Namespace) -> int:
    from benchmarks.machine import Cores, describe, raise_file_limit  # noqa: PLC0415 (Linux only)

    plan = _QUICK if options.quick else Plan(pairs=options.pairs)
    raise_file_limit()
    cores = Cores()
    if not cores.pinned:
        _say("There is only one core: servers and generator share it, and the figures are rougher.")
    _say("installing Node's socket.io …")
    peer = install_peer()
    cores.pin_generator()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tavernlink-bench-") as data:
        suite = Suite(plan, cores, data=Path(data) / "hub", peer=peer, say=_say)
        comparisons = suite.compare()
        suite.measure_memory()
        suite.measure_start()
        many = Many(cores, data=Path(data) / "hub", idle=plan.crowd, say=_say)
        many.measure()
        calls = Calls(cores, data=Path(data) / "hub", peer=peer, scale=plan.scale, say=_say)
        calls.measure()
    history = held(comparisons, suite.extras)
    text = report.page(
        comparisons,
        suite.extras,
        many,
        calls,
        history,
        plan,
        machine=describe(),
        pinned=cores.pinned,
        versions=_versions(peer),
    )
    _say(f"\n{text}\nmeasured in {time.monotonic() - begun:.0f} s\n")
    for line in report.summary(comparisons, history):
        _say(line)
    if not options.quick:
        output = options.output or _RESULTS
        output.write_text(text, encoding="utf-8")
        _say(f"written to {output}")
    missed = any(not each.met for each in comparisons) or any(each.worse for each in history)
    return 1 if missed else 0


def _measure_console(options: argparse.Namespace) -> int:
    from benchmarks.console import ConsolePlan, measure_console  # noqa: PLC0415 (Linux only)

    plan = ConsolePlan(taverns=20, apps=200, seconds=4.0) if options.quick else ConsolePlan()
    where = {} if options.output is None else {"output": options.output}
    if options.quick:
        where["output"] = None
    return 0 if measure_console(plan, _say, **where) else 1


def main(arguments: list[str]) -> int:
    """Run the benchmark; 0: every goal met, 1: one missed, 2: it could not be measured."""
    options = _parse(arguments)
    if sys.platform != "linux":
        _say("The benchmark reads other processes' CPU clocks and pins cores, which it does on Linux only.")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the servers end with it
    try:
        return _measure_console(options) if options.what == "console" else _measure(options)
    except (BenchmarkError, WrongDelivery, ConnectionError, TimeoutError) as error:
        _say(f"benchmark failed: {error}")
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
