"""When a tab is opened anew although it works; and dialogs: which are answered, which wait for a person."""

from __future__ import annotations

from typing import Any

from tavernlink.tab import TabOptions
from tavernlink.tab.dialogs import Dialogs
from tavernlink.tab.rules import HARMLESS
from tavernlink.tab.watch import Watch

MB = 10**6


def test_memory_and_age_wait_for_what_is_generated_but_far_too_much_does_not() -> None:
    watch = Watch(TabOptions(url="", memory_limit=1_000 * MB, recycle_seconds=3_600))
    assert watch.verdict(uptime=600, idle=60, memory=999 * MB) is None
    assert watch.verdict(uptime=600, idle=60, memory=None) is None
    assert watch.verdict(uptime=600, idle=0, memory=1_400 * MB) is None, "it generates"
    assert "1400 MB, more than 1000 MB" in str(watch.verdict(uptime=600, idle=60, memory=1_400 * MB))
    assert watch.overload(1_500 * MB) is None
    assert watch.overload(None) is None
    assert "far more" in str(watch.overload(1_501 * MB))
    assert watch.verdict(uptime=3_601, idle=0, memory=0) is None
    assert "1.0 hours" in str(watch.verdict(uptime=3_601, idle=60, memory=0))


def test_a_limit_that_is_below_what_sillytavern_takes_opens_no_tab_over_and_over() -> None:
    watch = Watch(TabOptions(url="", memory_limit=200 * MB))
    assert watch.verdict(uptime=20, idle=60, memory=250 * MB) is None
    assert watch.verdict(uptime=301, idle=60, memory=250 * MB) is not None


def test_who_asks_for_a_restart_waits_a_minute_at_most() -> None:
    watch = Watch(TabOptions(url=""))
    watch.ask("the console asked for it", deadline=70)
    assert watch.verdict(uptime=10, idle=0, memory=None) is None
    assert watch.verdict(uptime=10, idle=5, memory=None) == "the console asked for it"
    assert watch.verdict(uptime=70, idle=0, memory=None) == "the console asked for it"
    watch.ask("at once", deadline=0)
    assert watch.verdict(uptime=11, idle=0, memory=None) == "at once"


def facts(text: str, number: int = 1) -> dict[str, Any]:
    return {"id": f"d-{number}", "text": text, "answers": ["Yes", "No"], "asksText": False, "pressed": False}


def test_a_harmless_dialog_is_answered_and_any_other_waits() -> None:
    told: list[str] = []
    dialogs = Dialogs(HARMLESS, told.append)
    assert dialogs.receive_opened(facts("This character has an embedded World/Lorebook.")) == "cancel"
    assert dialogs.receive_opened(facts("Delete everything?", 2)) is None
    assert [(each.id, each.text, each.answers) for each in dialogs.open] == [
        ("d-2", "Delete everything?", ["Yes", "No"])
    ]
    assert dialogs.answered == 1
    assert "waits for a person: Delete everything?" in told[-1]
    dialogs.receive_open([facts("Delete everything?", 2), facts("Another one", 3)])
    assert [each.id for each in dialogs.open] == ["d-2", "d-3"], "a heartbeat finds what nobody told"
    dialogs.receive_open([{**facts("About to go", 4), "pressed": True}])
    assert dialogs.open == []


def test_an_answer_that_does_not_help_is_given_five_times_a_minute() -> None:
    dialogs = Dialogs(HARMLESS, lambda _line: None)
    given = [
        dialogs.receive_opened(facts("The active character is no longer available", number))
        for number in range(7)
    ]
    assert given == ["ok"] * 5 + [None, None]
    assert len(dialogs.open) == 2


def test_dialogs_of_the_browser_itself_are_answered_at_once() -> None:
    dialogs = Dialogs(HARMLESS, lambda _line: None)
    assert dialogs.receive_native("beforeunload", "")
    assert dialogs.receive_native("alert", "Saved.")
    assert not dialogs.receive_native("confirm", "Delete everything?")
    assert dialogs.receive_native("confirm", "Character data length limit reached")
    assert list(dialogs.seen) == ["Saved.", "Delete everything?", "Character data length limit reached"]
