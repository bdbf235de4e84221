"""`make faults ARGS="--minutes 60"`: run a campaign and print its counts. Status 1 where anything is wrong."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys

from tests.faults.campaign import Campaign


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.5, help="how long faults are done (%(default)s)")
    parser.add_argument("--seed", type=int, help="the order of faults and questions; default: a new one")
    options = parser.parse_args()
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    report = asyncio.run(Campaign(seed, options.minutes * 60, say=_say).run())
    _say(str(report))
    return 0 if report.ok else 1


if __name__ == "__main__":
    sys.exit(main())
