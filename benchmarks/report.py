"""The results as a page: benchmarks/results.md."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from datetime import UTC, datetime

from benchmarks.calls import Calls
from benchmarks.figures import Comparison
from benchmarks.history import Held
from benchmarks.many import Many
from benchmarks.suite import Extras, Plan

__all__ = ["page", "summary"]


def summary(comparisons: list[Comparison], history: list[Held]) -> list[str]:
    """One line for each comparison and for each figure that got worse, for a terminal."""
    lines = [
        f"{each.title:24} hub ÷ Node {each.ratio:.2f} (min {min(each.ratios):.2f}, max {max(each.ratios):.2f}), "
        f"goal ≤ {each.goal:.2f}: {_verdict(each)}"
        for each in comparisons
    ]
    worse = [each for each in history if each.worse]
    lines += [f"{each.title}: was {each.then:.2f}, is {each.now:.2f}: WORSE" for each in worse]
    return lines if worse else [*lines, "no figure of the first issue got worse"]


def page(
    comparisons: list[Comparison],
    extras: Extras,
    many: Many,
    calls: Calls,
    history: list[Held],
    plan: Plan,
    *,
    machine: str,
    pinned: bool,
    versions: Mapping[str, str],
) -> str:
    """The whole page, Markdown."""
    fewest = min(len(each.hub) for each in comparisons)
    lines = [
        "# Benchmark results",
        "",
        "Written by `make bench`; do not edit. The hub's real path (`tavernlink serve`, keys, sessions with replay, a",
        "tavern connection that publishes `stream.delta`, subscribed app connections that confirm) against Node's",
        "`socket.io` (WebSocket only, no compression, `bufferutil`, production) that sends to a room. Same load",
        "generator, same run, in turn; every message is checked on arrival: complete, in order, unchanged.",
        "",
        f"- Date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- Machine: {machine}; "
        + ("servers on one core, generator on another" if pinned else "one core, not pinned"),
        "- Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()),
        "",
        "## Server CPU per delivered message",
        "",
        f"Microseconds of the server's process, user and system; medians of at least {fewest} pairs, each in slices",
        "that alternate between the two servers. Other work on the machine moves the figures of both: the ratios are",
        "what counts.",
        "",
        "`make bench` passes where every row does. *Back to back*: a hundred deltas as fast as they go,",
        "the next hundred when all have arrived. *Deltas/s* is a steady rate far below what either can do: the server",
        "sleeps between deltas, and most of its time goes to the kernel's TCP and to waking up, the same for both.",
        "A burst shows what joining writes saves (frames that wait for one receiver go out in one system call); at a",
        "steady rate there is nothing to join, and the figure is that of one delta alone.",
        "",
        "| load | hub | Node | hub ÷ Node: median (min … max) | goal | |",
        "|---|--:|--:|--:|--:|---|",
    ]
    lines += [
        f"| {each.title} | {statistics.median(each.hub):.2f} | {statistics.median(each.node):.2f} "
        f"| **{each.ratio:.2f}** ({min(each.ratios):.2f} … {max(each.ratios):.2f}) | ≤ {each.goal:.2f} "
        f"| {_verdict(each)} |"
        for each in comparisons
    ]
    lines += [
        "",
        "## Time, memory, start",
        "",
        "Latency: from the publisher's send to the last subscriber's receive, 200 deltas per second.",
        "",
        "| | hub | Node |",
        "|---|--:|--:|",
    ]
    for subscribers, latency in extras.latencies.items():
        for name, share in (("p50", 0.5), ("p99", 0.99)):
            lines.append(_row(f"latency 1→{subscribers}, {name}, ms", latency.at(share), 2))
    lines += [
        _row(f"memory per idle connection, KiB ({plan.idle} connections)", extras.idle_kib, 1),
        _row("memory at rest, MiB", extras.resting_mib, 1),
        _row("start until /healthz answers, s", extras.start_seconds, 2),
    ]
    lines += _many(many)
    lines += _calls(calls)
    lines += _history(history)
    return "\n".join([*lines, ""])


def _many(many: Many) -> list[str]:
    lines = [
        "",
        "## Much of it",
        "",
        "Two hubs side by side, one without and one with much of something, back to back. Microseconds of CPU per",
        "delivered message, medians. Messages to a peer and to a room are of a program's own type (`x.…`), sent by a",
        "tavern; a rule that is tried looks into the content with a CEL expression that does not hold.",
        "",
        "| load | without | with | with ÷ without |",
        "|---|--:|--:|--:|",
    ]
    for each in many.weighed:
        little, much = statistics.median(each.little), statistics.median(each.much)
        lines.append(f"| {each.title} | {little:.2f} | {much:.2f} | {each.ratio:.2f} |")
    return [
        *lines,
        "",
        f"Memory: {many.idle_kib:.1f} KiB for each of {many.idle:,} idle connections; {many.room_kib:.1f} KiB for each",
        "of 1,000 rooms with a tavern and five apps in it.",
    ]


def _calls(calls: Calls) -> list[str]:
    lines = [
        "",
        "## Calls of functions",
        "",
        f"{calls.calls:,} calls of each kind, {calls.in_flight} in flight, in slices that alternate. A *bare ack* goes",
        "to the server and back; every other call between apps also to the program that answers it, and back. Node",
        "relays it and does nothing else. The hub finds the function, holds the arguments against its JSON Schema,",
        "counts what runs, keeps time, and delivers the result exactly once, over reconnects too: as an event of the",
        "caller's session, or with `wait` as the ack. A *hub function* is Python in the hub's own process. Caller and",
        "provider are the load generator, one process, whose time is in the latencies.",
        "",
        "| call | calls/s | p50, ms | p99, ms | server CPU per call, µs |",
        "|---|--:|--:|--:|--:|",
    ]
    return lines + [
        f"| {each.title} | {each.per_second:,.0f} | {each.at(0.5):.2f} | {each.at(0.99):.2f} "
        f"| {each.cpu_each:.1f} |"
        for each in calls.figures
    ]


def _history(history: list[Held]) -> list[str]:
    lines = [
        "",
        "## Held against the first issue",
        "",
        "Figures that do not depend on the machine, as they were at the end of the first issue and as they are now.",
        "`make bench` fails where one is worse by more than a fifth, which is what two runs of one version differ by.",
        "",
        "| | then | now | |",
        "|---|--:|--:|---|",
    ]
    return lines + [
        f"| {each.title} | {each.then:.2f} | {each.now:.2f} | {'WORSE' if each.worse else 'holds'} |"
        for each in history
    ]


def _row(name: str, both: tuple[float, ...], digits: int) -> str:
    return f"| {name} | {both[0]:.{digits}f} | {both[1]:.{digits}f} |"


def _verdict(comparison: Comparison) -> str:
    return "pass" if comparison.met else "MISS"
