"""The guide's program, on a hub that runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.markdown import ROOT, examples
from tests.sdk.house import House


@pytest.mark.timeout(90)
def test_the_guides_program_prints_the_reply_while_it_comes(tmp_path: Path) -> None:
    program = tmp_path / "ask.py"
    program.write_text(examples(ROOT / "docs/guide/mcp.md")["ask.py"], encoding="utf-8")
    with House(tmp_path / "hub") as house:
        command = [sys.executable, str(program), house.hub.url, house.hub.app_key]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=80, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == "You said: Where are we? \n---\nYou said: Where are we? \n"
