"""What the fault test knows about its own requests: what was promised, what was told, and in the end what is true."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

__all__ = ["Asked", "Report", "count_marks"]

Kind = Literal["post", "send", "detached"]
IN_CHAT: frozenset[Kind] = frozenset({"post", "send"})


@dataclass
class Asked:
    """One request of an app."""

    request_id: str
    mark: str
    """In its text, and nowhere else in the world."""
    kind: Kind
    accepted: bool = False
    """The hub acknowledged it."""
    told: set[str] = field(default_factory=set)
    """Final states that its asker heard."""
    state: str | None = None
    """Its final state as the hub knows it in the end; None: it has none, or is not known."""
    code: str | None = None


@dataclass
class Report:
    """Counts, and a line for everything that is wrong."""

    seed: int
    seconds: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    inconsistent: list[str] = field(default_factory=list)
    streams: int = 0
    streams_cut: int = 0
    """Ended by a `resync`."""
    memory: tuple[float, float] | None = None
    """Megabytes of the hub after its warm-up and at the end."""

    @property
    def grown(self) -> bool:
        """True if the hub holds much more at the end than after its warm-up."""
        return self.memory is not None and self.memory[1] > self.memory[0] * 1.25 + 10

    @property
    def ok(self) -> bool:
        return not (self.lost or self.doubled or self.undecided or self.inconsistent or self.grown)

    def judge(self, asked: list[Asked], marks: Counter[str]) -> None:
        """Hold every request against what is in the chat files."""
        for each in asked:
            self.requests += 1
            self.acknowledged += each.accepted
            self.states[f"{each.state or 'none'}{f' ({each.code})' if each.code else ''}"] += 1
            name = f"{each.kind} {each.request_id} ({each.state}, {each.code}, told {sorted(each.told)})"
            if each.state is None and (each.accepted or each.told):
                self.undecided.append(name)
            if each.kind in IN_CHAT:
                if each.state == "done" and marks[each.mark] == 0:
                    self.lost.append(name)
                if each.state is None and marks[each.mark] > 0:
                    self.inconsistent.append(f"{name} is in the chat without anybody having promised it")
                if marks[each.mark] > 1:
                    self.doubled.append(f"{name}: {marks[each.mark]} times")
            if len(each.told) > 1 or (each.told and each.state is not None and each.told != {each.state}):
                self.inconsistent.append(f"{name}: more than one final state")

    def __str__(self) -> str:
        faults = ", ".join(f"{count} × {name}" for name, count in sorted(self.faults.items()))
        states = ", ".join(f"{count} {name}" for name, count in sorted(self.states.items()))
        lines = [
            f"seed          {self.seed}, {self.seconds:.0f} s",
            f"faults        {self.faults.total()}: {faults}",
            f"messages      {self.requests}, of which acknowledged: {self.acknowledged}",
            f"final states  {states}",
            f"streams       {self.streams} heard by a listener, {self.streams_cut} of them cut by a restart",
            f"lost          {len(self.lost)}",
            f"doubled       {len(self.doubled)}",
            f"undecided     {len(self.undecided)}",
            f"inconsistent  {len(self.inconsistent)}",
        ]
        if self.memory is not None:
            lines.append(
                f"hub's memory  {self.memory[0]:.0f} MB after warm-up, {self.memory[1]:.0f} MB at the end"
            )
        wrong = [*self.lost, *self.doubled, *self.undecided, *self.inconsistent]
        return "\n".join([*lines, *(f"  ! {line}" for line in wrong[:40])])


def count_marks(chats: Path) -> Counter[str]:
    """Count the messages of the person with each mark, over all chat files of a SillyTavern."""
    found: Counter[str] = Counter()
    for file in chats.rglob("*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            message: Any = json.loads(line)
            if message.get("is_user"):
                found.update(word for word in str(message.get("mes", "")).split() if word.startswith("mark-"))
    return found
