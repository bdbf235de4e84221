"""Runs the command line as Windows would have it, as far as Linux can pretend; a program for `test_windows.py`.

`sys.platform` says `win32`, and the modules, calls and signals that Windows lacks are not there. What the standard
library and other packages do for Windows cannot be tried here, so they are imported before. Each argument is a command
line as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import shutil
import signal
import sys
import types

import tavernlink

MODULES = ("fcntl", "grp", "pwd", "pty", "resource", "termios", "tty", "syslog", "uvloop", "posix")
CALLS = (
    "chown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getpgid", "getuid", "killpg", "mkfifo", "nice",
    "openpty", "setsid", "sysconf", "uname", "wait3", "wait4",
)  # fmt: skip
SIGNALS = ("SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGCHLD", "SIGQUIT", "SIGPIPE")


class _Msvcrt(types.ModuleType):
    """As much of it as the lock of the data folder needs."""

    LK_NBLCK = 2

    def locking(self, _descriptor: int, _mode: int, _count: int) -> None:
        """Take the lock."""


def modules() -> list[str]:
    """Every module of the product but its tests and its starter."""
    found = pkgutil.walk_packages(tavernlink.__path__, "tavernlink.")
    return [module.name for module in found if not module.name.endswith("__main__")]


def pretend() -> None:
    """Become Windows."""
    names = modules()
    for name in names:  # with them, everything that they stand on
        importlib.import_module(name)
    for name in [*names, "tavernlink"]:
        del sys.modules[name]
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # so that importing it fails
    for name in CALLS:
        if hasattr(os, name):
            delattr(os, name)
    for name in SIGNALS:
        if hasattr(signal, name):
            delattr(signal, name)
    sys.modules["msvcrt"] = _Msvcrt("msvcrt")
    shutil.chown = None  # type: ignore[assignment]  # as above
    sys.platform = "win32"


def main() -> None:
    """Import everything, then run the command lines that were given; the first that fails ends it."""
    pretend()
    for name in modules():
        importlib.import_module(name)
    run = importlib.import_module("tavernlink.cli").main
    for words in list(sys.argv[1:]):
        sys.argv = ["tavernlink", *json.loads(words)]
        try:
            run()
        except SystemExit as end:
            if end.code:
                raise


main()
