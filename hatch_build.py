"""Hatch's build hook: the built SillyTavern extension and the console go into every wheel, source archive and
editable install; the documentation into wheels and source archives.

The work is in scripts/build_js.py, which `make setup` runs too, and in scripts/docs. An environment variable
`TAVERNLINK_SKIP_JS=1` leaves the JavaScript alone (for those who change only Python).
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExtensionBuildHook(BuildHookInterface[Any]):
    """Builds js/ into src/tavernlink before the files of the package are collected."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is stale; a source archive holds the built files and needs no Node."""
        if os.environ.get("TAVERNLINK_SKIP_JS") == "1":
            return
        build_js = _load_build_js(Path(self.root))
        build_js.build_if_stale()
        if version != "editable":
            package = "tavernlink" if self.target_name == "wheel" else "src/tavernlink"
            for built in (build_js.EXTENSION, build_js.CONSOLE, _build_docs(Path(self.root))):
                build_data["force_include"][str(built)] = f"{package}/{built.name}"


def _build_docs(root: Path) -> Path:
    """Build the documentation where it is stale; a source archive holds it, without what it is made from."""
    site = root / "src" / "tavernlink" / "_docs"
    if (root / "docs").is_dir():
        subprocess.run([sys.executable, "-m", "scripts.docs"], cwd=root, check=True)
    return site


def _load_build_js(root: Path) -> ModuleType:
    """Import scripts/build_js.py by its path: an isolated build has no `scripts` package on sys.path."""
    path = root / "scripts" / "build_js.py"
    spec = importlib.util.spec_from_file_location("tavernlink_build_js", path)
    if spec is None or spec.loader is None:
        message = f"{path} is missing: the extension cannot be built. Take a complete copy of the sources."
        raise FileNotFoundError(message)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
