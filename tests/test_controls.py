"""What others wrote is shown on a terminal and never obeyed by it."""

from __future__ import annotations

from tavernlink.controls import without_controls

CLIPBOARD = "\x1b]52;c;ZXZpbA==\x07"


def test_escape_sequences_lose_what_makes_them_work() -> None:
    assert without_controls(f"a{CLIPBOARD}b\x1b[2J\x9b31mc\x7f\r") == "a]52;c;ZXZpbA==b[2J31mc"


def test_everything_else_stays() -> None:
    text = "Zeile\n\teingerückt 👩‍💻 中文 \u200f"
    assert without_controls(text) == text
