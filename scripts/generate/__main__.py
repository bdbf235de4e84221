"""Writes the generated files, or with --check says which are stale.

python -m scripts.generate [--check]
"""

from __future__ import annotations

import sys

from scripts.generate.outputs import ROOT, left_over, outputs


def main(arguments: list[str]) -> int:
    """Write every output whose text changed; with --check, change nothing and return 1 when one would."""
    texts = outputs()
    stale = [path for path, text in texts.items() if not path.is_file() or path.read_text("utf-8") != text]
    gone = left_over(texts)
    stale += gone
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    if arguments == ["--check"]:
        if stale:
            print(f"Stale: {names}. The protocol changed: run `make generate` and commit the result.")
            return 1
        print("Generated files are up to date.")
        return 0
    for path in gone:
        path.unlink()
    for path in set(stale) - set(gone):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path], encoding="utf-8", newline="\n")
    print(f"Wrote {names}." if stale else "Nothing changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
