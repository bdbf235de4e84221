"""`tavernlink status`: how the hub is doing, which taverns it has, and what they are doing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.output import AsJson, note, print_json, print_table

if TYPE_CHECKING:
    from tavernlink.protocol.stats import Stats
    from tavernlink.protocol.taverns import TavernInfo

__all__ = ["status"]


def status(
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show how the hub is doing, its taverns and their queues."""
    from tavernlink.cli.loop import run
    from tavernlink.sdk import connect

    access = find_access(url, key, data_dir, ca)

    async def ask() -> tuple[str | None, Stats, list[TavernInfo]]:
        async with connect(access.url, access.key, name="tavernlink status") as hub:
            return hub.version, await hub.stats(), await hub.taverns()

    version, stats, taverns = run(ask())
    if as_json:
        print_json({"url": access.url, "version": version, "stats": stats, "taverns": taverns})
        return
    note(f"Hub {version} at {access.url}")
    print(_sentence(stats))
    if not taverns:
        note("No tavern is connected. Open SillyTavern with the Tavernlink extension.")
        return
    speeds = {each.tavern: each.tokens for each in stats.by_tavern}
    rows = [
        [
            each.name,
            each.tavern_id,
            "online" if each.online else "away",
            each.character or "",
            each.backend or "not connected",
            _now(each, speeds.get(each.tavern_id, 0.0)),
            f"{each.running} running, {each.queued} waiting",
        ]
        for each in taverns
    ]
    print_table(["TAVERN", "ID", "STATE", "CHARACTER", "MODEL", "NOW", "REQUESTS"], rows)


def _sentence(stats: Stats) -> str:
    from tavernlink.terminal.top.figures import amount, duration, size

    parts = [
        f"up {duration(stats.uptime)}",
        f"{stats.running} running, {stats.queued} waiting",
        f"{amount(stats.tokens)} tokens/s",
    ]
    if stats.delivery is not None:
        parts.append(f"delivery {stats.delivery.p50:.2f} ms (p99 {stats.delivery.p99:.2f} ms)")
    if stats.memory is not None:
        parts.append(f"memory {size(stats.memory)}")
    return " · ".join(parts)


def _now(tavern: TavernInfo, tokens: float) -> str:
    if not tavern.generating and not tokens:
        return ""
    return f"generating, {tokens:.0f} tokens/s" if tokens else "generating"
