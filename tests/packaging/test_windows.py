"""The product asks nothing of the system that Windows does not have; as far as that can be seen without one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).with_name("windows_like.py")


def test_every_module_loads_and_keys_are_made_where_nothing_of_posix_is_there(tmp_path: Path) -> None:
    environ = {**os.environ, "TAVERNLINK_DATA_DIR": str(tmp_path / "data"), "PYTHONUTF8": "1"}
    key = tmp_path / "tavern.key"
    commands = [
        ["--version"],
        ["keys", "create", "--role", "tavern", "--name", "PC", "--to-file", str(key)],
        ["tab", "--help"],
    ]
    program = [sys.executable, str(PROGRAM), *map(json.dumps, commands)]
    done = subprocess.run(program, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert "--wait-for-key" in done.stdout, "the last of them ran"
    assert key.read_text("ascii").startswith("tl_")
