"""A short campaign with every run of the tests; `make faults ARGS="--minutes 60"` is the long one."""

from __future__ import annotations

import sys

import pytest

from tests.faults.campaign import Campaign

_SECONDS = 60.0


@pytest.mark.e2e
@pytest.mark.timeout(420, func_only=True)
async def test_nothing_acknowledged_is_lost_or_doubled_whatever_is_killed_cut_or_frozen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = await Campaign(seed=3, seconds=_SECONDS).run()
    with capsys.disabled():  # the counts belong to what the run of the tests shows
        sys.stdout.write(f"\n{report}\n")
    assert report.ok, f"\n{report}"
    assert report.faults["hub killed"] >= 3
    assert report.faults["tab closed"] >= 1
    assert report.acknowledged >= 6
    assert report.states["done"] >= 3
    assert report.streams >= 1
