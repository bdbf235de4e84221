"""Run the public protocol conformance suites against our own server.

    python -m scripts.conformance --socketio DIR --engineio DIR [--times 3]

DIR is a checkout of a suite's repository or its `test-suite` folder (npm packages are installed there when
missing). The suites expect their server on port 3000. Prints each suite's counts; status 0: all tests passed.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PORT = 3000  # written into the suites
_SERVER = ("-m", "tavernlink.transports.socketio.echo")
_SETTINGS = ("--ping-interval", "0.3", "--ping-timeout", "0.2", "--max-payload", "1000000")


@contextmanager
def _server(*options: str) -> Iterator[None]:
    """The echo server, from the moment it listens."""
    command = [sys.executable, *_SERVER, *_SETTINGS, "--port", str(_PORT), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            if not line.startswith("listening"):
                sys.exit(f"The echo server did not start. Is port {_PORT} in use by another program?")
            yield
        finally:
            process.terminate()


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        sys.exit(f"{name} is needed to run the suites: install Node.js 20 or newer.")
    return found


def _suite_folder(path: Path) -> Path:
    for folder in (path, path / "test-suite"):
        if (folder / "test-suite.js").is_file():
            return folder.resolve()
    sys.exit(f"{path} holds no test-suite.js: give the checkout of a protocol repository.")


def _run(name: str, folder: Path) -> bool:
    """One run of one suite; prints its counts."""
    if not (folder / "node_modules").is_dir():
        subprocess.run([_tool("npm"), "ci", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    mocha = folder / "node_modules" / "mocha" / "bin"
    program = next(path for path in (mocha / "mocha.js", mocha / "mocha", mocha / "_mocha") if path.is_file())
    done = subprocess.run(
        [_tool("node"), str(program), "--reporter", "json", "test-suite.js"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )
    try:
        report = json.loads(done.stdout[done.stdout.index("{") :])
    except ValueError:
        print(f"{name}: the suite did not report.\n{done.stdout}{done.stderr}")
        return False
    stats = report["stats"]
    print(f"{name}: {stats['passes']} of {stats['tests']} passed, {stats['failures']} failed", flush=True)
    for failure in report["failures"]:
        print(f"  {failure['fullTitle']}: {failure['err'].get('message', '')}")
    return done.returncode == 0 and stats["passes"] == stats["tests"] > 0


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--socketio", type=Path, help="checkout of the Socket.IO protocol repository")
    parser.add_argument("--engineio", type=Path, help="checkout of the Engine.IO protocol repository")
    parser.add_argument("--times", type=int, default=1, help="run each suite so many times")
    options = parser.parse_args()
    if options.socketio is None and options.engineio is None:
        parser.error("name at least one suite: make conformance SOCKETIO_SUITE=DIR ENGINEIO_SUITE=DIR")
    passed = True
    for name, path, extra in (
        ("Socket.IO suite", options.socketio, []),
        ("Engine.IO suite", options.engineio, ["--engine"]),
    ):
        if path is not None:
            folder = _suite_folder(path)
            with _server(*extra):
                passed = all(_run(name, folder) for _ in range(options.times)) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
