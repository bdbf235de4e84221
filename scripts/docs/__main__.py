"""Builds the site where a source of it changed, and prints its size: python -m scripts.docs [--check | --draft]."""

from __future__ import annotations

import sys

from scripts.docs.build import SITE, DocsError, build_if_stale, built_digest, sources_digest


def main(arguments: list[str]) -> int:
    """Build; with --draft in spite of loose ends, with --check not at all: only say whether the site is stale."""
    if arguments == ["--check"]:
        fresh = built_digest() == sources_digest()
        print("[docs] the site is " + ("up to date" if fresh else "stale: run `make docs`"))
        return 0 if fresh else 1
    try:
        if build_if_stale(draft=arguments == ["--draft"]):
            files = [path for path in SITE.rglob("*") if path.is_file()]
            size = sum(path.stat().st_size for path in files) / 1e6
            pages = sum(path.suffix == ".html" for path in files)
            print(f"[docs] built {pages} pages, {size:.1f} MB; a running hub shows them at /docs")
    except DocsError as error:
        print(f"[docs] {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
