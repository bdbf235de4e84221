"""`tavernlink sessions`, with a hub that runs."""

from __future__ import annotations

from tests.cli.conftest import Cli
from tests.sdk.house import House


def test_without_sessions_both_commands_say_so(cli: Cli, house: House) -> None:
    where = ("--url", house.hub.url, "--key", house.hub.app_key)
    assert "no sessions" in cli("sessions", "list", *where).err
    assert cli("sessions", "list", *where, "--json").json == []
    forgotten = cli("sessions", "forget", "bob", *where)
    assert (forgotten.status, "no session 'bob'" in forgotten.err) == (1, True)
