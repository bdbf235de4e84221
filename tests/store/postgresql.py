"""A PostgreSQL server for the tests: Debian's own binaries, a folder under /tmp, a socket instead of a port."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from scripts.setup import find_postgresql


class PostgreSQL:
    """A server between `with` and its end; `make_database` gives the URL of a new database on it."""

    def __init__(self) -> None:
        binaries = find_postgresql()
        if binaries is None:
            raise RuntimeError(
                "PostgreSQL is not installed. `make test` installs it; Debian's package is `postgresql`."
            )
        self._binaries = binaries
        # Not pytest's tmp_path: a socket's path is short, and root's folders are closed to the server's own user.
        self.folder = Path(tempfile.mkdtemp(prefix="tavernlink-pg-"))
        self._user = _server_user()
        self._made = 0

    def __enter__(self) -> Self:
        if self._user is not None:
            shutil.chown(self.folder, self._user)
        try:
            self._run("initdb", "-D", "data", "-U", "tavernlink", "-A", "trust", "-E", "UTF8", "--no-sync")
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"-F -c listen_addresses= -c unix_socket_directories={self.folder}"
        self._run("pg_ctl", "-D", "data", "-w", "-t", "120", "-l", "log", "-o", options, "start")

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._run("pg_ctl", "-D", "data", "-w", "-t", "60", "-m", "immediate", "stop")

    def make_database(self) -> str:
        """Return the URL of an empty database."""
        self._made += 1
        name = f"hub{self._made}"
        self._run("createdb", "-h", str(self.folder), "-U", "tavernlink", name)
        return f"postgresql:///{name}?host={self.folder}&user=tavernlink"

    def _run(self, program: str, *arguments: str) -> None:
        errors = self.folder / f"{program}.err"
        with errors.open("wb") as told:  # not a pipe: the server would keep it open
            done = subprocess.run(
                [self._binaries / program, *arguments],
                cwd=self.folder,
                user=self._user,
                stdout=subprocess.DEVNULL,
                stderr=told,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "HOME": str(self.folder)},
                timeout=150,
                check=False,
            )
        if done.returncode != 0:
            raise RuntimeError(f"{program} failed: {errors.read_text('utf-8', 'replace')}")


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return None
    import pwd  # noqa: PLC0415 (not on Windows)

    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
