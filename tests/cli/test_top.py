"""`tavernlink top` for scripts: one snapshot, as text and as JSON; and that nobody waits for what is not needed."""

from __future__ import annotations

import subprocess
import sys

from tests.cli.conftest import Cli
from tests.sdk.house import House


def test_one_snapshot_as_text_and_as_json(cli: Cli, house: House) -> None:
    there = ("--url", house.hub.url, "--key", house.hub.admin_key)
    shown = cli("top", "--once", *there)
    assert shown.status == 0
    for fact in ("taverns, ", "Taverns\n", "Home", "Seraphina", "custom/stand-in", "● online"):
        assert fact in shown.out
    assert f"Hub {cli('top', '--json', *there).json['version']} at" in shown.err
    told = cli("top", "--json", *there).json
    assert [each["tavern_id"] for each in told["taverns"]] == ["id-of-Home"]
    assert told["stats"]["taverns"] == 1
    assert told["requests"] == []
    chinese = cli("top", "--once", "--lang", "zh", *there)
    assert "酒馆\n" in chinese.out


def test_a_hub_that_is_not_there_is_a_sentence(cli: Cli, unused_port: int) -> None:
    refused = cli("top", "--once", "--url", f"http://127.0.0.1:{unused_port}", "--key", "k")
    assert refused.status == 1
    assert "[unreachable]" in refused.err


def test_the_command_line_starts_without_the_screens_library() -> None:
    script = (
        "import sys; import tavernlink.cli; print(any(n.split('.')[0] == 'textual' for n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
