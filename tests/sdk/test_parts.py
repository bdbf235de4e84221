"""The small parts: addresses, delays, counting."""

from __future__ import annotations

import pytest

import tavernlink
from tavernlink.errors import BadMessage
from tavernlink.protocol.session import Auth, HubInfo, Limits, Welcome
from tavernlink.sdk import connect
from tavernlink.sdk.address import http_address, is_loopback, websocket_address
from tavernlink.sdk.backoff import Backoff
from tavernlink.sdk.session import Session


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("http://127.0.0.1:8001", "ws://127.0.0.1:8001/ws"),
        ("127.0.0.1:8001", "ws://127.0.0.1:8001/ws"),
        (" https://hub.example/tavern/ ", "wss://hub.example/tavern/ws"),
        ("ws://[::1]:9/ws", "ws://[::1]:9/ws"),
    ],
)
def test_an_address_is_understood_as_people_write_it(written: str, meant: str) -> None:
    assert websocket_address(written) == meant
    assert http_address(written) == meant.replace("ws", "http", 1).removesuffix("/ws")


@pytest.mark.parametrize("written", ["", "ftp://x", "http://", "http://host:port", "http://me:secret@host"])
def test_what_is_no_address_of_a_hub_is_refused_without_its_password(written: str) -> None:
    with pytest.raises(BadMessage) as caught:
        websocket_address(written)
    assert "secret" not in caught.value.message


def test_loopback_addresses_are_told_from_others() -> None:
    assert all(map(is_loopback, ["ws://127.0.0.5:1/ws", "ws://localhost/ws", "ws://[::1]/ws"]))
    assert not any(map(is_loopback, ["ws://10.0.0.1/ws", "ws://example.org/ws"]))


def test_the_package_gives_its_names_on_demand() -> None:
    assert tavernlink.connect is connect
    assert tavernlink.connect_sync is tavernlink.sync.connect_sync
    assert tavernlink.errors.TavernlinkError is tavernlink.TavernlinkError
    with pytest.raises(AttributeError, match="no_such_name"):
        tavernlink.no_such_name  # type: ignore[attr-defined]  # noqa: B018  # that is the point


def test_delays_double_within_their_bounds_and_begin_again_after_a_success() -> None:
    backoff = Backoff(lambda: 1.0, shortest=0.5, longest=3.0)
    assert [backoff.next() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    backoff.reset()
    backoff.limit(1.0, 15.0)
    assert backoff.next() == 1.0
    assert [Backoff(lambda: 0.0).next(), Backoff(lambda: 0.5).next()] == [0.25, 0.375]


def _welcome(session: str, *, resumed: bool) -> Welcome:
    limits = Limits(max_payload=1, session_seconds=1, confirm_every=2)
    info = HubInfo(version="1")
    return Welcome(
        session=session, id="a", protocol=1, hub=info, server_time=0, resumed=resumed, limits=limits
    )


def test_a_session_counts_events_and_not_what_is_about_counting() -> None:
    session = Session(Auth(key="k"))
    assert session.hello() == Auth(key="k")
    assert session.receive_welcome(_welcome("s1", resumed=False))
    due = [
        session.receive_event(type_)
        for type_ in ("resync", "stream.start", "confirm", "stream.delta", "closing")
    ]
    assert due == [False, False, False, True, False]
    assert (session.received, session.confirm()) == (2, 2)
    assert not session.receive_event("stream.delta")
    resume = session.hello().resume
    assert resume is not None
    assert (resume.session, resume.count) == ("s1", 3)
    assert session.receive_welcome(_welcome("s1", resumed=True))
    assert session.received == 3
    assert not session.receive_welcome(_welcome("s2", resumed=False))
    assert session.received == 0
