"""Builds the JavaScript workspace: js/ → src/tavernlink/_extension (a folder SillyTavern can load as it is) and
src/tavernlink/_console (the pages that the hub serves).

Standard library only, since it also runs inside an isolated package build. A digest of the sources is kept beside
the result, so an unchanged workspace costs a few milliseconds.

    python scripts/build_js.py            install packages and build, whatever is stale
    python scripts/build_js.py --check    exit 1 when the built files are stale
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKSPACE = ROOT / "js"
EXTENSION = ROOT / "src" / "tavernlink" / "_extension"
CONSOLE = ROOT / "src" / "tavernlink" / "_console"
VERSION_FILE = ROOT / "src" / "tavernlink" / "version.py"
STAMP = EXTENSION / "build.json"
INSTALL_STAMP = WORKSPACE / "node_modules" / ".tavernlink-install"
OLDEST_NODE = 20

_NOT_SOURCES = {"node_modules", "dist", "coverage", ".vite", "tests"}


class SetupError(Exception):
    """A step that cannot go on; the text says what happened and what to do."""


def build_if_stale() -> bool:
    """Install the npm packages and build where either is stale; True when something was built."""
    if not WORKSPACE.is_dir():
        if STAMP.is_file():
            return False
        message = f"Neither {WORKSPACE} nor a built extension is here. Take a complete copy of the sources."
        raise SetupError(message)
    sources = sources_digest()
    if built_digest() == sources and CONSOLE.is_dir():
        return False
    install_packages()
    print("[js] building the extension and the console …", flush=True)
    _run([npm(), "run", "build"], "The JavaScript build failed; the lines above say where.")
    _write_stamp(sources)
    print(f"[js] built {EXTENSION.relative_to(ROOT)} and {CONSOLE.relative_to(ROOT)}", flush=True)
    return True


def install_packages() -> bool:
    """Bring js/node_modules in line with package-lock.json; True when npm had to run."""
    wanted = _digest(_manifests())
    if INSTALL_STAMP.is_file() and INSTALL_STAMP.read_text(encoding="utf-8") == wanted:
        return False
    check_node()
    print("[js] installing npm packages (about half a minute the first time) …", flush=True)
    _run(
        [npm(), "ci", "--no-audit", "--no-fund"],
        "npm could not install the packages of js/package-lock.json. Is the network (or the npm registry) reachable? "
        "If the lock file is out of step with a package.json, run `npm install` in js/ and commit the lock file.",
    )
    INSTALL_STAMP.write_text(wanted, encoding="utf-8")
    return True


def check_node() -> None:
    """Refuse a missing or too old Node with a sentence."""
    node = shutil.which("node")
    advice = (
        f"Tavernlink's extension is built with Node {OLDEST_NODE} or newer. Install it from https://nodejs.org "
        "or with your system's package manager (Debian: apt-get install nodejs npm), then run the command again."
    )
    if node is None:
        raise SetupError("Node is not installed. " + advice)
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    match = re.match(r"v(\d+)", version)
    if match is None or int(match[1]) < OLDEST_NODE:
        raise SetupError(f"Node {version} is too old. " + advice)
    npm()


def npm() -> str:
    """The path of npm (npm.cmd on Windows, which CreateProcess does not find by its bare name)."""
    found = shutil.which("npm")
    if found is None:
        raise SetupError("npm is not installed. It comes with Node; on Debian: apt-get install npm.")
    return found


def sources_digest() -> str:
    """One digest over everything that the built files depend on."""
    return _digest([*_manifests(), *_sources(), VERSION_FILE])


def built_digest() -> str | None:
    """The digest of the sources that the present build was made from; None without a build."""
    try:
        stamp = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(stamp.get("sources"))


def package_version() -> str:
    """Tavernlink's version, read without importing the package."""
    match = re.search(r'^__version__ = "([^"]+)"$', VERSION_FILE.read_text(encoding="utf-8"), re.MULTILINE)
    if match is None:
        raise SetupError(f"{VERSION_FILE} does not state __version__.")
    return match[1]


def _manifests() -> Iterator[Path]:
    yield WORKSPACE / "package.json"
    yield WORKSPACE / "package-lock.json"
    yield WORKSPACE / ".npmrc"
    yield from sorted(WORKSPACE.glob("packages/*/package.json"))


def _sources() -> Iterator[Path]:
    for path in sorted(WORKSPACE.rglob("*")):
        relative = path.relative_to(WORKSPACE)
        if path.is_file() and not _NOT_SOURCES.intersection(relative.parts) and path.suffix != ".tsbuildinfo":
            yield path


def _digest(paths: Iterator[Path] | list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _write_stamp(sources: str) -> None:
    for result in (EXTENSION / "manifest.json", CONSOLE / "index.html"):
        if not result.is_file():
            raise SetupError(f"The JavaScript build ended without {result}.")
    STAMP.write_text(json.dumps({"version": package_version(), "sources": sources}) + "\n", encoding="utf-8")


def _run(command: list[str], advice: str) -> None:
    if subprocess.run(command, cwd=WORKSPACE, check=False).returncode != 0:
        raise SetupError(advice)


def main(arguments: list[str]) -> int:
    """Build, or with --check only say whether the build is stale."""
    try:
        if arguments == ["--check"]:
            fresh = built_digest() == sources_digest()
            print("[js] the built files are " + ("up to date" if fresh else "stale: run `make setup`"))
            return 0 if fresh else 1
        build_if_stale()
    except SetupError as error:
        print(f"[js] {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
