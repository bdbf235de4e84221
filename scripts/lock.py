"""Compiles requirements/dev.txt: every package of the development environment, pinned, with hashes.

The file names no package index: it works with whichever one is configured. Versions stay unless `--upgrade`.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements" / "dev.txt"
_HEADER = "# Made by `make lock` from pyproject.toml; do not edit. Installed with --require-hashes by `make setup`.\n"


def main(arguments: list[str]) -> int:
    """Compile, and refuse a result that names a host."""
    command = [
        "uv",
        "pip",
        "compile",
        "--universal",
        "--python-version=3.11",
        "--generate-hashes",
        "--no-header",
    ]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--quiet", "--extra=dev"]
    command += [f"--output-file={LOCK}", *arguments, str(ROOT / "pyproject.toml")]
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)
    if result.returncode != 0:
        return result.returncode
    text = LOCK.read_text(encoding="utf-8")
    if re.search(r"://|--(extra-)?index-url|--find-links", text):
        print(f"{LOCK.name} names a package index; it must not.", file=sys.stderr)
        return 1
    LOCK.write_text(_HEADER + text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
