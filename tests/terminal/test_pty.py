"""The screens on a real terminal: a process of its own, keys typed into it, what it writes read as a terminal would.

Where the system has no pseudo-terminals (Windows), the same process gets pipes and must go line by line instead.
"""

from __future__ import annotations

import codecs
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sdk.house import House

_WAIT_SECONDS = 60.0


@pytest.fixture(scope="module")
def lived_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house")) as house:
        yield house


def environment(house: House, home: Path) -> dict[str, str]:
    given = {
        "TAVERNLINK_URL": house.hub.url,
        "TAVERNLINK_KEY": house.hub.admin_key,
        "TERM": "xterm-256color",
        "LANG": "en_GB.UTF-8",
        "LC_ALL": "",
        "HOME": str(home),
        "XDG_STATE_HOME": str(home),
        "PYTHONUTF8": "1",
    }
    return {**os.environ, **given}


if sys.platform != "win32":
    import fcntl
    import pty
    import struct
    import termios

    class Terminal:
        """A process on a terminal of 100×30; `seen` is everything that it has written."""

        def __init__(self, *arguments: str, env: dict[str, str]) -> None:
            self._end, theirs = pty.openpty()
            fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
            self.before = termios.tcgetattr(theirs)
            self._theirs = theirs
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tavernlink", *arguments],
                stdin=theirs,
                stdout=theirs,
                stderr=theirs,
                env=env,
                start_new_session=True,
            )
            self.seen = ""
            self._more = threading.Condition()
            self._reader = threading.Thread(target=self._read)
            self._reader.start()

        def _read(self) -> None:
            decode = codecs.getincrementaldecoder("utf-8")("replace").decode
            while True:
                try:
                    data = os.read(self._end, 65_536)
                except OSError:  # nobody has the other end any more
                    return
                with self._more:
                    self.seen += decode(data)
                    self._more.notify_all()

        @property
        def text(self) -> str:
            """What was written, without what moves and colours."""
            return re.sub(r"\x1b(\[[0-9;?<>=:]*[A-Za-z]|[=>()][A-Z0-9]?|[P_][^\x1b]*\x1b\\)", "", self.seen)

        def until(self, holds: Callable[[], bool]) -> None:
            with self._more:
                assert self._more.wait_for(holds, _WAIT_SECONDS), self.text[-3_000:]

        def type(self, keys: str) -> None:
            os.write(self._end, keys.encode())

        def leave(self) -> int:
            """Wait until it has left; returns its status."""
            status = self.process.wait(_WAIT_SECONDS)
            self.after = termios.tcgetattr(self._theirs)
            os.close(self._theirs)
            self._reader.join(_WAIT_SECONDS)
            os.close(self._end)
            return status

    def test_chat_talks_and_leaves_the_terminal_as_it_was(lived_in: House, tmp_path: Path) -> None:
        terminal = Terminal("chat", env=environment(lived_in, tmp_path))
        terminal.until(lambda: "\x1b[?1049h" in terminal.seen and "Enter sends" in terminal.text)
        terminal.type("good evening\r")
        terminal.until(lambda: "You said: good evening" in terminal.text)
        terminal.type("\x04")
        assert terminal.leave() == 0
        assert "\x1b[?1049l" in terminal.seen
        assert terminal.after == terminal.before

    def test_top_shows_the_tavern_and_goes_to_its_chat_and_back(lived_in: House, tmp_path: Path) -> None:
        terminal = Terminal("top", "--lang", "zh", env=environment(lived_in, tmp_path))
        terminal.until(lambda: "Home" in terminal.text and "custom/stand-in" in terminal.text)
        terminal.type("\r")
        terminal.until(lambda: "Ctrl+J" in terminal.text)
        before = terminal.seen.count("\x1b[?1049h")
        terminal.type("\x11")
        terminal.until(lambda: terminal.seen.count("\x1b[?1049h") > before)
        terminal.until(lambda: "搜索" in terminal.text.rpartition("Ctrl+J")[2])
        terminal.type("q")
        assert terminal.leave() == 0
        assert terminal.after == terminal.before

    def test_a_wrong_key_is_a_sentence_on_the_terminal(lived_in: House, tmp_path: Path) -> None:
        env = {**environment(lived_in, tmp_path), "TAVERNLINK_KEY": "tl_app_no_key"}
        terminal = Terminal("top", env=env)
        assert terminal.leave() == 1
        assert "[unauthorized]" in terminal.text


def test_without_a_terminal_both_go_line_by_line(lived_in: House, tmp_path: Path) -> None:
    def run(command: str, given: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tavernlink", command],
            input=given,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=environment(lived_in, tmp_path),
            timeout=_WAIT_SECONDS,
            check=True,
        )
        return done.stdout

    assert "You said: good morning" in run("chat", "good morning\n")
    assert "custom/stand-in" in run("top", "")
