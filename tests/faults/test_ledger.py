"""What the fault test calls lost, doubled, undecided: on cases made by hand, since a green campaign shows none."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.faults.ledger import Asked, Report, count_marks


def judged(asked: Asked, times: int) -> Report:
    report = Report(seed=1)
    report.judge([asked], Counter({"mark-1": times}))
    return report


@pytest.mark.parametrize(
    ("asked", "times", "wrong"),
    [
        (Asked("r", "mark-1", "post", accepted=True, told={"done"}, state="done"), 1, None),
        (Asked("r", "mark-1", "post", accepted=True, told={"done"}, state="done"), 0, "lost"),
        (Asked("r", "mark-1", "send", accepted=True, told={"done"}, state="done"), 2, "doubled"),
        (Asked("r", "mark-1", "send", accepted=True, told={"failed"}, state="failed"), 1, None),
        (Asked("r", "mark-1", "send", accepted=True, told={"failed"}, state="failed"), 2, "doubled"),
        (Asked("r", "mark-1", "post", accepted=True), 0, "undecided"),
        (Asked("r", "mark-1", "post", told={"done"}), 1, "undecided"),
        (Asked("r", "mark-1", "post"), 0, None),
        (Asked("r", "mark-1", "post"), 1, "inconsistent"),
        (
            Asked("r", "mark-1", "post", accepted=True, told={"failed", "done"}, state="done"),
            1,
            "inconsistent",
        ),
        (Asked("r", "mark-1", "post", accepted=True, told={"failed"}, state="done"), 1, "inconsistent"),
        (Asked("r", "mark-1", "detached", accepted=True, told={"done"}, state="done"), 0, None),
    ],
)
def test_each_request_is_held_against_the_chat_file(asked: Asked, times: int, wrong: str | None) -> None:
    report = judged(asked, times)
    found = [name for name in ("lost", "doubled", "undecided", "inconsistent") if getattr(report, name)]
    assert wrong is None or wrong in found
    assert report.ok is (wrong is None)


def test_memory_that_grows_is_a_failure() -> None:
    assert Report(seed=1, memory=(100.0, 120.0)).ok
    grown = Report(seed=1, memory=(100.0, 180.0))
    assert not grown.ok
    assert "180 MB" in str(grown)


def test_marks_are_counted_over_all_chats_and_only_in_what_the_person_said(tmp_path: Path) -> None:
    (tmp_path / "Seraphina").mkdir()
    lines = [
        {"user_name": "unused"},
        {"is_user": True, "mes": "Tell me. mark-a [tokens=5]"},
        {"is_user": False, "mes": "You said: mark-a"},
        {"is_user": True, "mes": "mark-b mark-a"},
    ]
    (tmp_path / "Seraphina" / "one.jsonl").write_text("\n".join(json.dumps(line) for line in lines), "utf-8")
    assert count_marks(tmp_path) == {"mark-a": 2, "mark-b": 1}
