"""The two servers, each a process of its own on the servers' core."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.machine import Cores, cpu_clock, resident

__all__ = ["BenchmarkError", "HubServer", "NodeServer", "Server"]

ROOT = Path(__file__).resolve().parent.parent
_PEER = Path(__file__).resolve().parent / "peer"
_CACHE = ROOT / ".cache" / "benchmarks"
_STARTING = 30.0  # seconds


class BenchmarkError(Exception):
    """The benchmark cannot run; the message says what to do."""


class Server:
    """A running server. `start` returns when it answers /healthz."""

    name: str
    welcomes = False
    """True if it sends `welcome` first."""

    def __init__(self, cores: Cores, command: list[str], environment: dict[str, str], port: int) -> None:
        self.port = port
        begun = time.perf_counter()
        with cores.for_server():
            self._process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            self._wait_ready()
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - begun
        self._clock = cpu_clock(self._process.pid)

    def auth(self, role: str, name: str) -> dict[str, Any]:
        """Return the connect payload of a peer."""
        return {"role": role, "name": name}

    def cpu(self) -> int:
        """CPU nanoseconds that the process has used."""
        return time.clock_gettime_ns(self._clock)

    def resident(self) -> int:
        """Its resident memory, in bytes."""
        return resident(self._process.pid)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(timeout=8)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _STARTING
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchmarkError(f"{self.name} ended at once with status {self._process.returncode}.")
            try:
                with urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (URLError, OSError):
                time.sleep(0.005)
        raise BenchmarkError(f"{self.name} did not answer /healthz within {_STARTING:.0f} s.")


class HubServer(Server):
    """`tavernlink serve` on a scratch data folder; peers use keys that the CLI made."""

    name = "tavernlink"
    welcomes = True

    def __init__(self, cores: Cores, data: Path, environment: dict[str, str] | None = None) -> None:
        self._keys = {role: _make_key(data, role) for role in ("tavern", "app", "admin")}
        port = _free_port()
        command = [*_TAVERNLINK, "serve", "--port", str(port), "--data-dir", str(data)]
        super().__init__(cores, command, environment or {}, port)

    def auth(self, role: str, name: str) -> dict[str, Any]:
        """Return the connect payload of a peer; an admin comes as an app."""
        kind = "tavern" if role == "tavern" else "app"
        return {"key": self._keys[role], "role": kind, "name": name, "protocol": 1}


class NodeServer(Server):
    """Node's socket.io: `peer/server.mjs`."""

    name = "socket.io (Node)"

    def __init__(self, cores: Cores, folder: Path) -> None:
        port = _free_port()
        command = [_tool("node"), str(folder / "server.mjs"), str(port)]
        super().__init__(cores, command, {"NODE_ENV": "production"}, port)


_TAVERNLINK = (sys.executable, "-m", "tavernlink")


def _make_key(data: Path, role: str) -> str:
    kept = data / f"{role}.key"
    if not kept.is_file():
        command = [*_TAVERNLINK, "keys", "create", "--role", role, "--name", f"bench {role}", "--data-dir"]
        done = subprocess.run([*command, str(data)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise BenchmarkError(f"`tavernlink keys create` failed: {done.stderr.strip()}")
        kept.write_text(done.stdout.strip(), encoding="ascii")
    return kept.read_text(encoding="ascii")


def install_peer() -> Path:
    """Install the newest socket.io from npm into the cache folder; offline, what is there is used."""
    folder = _CACHE / "peer"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "server.mjs"):
        shutil.copyfile(_PEER / file, folder / file)
    options = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    command = [_tool("npm"), "install", *options, "socket.io@latest", "bufferutil@latest"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if not (folder / "node_modules" / "socket.io").is_dir():
            raise BenchmarkError(f"npm could not install socket.io: {done.stderr.strip()}")
        print("npm is out of reach: measuring against the socket.io of an earlier run.", flush=True)
    return folder


def peer_versions(folder: Path) -> dict[str, str]:
    """Return name → version of what the peer runs on."""
    node = subprocess.run([_tool("node"), "--version"], capture_output=True, text=True, check=True)
    versions = {"node": node.stdout.strip().removeprefix("v")}
    for package in ("socket.io", "engine.io", "ws", "bufferutil"):
        manifest = folder / "node_modules" / package / "package.json"
        versions[package] = json.loads(manifest.read_text(encoding="utf-8"))["version"]
    return versions


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BenchmarkError(f"{name} is missing. Install Node.js 20 or newer (https://nodejs.org).")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
