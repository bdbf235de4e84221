"""How often an address may come, and whose pages are the hub's own."""

from __future__ import annotations

import pytest

from tavernlink.config import Settings
from tavernlink.errors import BadMessage
from tavernlink.runtime.forwarded import Reached
from tavernlink.runtime.front import Front
from tavernlink.runtime.throttle import Buckets, FailureThrottle

FAR = "203.0.113.7"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def admitted(front: Front, address: str, times: int = 1_000) -> int:
    """How many requests come through at once."""
    for count in range(times):
        try:
            front.admit_request(address)
        except BadMessage:
            return count
    return times


def test_an_address_may_come_so_often_and_is_told_when_to_come_back() -> None:
    clock = Clock()
    front = Front(Settings(address_rate=2, connect_rate=0.5), clock)
    assert admitted(front, FAR) == 9
    with pytest.raises(BadMessage) as caught:
        front.admit_request(FAR)
    assert caught.value.code == "rate_limited"
    clock.now += caught.value.details["retry_after"] + 0.01
    front.admit_request(FAR)
    for _ in range(3):
        front.admit_connect(FAR)
    with pytest.raises(BadMessage, match="connections"):
        front.admit_connect(FAR)


def test_addresses_do_not_use_up_each_others_share_but_those_of_one_network_do() -> None:
    front = Front(Settings(address_rate=2), Clock())
    assert admitted(front, FAR) == 9
    assert admitted(front, "203.0.113.8") == 9
    assert admitted(front, "2001:db8:0:1::1") == 9
    assert admitted(front, "2001:db8:0:1:ffff::2") == 0
    assert admitted(front, "2001:db8:0:2::1") == 9


def test_programs_of_this_machine_are_not_counted_but_strangers_by_way_of_it_are() -> None:
    front = Front(Settings(address_rate=2), Clock())
    for here in ("127.0.0.1", "::1", ""):
        assert admitted(front, here) == 1_000
    assert admitted(front, "via 127.0.0.1") == 9


def test_new_settings_are_taken_over() -> None:
    front = Front(Settings(), Clock())
    front.adopt(Settings(address_rate=2, base_path="/b", trusted_proxies=["10.0.0.1"]))
    assert admitted(front, FAR) == 9
    assert front.reached("10.0.0.1", "http", {"x-forwarded-for": FAR}) == Reached(FAR, "http", "", "/b")


def test_a_bounded_number_of_names_is_remembered() -> None:
    buckets = Buckets(1, 1, most=10)
    for number in range(1_000):
        buckets.take(str(number), 0.0)
    assert len(buckets) == 10
    assert buckets.take("999", 0.0) == 1.0


def test_wrong_keys_are_counted_by_network() -> None:
    throttle = FailureThrottle(failures=2)
    throttle.failed("2001:db8::1", 0.0)
    throttle.failed("2001:db8::2", 0.0)
    assert throttle.wait("2001:db8::3", 1.0) == 59.0


@pytest.mark.parametrize(
    ("path", "inner"),
    [
        ("/tavern", "/"),
        ("/tavern/", "/"),
        ("/tavern/api/x", "/api/x"),
        ("/api/x", "/api/x"),
        ("/tavernlink", "/tavernlink"),
    ],
)
def test_the_sub_path_is_taken_off(path: str, inner: str) -> None:
    assert Front(Settings(base_path="/tavern"), Clock()).inner_path(path) == inner


@pytest.mark.parametrize(
    ("origin", "scheme", "host", "own"),
    [
        ("https://tavern.example", "https", "tavern.example", True),
        ("https://tavern.example", "https", "Tavern.example:443", True),
        ("https://tavern.example:8443", "https", "tavern.example", False),
        ("https://evil.example", "https", "tavern.example", False),
        ("http://192.168.1.2:8001", "http", "192.168.1.2:8001", True),
        ("http://[2001:db8::1]:8001", "http", "[2001:db8::1]:8001", True),
        ("http://rebound.example:8001", "http", "rebound.example:8001", False),
        ("null", "http", "", False),
        ("", "http", "", False),
    ],
)
def test_the_hubs_own_pages_are_known_by_a_certificate_or_an_address(
    origin: str, scheme: str, host: str, own: bool
) -> None:
    assert Front.is_own_page(origin, Reached(FAR, scheme, host)) is own
