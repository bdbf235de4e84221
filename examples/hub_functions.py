"""Functions that the hub itself offers, to programs, SillyTaverns, rules and the model.

Copy this file into the folder `functions` of the hub's data folder, then

    tavernlink functions test roll dice=2d6      (needs no hub)
    tavernlink functions call roll dice=2d6

A change is taken over at once; what is wrong with the file stands in the hub's log.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Annotated

import msgspec

import tavernlink
from tavernlink import Context


@dataclass
class Rolled:
    """Each die, and all of them."""

    dice: list[int]
    total: int


@tavernlink.function(tool=True, timeout=5)
def roll(dice: Annotated[str, msgspec.Meta(pattern=r"^\d{1,2}d\d{1,4}$")] = "1d6") -> Rolled:
    """Roll dice, when the outcome of what somebody does is uncertain.

    Args:
        dice: how many and with how many sides, for example 2d6
    """
    count, sides = map(int, re.findall(r"\d+", dice))
    if count < 1 or sides < 1:
        raise ValueError("there are no such dice")
    rolled = [random.randint(1, sides) for _ in range(count)]
    return Rolled(rolled, sum(rolled))


@tavernlink.function(concurrency=2)
async def said(word: str, ctx: Context, last: int = 100) -> list[str]:
    """Find a word among the last messages of every SillyTavern.

    Args:
        word: what to look for, in small or large letters
        last: how many messages of each chat
    """
    found: list[str] = []
    taverns = [info for info in await ctx.hub.taverns() if info.online]
    for number, info in enumerate(taverns, start=1):
        view = await ctx.hub.tavern(info.tavern_id).chat(limit=last)
        found += [f"{each.name}: {each.text}" for each in view.messages if word.lower() in each.text.lower()]
        ctx.progress(number, len(taverns), info.name)
    return found
