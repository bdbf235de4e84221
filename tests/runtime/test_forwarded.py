"""Whose word on the client is believed."""

from __future__ import annotations

from typing import Any

import pytest

from tavernlink.runtime.forwarded import Reached, TrustedProxies, plain_address

PROXY = "10.0.0.1"
CLIENT = "203.0.113.7"


def reached(headers: dict[str, str], address: str = PROXY, **options: Any) -> Reached:
    return TrustedProxies(["10.0.0.0/8", "fd00::/8"], **options).reached(
        address, "http", {"host": "inner:8001", **headers}
    )


def test_a_stranger_is_taken_for_what_the_connection_says() -> None:
    told = {
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-proto": "https",
        "x-forwarded-host": "evil.example",
        "x-forwarded-prefix": "/evil",
        "forwarded": "for=1.2.3.4;proto=https;host=evil.example",
    }
    assert reached(told, CLIENT) == Reached(CLIENT, "http", "inner:8001")


def test_a_trusted_proxy_tells_address_scheme_host_and_sub_path() -> None:
    told = {
        "x-forwarded-for": CLIENT,
        "x-forwarded-proto": "https",
        "x-forwarded-host": "tavern.example",
        "x-forwarded-prefix": "/tavern/",
    }
    assert reached(told) == Reached(CLIENT, "https", "tavern.example", "/tavern")


@pytest.mark.parametrize(
    ("hops", "client"),
    [
        (f"1.1.1.1, {CLIENT}", CLIENT),  # the first one, anybody may have written
        (f"1.1.1.1, {CLIENT}, 10.9.9.9", CLIENT),
        (f"{CLIENT}:4711", CLIENT),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("10.1.1.1, 10.2.2.2", "10.1.1.1"),
        ("unknown", PROXY),
        (f"{CLIENT}, unknown, 10.9.9.9", "10.9.9.9"),
        ("", PROXY),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxy(hops: str, client: str) -> None:
    assert reached({"x-forwarded-for": hops}).address == client


def test_scheme_and_host_are_those_of_the_proxy_that_saw_the_client() -> None:
    told = {
        "x-forwarded-for": f"1.1.1.1, {CLIENT}, 10.9.9.9",
        "x-forwarded-proto": "https, http",
        "x-forwarded-host": "evil.example, outer.example, middle.example",
    }
    assert reached(told)[1:3] == ("https", "outer.example")


@pytest.mark.parametrize("bad", ["javascript", "https://x", "wss"])
def test_what_cannot_be_a_scheme_is_ignored(bad: str) -> None:
    assert reached({"x-forwarded-proto": bad}).scheme == "http"


@pytest.mark.parametrize("bad", ["a b", "a/b", "<script>", "a@b", "a:99999999"])
def test_what_cannot_be_a_host_is_ignored(bad: str) -> None:
    assert reached({"x-forwarded-host": bad}).host == "inner:8001"


@pytest.mark.parametrize("bad", ["tavern", "//evil.example", "/a b", "/a/../b?", '/"'])
def test_what_cannot_be_a_sub_path_is_ignored(bad: str) -> None:
    assert reached({"x-forwarded-prefix": bad}).prefix == ""


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (f"for={CLIENT};proto=https;host=tavern.example", (CLIENT, "https", "tavern.example")),
        ('For="[2001:db8::1]:80"; PROTO=https', ("2001:db8::1", "https", "inner:8001")),
        (f'for=1.1.1.1, for={CLIENT};host="outer.example", for=10.9.9.9', (CLIENT, "http", "outer.example")),
        ("for=_hidden;proto=https", (PROXY, "https", "inner:8001")),
        ('for="unclosed', (PROXY, "http", "inner:8001")),
        ("nonsense", (PROXY, "http", "inner:8001")),
    ],
)
def test_the_standard_header_says_the_same(header: str, wanted: tuple[str, str, str]) -> None:
    other = {"x-forwarded-for": "9.9.9.9", "x-forwarded-host": "evil.example"}
    assert reached({"forwarded": header, **other}, family="forwarded")[:3] == wanted


def test_only_one_family_of_headers_is_read() -> None:
    assert reached({"forwarded": "for=9.9.9.9;host=evil.example"}) == Reached(PROXY, "http", "inner:8001")


def test_a_proxy_on_this_machine_that_is_not_named_does_not_pass_for_the_machine() -> None:
    strangers = TrustedProxies().reached("127.0.0.1", "http", {"x-forwarded-for": CLIENT})
    assert strangers.address == "via 127.0.0.1"
    assert TrustedProxies().reached("127.0.0.1", "http", {}).address == "127.0.0.1"
    assert TrustedProxies().reached("::ffff:127.0.0.1", "http", {}).address == "127.0.0.1"


@pytest.mark.parametrize("text", ["", "unknown", "_gazonk", "1.2.3", "example.org", "1.2.3.4.5", "[::1"])
def test_what_is_no_address_is_none(text: str) -> None:
    assert plain_address(text) in (None, "::1")
