"""Lock files pin and hash everything and name no host (docs/adr/0011)."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = (ROOT / "requirements" / "dev.txt").read_text(encoding="utf-8")
PACKAGE_LOCK: dict[str, Any] = json.loads((ROOT / "js" / "package-lock.json").read_text(encoding="utf-8"))
NPM_PACKAGES: dict[str, dict[str, Any]] = {
    path: package
    for path, package in PACKAGE_LOCK["packages"].items()
    if path.startswith("node_modules/") and not package.get("link")
}


def test_the_requirements_name_no_index() -> None:
    assert not re.search(r"://|index-url|find-links|trusted-host", REQUIREMENTS)


def test_every_requirement_is_pinned_and_hashed() -> None:
    blocks = re.split(r"^(?=[A-Za-z0-9])", REQUIREMENTS, flags=re.MULTILINE)[1:]
    assert len(blocks) > 50
    assert [
        block for block in blocks if not re.match(r"[\w.-]+==\S+", block) or "--hash=sha256:" not in block
    ] == []


def test_every_direct_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(name for extra in project["optional-dependencies"].values() for name in extra),
    ]
    names = {normal(re.split(r"[\[<>=;~! ]", one)[0]) for one in wanted} - {"tavernlink"}
    locked = {normal(name) for name in re.findall(r"^([\w.-]+)==", REQUIREMENTS, re.MULTILINE)}
    assert names <= locked, "run `make lock` and commit the result"


def test_the_npm_lock_names_no_registry() -> None:
    assert [path for path, package in NPM_PACKAGES.items() if "resolved" in package] == []


def test_every_npm_package_is_hashed() -> None:
    # What is bundled in another package comes with that one's hash.
    assert [
        path
        for path, package in NPM_PACKAGES.items()
        if "integrity" not in package and not package.get("inBundle")
    ] == []


def normal(name: str) -> str:
    """Return a Python package name in its normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()
