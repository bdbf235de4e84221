"""What a keeper makes of the tabs that it is given, before any browser is started."""

from __future__ import annotations

from tavernlink.tab import Keeper, TabOptions


def chats(*tabs: TabOptions) -> list[str | None]:
    return [kept.options.chat for kept in Keeper(tabs, report=lambda _line: None, offer=False).tabs]


def tab(name: str, *, url: str = "http://127.0.0.1:8000", **more: str) -> TabOptions:
    return TabOptions(url=url, name=name, **more)  # type: ignore[arg-type]  # texts only, here


def test_tabs_that_open_the_same_character_each_have_a_chat_of_their_own() -> None:
    one, two = tab("Home 1", character="Seraphina"), tab('a/b: "二"?', character="Seraphina")
    assert chats(one, two) == ["Home 1", "a_b_ _二__"]
    assert chats(one, tab("Home 2", url="http://gate:pw@127.0.0.1:8000/", character="Seraphina")) == [
        "Home 1",
        "Home 2",
    ]
    assert chats(one, tab("Home 2", character="Seraphina", chat="Mine")) == ["Home 1", "Mine"]


def test_a_tab_that_is_alone_there_goes_on_with_the_characters_last_chat() -> None:
    here = tab("Home", character="Seraphina")
    assert chats(here) == [None]
    assert chats(here, tab("Bob's", character="Bob")) == [None, None]
    assert chats(here, tab("Elsewhere", url="http://127.0.0.1:9000", character="Seraphina")) == [None, None]
    assert chats(here, tab("Guest", account="guest", character="Seraphina")) == [None, None]
    assert chats(tab("one"), tab("two")) == [None, None]
