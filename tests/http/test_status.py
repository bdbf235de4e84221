"""The table from error codes to statuses."""

from __future__ import annotations

from tavernlink.errors import CODES, error_from_code
from tavernlink.http.status import RETRY_AFTER, STATUS, retry_after_of, status_of


def test_every_code_of_the_error_tree_has_a_status_and_no_other_has() -> None:
    assert set(STATUS) == set(CODES)


def test_a_code_of_a_newer_version_is_an_internal_error() -> None:
    assert status_of("never_heard_of") == 500


def test_only_errors_that_may_pass_name_a_time_to_wait() -> None:
    assert set(RETRY_AFTER) <= set(STATUS)
    assert retry_after_of(error_from_code("queue_full")) == 5
    assert retry_after_of(error_from_code("queue_full", details={"retry_after": 7.4})) == 7
    assert retry_after_of(error_from_code("rate_limited", details={"retry_after": 0.1})) == 1
    assert retry_after_of(error_from_code("stopped")) is None
