"""Stages both languages, has Zensical build them, and puts the result where the hub and the wheel find it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.docs.config import configuration
from scripts.docs.nav import navigation
from scripts.docs.tree import CHINESE, ENGLISH, ROOT, Tree, read_tree

__all__ = ["SITE", "DocsError", "build_if_stale", "sources_digest", "squeezed"]

SITE = ROOT / "src" / "tavernlink" / "_docs"
STAMP = SITE / "build.json"
_WORK = ROOT / ".cache" / "docs"
_THEME = Path(__file__).parent / "theme"
_MADE_FROM = ("docs", "scripts/docs", "examples", "CHANGELOG.md", "CONTRIBUTING.md")
_DROPPED = ("sitemap.xml", "404.html")
"""They name the site's address, which is another one for each hub."""
_AS_IT_IS = re.compile(r"(<pre\b.*?</pre>|<script\b.*?</script>|<style\b.*?</style>)", re.DOTALL)
_BLANK = re.compile(r"\s*\n\s*")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class DocsError(Exception):
    """The site cannot be built; the text says why."""


def build_if_stale(*, draft: bool = False) -> bool:
    """Build where a source changed since the last time; True when something was built.

    A draft may have loose ends, which are printed: it is for looking at a page while others are still to come.
    """
    wanted = sources_digest()
    if built_digest() == wanted:
        return False
    # Of this process: another one may build at the same time.
    fresh = SITE.with_name(f"_docs.new-{os.getpid()}")
    work = _WORK / str(os.getpid())
    try:
        for language, place in ((ENGLISH, fresh), (CHINESE, fresh / CHINESE)):
            shutil.copytree(_build(language, work, draft=draft), place)
        _finish(fresh, {"sources": None if draft else wanted})
        _put(fresh, wanted)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(fresh, ignore_errors=True)
    return True


def _finish(fresh: Path, stamp: dict[str, str | None]) -> None:
    """Take out of the new site what is not for the hub, and note what it was made from."""
    for name in _DROPPED:
        for path in fresh.rglob(name):
            path.unlink()
    for path in fresh.rglob("*.html"):
        path.write_text(squeezed(path.read_text(encoding="utf-8")), encoding="utf-8")
    (fresh / STAMP.name).write_text(json.dumps(stamp) + "\n", encoding="utf-8")


def _put(fresh: Path, wanted: str) -> None:
    """Have the new site where the old one was, unless another process put one of the same sources there meanwhile.

    Whoever reads that one goes on reading it.
    """
    if built_digest() == wanted:
        return
    old = fresh.with_name(f"{fresh.name}-old")
    try:
        if SITE.exists():
            SITE.rename(old)
        fresh.rename(SITE)
    except OSError:
        if built_digest() != wanted:
            raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def squeezed(page: str) -> str:
    """Return a page without empty lines and indents, which are a third of it; code and scripts stay as they are."""
    parts = _AS_IT_IS.split(page)
    return "".join(part if at % 2 else _BLANK.sub("\n", part) for at, part in enumerate(parts))


def built_digest() -> str | None:
    """The digest of the sources that the present site was made from; None without one."""
    try:
        return str(json.loads(STAMP.read_text(encoding="utf-8"))["sources"])
    except (OSError, ValueError, KeyError):
        return None


def sources_digest() -> str:
    """One digest over everything that the site depends on."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.relative_to(ROOT).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for name in _MADE_FROM:
        path = ROOT / name
        if path.is_file():
            yield path
        for each in sorted(path.rglob("*")):
            if each.is_file() and "__pycache__" not in each.parts:
                yield each


def _build(language: str, work: Path, *, draft: bool) -> Path:
    """Build one language; return the folder of its site."""
    folder = work / language
    tree = read_tree(language)
    _write(tree, folder / "docs")
    shutil.copytree(_THEME, folder / "theme", ignore=shutil.ignore_patterns("style"))
    shutil.copytree(_THEME / "style", folder / "docs" / "style")
    nav, unreached = navigation(ROOT / "docs" / "nav.toml", tree.pages, language)
    if unreached and not draft:
        raise DocsError(f"docs/nav.toml has no line for {', '.join(unreached)}.")
    config = folder / "mkdocs.yml"  # which may be JSON: YAML holds it
    config.write_text(
        json.dumps(configuration(language, nav), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    command = [sys.executable, "-m", "zensical", "build", "--config-file", str(config)]
    quiet = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "error"}
    if not draft:
        command.append("--strict")
    done = subprocess.run(command, cwd=folder, env=quiet, capture_output=True, text=True, check=False)
    told = _COLOURS.sub("", done.stdout + done.stderr)
    if done.returncode != 0 or "warning" in told.lower():
        said = f"The site ({language}) does not build cleanly.\n{told.partition('Traceback')[0]}"
        if not draft:
            raise DocsError(said)
        print(said)
    return folder / "site"


def _write(tree: Tree, folder: Path) -> None:
    for name, content in tree.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Path):
            shutil.copyfile(content, path)
        else:
            path.write_text(content, encoding="utf-8")
