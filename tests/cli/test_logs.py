"""`tavernlink logs`: what it prints, what it leaves out, and that it follows."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading

from tests.cli.conftest import Cli
from tests.sdk.house import House

_log = logging.getLogger("tavernlink.testing")


def access(house: House) -> list[str]:
    return ["--url", house.hub.url, "--key", house.hub.admin_key]


def test_lines_are_shown_by_level_and_words(cli: Cli, house: House) -> None:
    _log.warning({"event": "peer.odd", "peer": "a-17"})
    _log.error("Something broke")
    shown = cli("logs", *access(house), "--contains", "a-17")
    assert shown.status == 0
    assert "warning" in shown.out
    assert "peer.odd" in shown.out
    assert "peer=a-17" in shown.out
    assert "Something broke" not in shown.out
    line = cli("logs", *access(house), "--level", "error", "-n", "1", "--json").json
    assert (line["text"], line["level"]) == ("Something broke", "error")
    none = cli("logs", *access(house), "--contains", "no such words")
    assert (none.status, none.out) == (0, "")
    assert "The log has no such line" in none.err
    assert cli("logs", *access(house), "--level", "loud").status == 2
    refused = cli("logs", "--url", house.hub.url, "--key", house.hub.app_key)
    assert (refused.status, "forbidden" in refused.err) == (1, True)


def test_a_line_cannot_write_to_the_terminal(cli: Cli, house: House) -> None:
    _log.warning({"event": "peer.rude", "peer": "\x1b]52;c;ZXZpbA==\x07", "exception": "at \x1b[2J"})
    shown = cli("logs", *access(house), "--contains", "peer.rude").out
    assert "peer=]52;c;ZXZpbA==" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


def test_it_follows_what_is_said_from_now_on(house: House) -> None:
    command = [sys.executable, "-m", "tavernlink", "logs", *access(house), "--follow", "--json", "-n", "1"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        over = threading.Event()

        def speak() -> None:
            while not over.wait(0.3):
                _log.error("following")

        speaker = threading.Thread(target=speak)
        speaker.start()
        try:
            assert process.stdout is not None
            found = [json.loads(process.stdout.readline()) for _ in range(4)]
        finally:
            over.set()
            speaker.join()
            process.terminate()
    assert [line["text"] for line in found[1:]] == ["following"] * 3
    assert [line["id"] for line in found] == sorted({line["id"] for line in found})
