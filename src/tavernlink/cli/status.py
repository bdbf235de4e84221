"""`tavernlink status`: which taverns the hub has, and what they are doing."""

from __future__ import annotations

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.output import AsJson, note, print_json, print_table

__all__ = ["status"]


def status(
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Show the hub's taverns and their queues."""
    from tavernlink.cli.loop import run
    from tavernlink.protocol.taverns import TavernInfo
    from tavernlink.sdk import connect

    access = find_access(url, key, data_dir, ca)

    async def ask() -> tuple[str | None, list[TavernInfo]]:
        async with connect(access.url, access.key, name="tavernlink status") as hub:
            return hub.version, await hub.taverns()

    version, taverns = run(ask())
    if as_json:
        print_json({"url": access.url, "version": version, "taverns": taverns})
        return
    note(f"Hub {version} at {access.url}")
    if not taverns:
        note("No tavern is connected. Open SillyTavern with the Tavernlink extension.")
        return
    rows = [
        [
            each.name,
            each.tavern_id,
            "online" if each.online else "away",
            each.character or "",
            each.backend or "not connected",
            "generating" if each.generating else "",
            f"{each.running} running, {each.queued} waiting",
        ]
        for each in taverns
    ]
    print_table(["TAVERN", "ID", "STATE", "CHARACTER", "MODEL", "NOW", "REQUESTS"], rows)
