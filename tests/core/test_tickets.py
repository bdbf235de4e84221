"""Tickets: the console opened signed in, once."""

from __future__ import annotations

import pytest

from tavernlink.core.access.tickets import KEY_SECONDS, SECONDS
from tavernlink.errors import AuthError, BadMessage
from tavernlink.protocol.access import AuditList
from tests.core.stage import Stage

HERE = "127.0.0.1"


def test_a_ticket_is_exchanged_once_for_an_admin_key_that_ends() -> None:
    stage = Stage()
    ticket = stage.hub.tickets.issue()
    text = stage.hub.tickets.redeem(ticket, HERE)
    key = stage.hub.keyring.verify(text)
    assert (key.role, key.expires) == ("admin", stage.clock.wall() + KEY_SECONDS)
    with pytest.raises(AuthError):
        stage.hub.tickets.redeem(ticket, HERE)
    (entry,) = [each for each in stage.hub.audit.listed(AuditList()) if each.action == "key.created"]
    assert (entry.address, text in str(entry)) == (HERE, False)


def test_one_that_nobody_used_ends_and_so_do_old_ones_beyond_twenty() -> None:
    stage = Stage()
    late = stage.hub.tickets.issue()
    stage.wait(SECONDS + 1)
    with pytest.raises(AuthError):
        stage.hub.tickets.redeem(late, HERE)
    first, *_, last = [stage.hub.tickets.issue() for _ in range(21)]
    with pytest.raises(AuthError):
        stage.hub.tickets.redeem(first, HERE)
    assert stage.hub.tickets.redeem(last, HERE).startswith("tl_admin_")


def test_guessing_is_slowed_down() -> None:
    stage = Stage()
    with pytest.raises(BadMessage) as refused:
        for _ in range(50):
            with pytest.raises(AuthError):
                stage.hub.tickets.redeem("0" * 64, HERE)
    assert refused.value.code == "rate_limited"
