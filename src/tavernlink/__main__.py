"""`python -m tavernlink` is the command line, for systems whose PATH lacks the folder of scripts."""

from __future__ import annotations

from tavernlink.cli import main

main()
