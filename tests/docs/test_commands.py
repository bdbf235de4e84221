"""The guide's program that runs commands, on a hub that runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tavernlink.protocol.commands.catalogue import COMMANDS
from tests.docs.markdown import ROOT, examples
from tests.sdk.house import House


def test_the_guides_program_runs_as_it_stands(tmp_path: Path) -> None:
    program = examples(ROOT / "docs" / "guide" / "commands.md")["commands.py"]
    with House(tmp_path, list(COMMANDS)) as house:
        house.tavern.results["variable.set"] = {"name": "gold", "value": 12, "scope": "chat"}
        house.tavern.results["message.edit"] = {"index": 0}
        there = {"TAVERNLINK_URL": house.hub.url, "TAVERNLINK_KEY": house.hub.app_key}
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **there},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == ""
        assert done.stdout.splitlines() == ["12", "{'index': 0}"]
        sent = [(command["name"], command["caller"]) for command in house.tavern.commands]
    assert [name for name, _ in sent] == ["variable.set", "message.edit"]
    assert all(caller.startswith("gardener (") for _, caller in sent)
