"""Makes a fresh clone ready to run: environment, Python packages, the built extension, `.venv/bin/tavernlink`.

Standard library only: it runs before anything is installed. Each step leaves a stamp with a digest of what it
was made from, so a second run costs a fraction of a second. Works without make too, on any system:

    python3 -m scripts.setup              what `make setup` does
    python3 -m scripts.setup --browser    also Chromium and SillyTavern, for the demo and the tests
    python3 -m scripts.setup --database   also PostgreSQL, for the tests
    python3 -m scripts.setup --older      also the two SillyTaverns before the newest, for the tests
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from scripts import build_js
from scripts.build_js import SetupError

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = ROOT / ".venv"
STAMPS = ROOT / ".cache" / "stamps"
REQUIREMENTS = ROOT / "requirements" / "dev.txt"
OLDEST_PYTHON = (3, 11)
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")


def environment_python() -> Path:
    """The interpreter of the virtual environment."""
    folder, name = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return ENVIRONMENT / folder / name


def make_environment() -> None:
    """Create .venv with a Python that is new enough."""
    if environment_python().is_file():
        return
    say("Python environment (.venv) …")
    python = _find_python()
    if subprocess.run([python, "-c", "import ensurepip"], capture_output=True, check=False).returncode != 0:
        _install_system_packages(
            ["python3-venv"],
            "Python's venv module is not installed. On Debian and Ubuntu: sudo apt-get install python3-venv",
        )
    run(
        [python, "-m", "venv", str(ENVIRONMENT)],
        f"Python could not make {ENVIRONMENT}. Remove it and try again.",
    )


def install_python_packages() -> None:
    """Install exactly what requirements/dev.txt names, checked by hash."""
    stamp, wanted = STAMPS / "python-packages", _digest([REQUIREMENTS], str(environment_python()))
    if _is_fresh(stamp, wanted):
        return
    say("Python packages (about a minute the first time) …")
    run(
        [
            *_pip(),
            "install",
            "--require-hashes",
            "--no-compile",
            "--progress-bar",
            "off",
            "-r",
            str(REQUIREMENTS),
        ],
        "pip could not install the packages of requirements/dev.txt. Is the network (or the package index) reachable? "
        "If a hash does not match, something between you and the index changed a file: do not go on.",
    )
    _write(stamp, wanted)


def install_project() -> None:
    """Install Tavernlink itself in place, so that an edited file counts at once."""
    made_from = [ROOT / "pyproject.toml", ROOT / "hatch_build.py", build_js.VERSION_FILE]
    stamp, wanted = STAMPS / "project", _digest(made_from, str(environment_python()))
    if _is_fresh(stamp, wanted):
        return
    say("Tavernlink itself …")
    run(
        [*_pip(), "install", "--quiet", "--no-deps", "--no-build-isolation", "--editable", str(ROOT)],
        "pip could not install the project in place; the lines above say why.",
    )
    _write(stamp, wanted)


def install_browser() -> None:
    """Have some Chromium: one that is here already, else the system's package."""
    probe = [
        str(environment_python()),
        "-c",
        "from tavernlink.tab import find_browser; print(find_browser())",
    ]
    found = subprocess.run(probe, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return
    say("Chromium (about a minute) …")
    _install_system_packages(
        ["chromium"],
        "No Chrome, Chromium or Edge was found. Install one (Debian: sudo apt-get install chromium; elsewhere: "
        "https://www.google.com/chrome), or name it in the environment variable TAVERNLINK_BROWSER.",
    )
    run(probe, "Chromium was installed, but could not be found. Name it in TAVERNLINK_BROWSER.")


def find_postgresql() -> Path | None:
    """The folder of PostgreSQL's programs, the newest where there are several; Debian keeps them out of PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda file: int(file.parts[-3]), reverse=True
    )
    if not found and (on_path := shutil.which("initdb")):
        found = [Path(on_path)]
    return found[0].parent if found else None


def install_postgresql() -> None:
    """Have PostgreSQL's programs, on which the tests of the store run a server of their own."""
    if find_postgresql() is not None:
        return
    say("PostgreSQL (about a minute) …")
    _install_system_packages(
        ["postgresql"],
        "PostgreSQL is not installed, and the tests run one. On Debian and Ubuntu: sudo apt-get install postgresql; "
        "elsewhere: https://www.postgresql.org/download, with its programs in PATH.",
    )


def install_sillytavern() -> None:
    """Have the SillyTavern that the demo and the tests run, from npm, in the cache folder."""
    run(
        [str(environment_python()), "-m", "tavernlink.demo.sillytavern", "install"],
        "SillyTavern could not be installed from npm; the lines above say why.",
    )


def install_older_sillytaverns() -> None:
    """Have the two releases before it, too: the tests run a part of the commands on them."""
    run(
        [str(environment_python()), "-m", "tavernlink.demo.sillytavern", "install", "--older"],
        "An older SillyTavern could not be installed from npm; the lines above say why.",
    )


def say(text: str) -> None:
    """Tell the person what takes its time now."""
    print(f"[setup] {text}", flush=True)


def run(command: list[str], advice: str) -> None:
    """Run one command, its output in sight; raise SetupError with the advice when it fails."""
    if subprocess.run(command, cwd=ROOT, check=False).returncode != 0:
        raise SetupError(advice)


def _find_python() -> str:
    if sys.version_info >= OLDEST_PYTHON:
        return sys.executable
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            return found
    raise SetupError(
        f"Tavernlink needs Python 3.11 or newer; this is {platform.python_version()}. Install a newer one "
        "(https://www.python.org/downloads), or name it: make PYTHON=/path/to/python3 setup"
    )


def _install_system_packages(packages: list[str], advice: str) -> None:
    """Use apt-get where that is possible and allowed; else tell the person."""
    apt, is_root = shutil.which("apt-get"), getattr(os, "geteuid", lambda: 1)() == 0
    if apt is None or not is_root:
        raise SetupError(advice)
    say(f"apt-get install {' '.join(packages)} …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        [apt, "update", "-qq"],
        [apt, "install", "-y", "-qq", "--no-install-recommends", *packages],
    ):
        if subprocess.run(command, env=quiet, check=False).returncode != 0:
            raise SetupError(f"{' '.join(command)} failed. " + advice)


def _pip() -> list[str]:
    return [str(environment_python()), "-m", "pip", "--disable-pip-version-check"]


def _digest(paths: list[Path], *facts: str) -> str:
    digest = hashlib.sha256("\n".join(facts).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _is_fresh(stamp: Path, wanted: str) -> bool:
    # A stamp older than the environment belongs to one that was thrown away.
    marker = ENVIRONMENT / "pyvenv.cfg"
    return (
        stamp.is_file()
        and marker.is_file()
        and stamp.stat().st_mtime >= marker.stat().st_mtime
        and stamp.read_text(encoding="utf-8") == wanted
    )


def _write(stamp: Path, wanted: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(wanted, encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run the steps in order; a failing one says what to do, and nothing after it runs."""
    try:
        make_environment()
        install_python_packages()
        build_js.build_if_stale()
        install_project()
        if "--browser" in arguments:
            install_browser()
            install_sillytavern()
        if "--older" in arguments:
            install_older_sillytaverns()
        if "--database" in arguments:
            install_postgresql()
    except SetupError as error:
        print(f"\n[setup] {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
