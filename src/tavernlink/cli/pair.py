"""`tavernlink pair`: let a SillyTavern in that shows a code."""

from __future__ import annotations

from typing import Annotated

import typer

from tavernlink.cli.access import Ca, DataDir, KeyText, Url, find_access
from tavernlink.cli.durations import show_time
from tavernlink.cli.output import AsJson, note, print_json, print_table

__all__ = ["pair"]


def pair(
    *,
    code: Annotated[
        str | None, typer.Argument(help="The code that SillyTavern shows; without one, who waits.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="Name of its key.", show_default="as it calls itself")
    ] = None,
    refuse: Annotated[bool, typer.Option("--refuse", help="Say no.")] = False,
    url: Url = None,
    key: KeyText = None,
    data_dir: DataDir = None,
    ca: Ca = None,
    as_json: AsJson = False,
) -> None:
    """Give a key to the SillyTavern that shows this code. Compare the code with what its panel shows."""
    from tavernlink.cli.loop import run
    from tavernlink.protocol.access import PairingInfo
    from tavernlink.sdk import connect

    access = find_access(url, key, data_dir, ca, admin=True)

    async def ask() -> list[PairingInfo]:
        async with connect(access.url, access.key, name="tavernlink pair") as hub:
            if code is None:
                return await hub.pairings.list()
            if refuse:
                return [await hub.pairings.refuse(code)]
            return [await hub.pairings.approve(code, name=name)]

    found = run(ask())
    if as_json:
        print_json(found)
    elif code is not None:
        (answered,) = found
        print(
            f"{'Refused' if refuse else 'Approved'}: {name or answered.name} at {answered.address}"
            + ("" if refuse else "; it connects within a few seconds.")
        )
    elif found:
        print_table(
            ["CODE", "NAME", "ADDRESS", "ASKED", "GOOD UNTIL"],
            [
                [each.code, each.name, each.address, show_time(each.asked), show_time(each.expires)]
                for each in found
            ],
        )
    else:
        note("No SillyTavern waits for a key. Press “Pair” in its Tavernlink panel.")
