"""Quantiles of what was timed lately, and totals of the doors."""

from __future__ import annotations

import pytest

from tavernlink.runtime.counts import Counts, Histogram
from tavernlink.runtime.measures import RunningMeasures


def test_a_quantile_lies_within_its_bounds() -> None:
    histogram = Histogram([1.0, 2.0, 4.0])
    nothing = histogram.snapshot()
    assert histogram.quantile(0.5, nothing) is None
    for value in (0.5, 1.5, 1.6, 3.0):
        histogram.add(value)
    assert histogram.quantile(0.5, nothing) == pytest.approx(1.5)
    assert histogram.quantile(1.0, nothing) == pytest.approx(4.0)
    histogram.add(100.0)
    assert histogram.quantile(1.0, nothing) == pytest.approx(4.0)


def test_only_the_last_ten_seconds_count() -> None:
    counts = Counts()
    measures = RunningMeasures(counts)
    counts.delivery.add(0.003)
    measures.take(1.0)
    p50, p99 = measures.quantiles()
    assert p50 is not None
    assert 2.5 <= p50 <= 5.0
    assert p99 is not None
    for second in range(12):
        measures.take(2.0 + second)
    assert measures.quantiles() == (None, None)


def test_messages_of_all_doors_are_one_number() -> None:
    counts = Counts()
    counts.door("websocket").messages_in = 3
    counts.door("api").messages_in = 4
    counts.door("api").messages_out = 5
    assert RunningMeasures(counts).take(0.0) == (7, 5)


def test_what_is_refused_is_counted_and_kept() -> None:
    counts = Counts()
    counts.refused("unauthorized", "No such key.", who="10.0.0.7", about="connect")
    assert counts.errors["unauthorized"] == 1
    (error,) = counts.failures.listed()
    assert (error.who, error.about, error.message) == ("10.0.0.7", "connect", "No such key.")


def test_no_secret_is_among_the_failures_wherever_somebody_put_it() -> None:
    counts = Counts()
    key = f"tl_app_3k2j5h8x9q0w1e7d_{'0123456789abcdef' * 4}"
    counts.refused("unauthorized", f"No key {key}.", who=key, about=f"/api/rooms/{key}")
    counts.failures.add(
        time=1.0, code="backend_error", message="Wrong: sk-abcdefghijklm", who="", about="generate"
    )
    told = str(counts.failures.listed())
    assert "0123456789abcdef" not in told
    assert "abcdefghijklm" not in told
    assert "tl_app_3k2j5h8x9q0w1e7d_…" in told
