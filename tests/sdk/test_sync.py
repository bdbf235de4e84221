"""The blocking façade: the same product for programs without an event loop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

import tavernlink
from tavernlink.errors import AuthError, Unavailable
from tavernlink.protocol.streams import StreamEnd
from tavernlink.sdk import SyncHub
from tests.sdk.house import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("hub")) as house:
        yield house


@pytest.fixture
def hub(house: House) -> Iterator[SyncHub]:
    with tavernlink.connect_sync(house.hub.url, house.hub.app_key, name="sync") as hub:
        yield hub


def test_streams_a_reply(hub: SyncHub) -> None:
    reply = hub.tavern().send("hello")
    assert list(reply) == ["You ", "said: ", "hello "]
    assert reply.result(timeout=30).text == "You said: hello "
    assert [type(event).__name__ for event in reply.events()][-2:] == ["StreamEnd", "RequestUpdate"]


def test_asks_and_changes(hub: SyncHub, house: House) -> None:
    tavern = hub.tavern("Home")
    index = tavern.post("posted").result()["message_index"]
    tavern.edit(index, "changed")
    assert tavern.chat(limit=1).messages[0].text == "changed"
    tavern.delete(index)
    assert all(each["text"] != "changed" for each in house.tavern.chat)
    assert tavern.context().character == tavern.info().character == hub.characters()[0].name == "Seraphina"
    assert [each.name for each in hub.taverns()] == ["Home"]
    assert hub.call("tavern.list")[0].name == "Home"
    assert tavern.generate("quiet", prompt="Sum up").result().text == "You said: Sum up "
    assert tavern.stop() is False


def test_leaving_the_loop_early_leaves_the_reply_whole(hub: SyncHub) -> None:
    reply = hub.tavern().send("hello")
    for delta in reply:
        assert delta == "You "
        break
    assert list(reply) == ["You ", "said: ", "hello "]


def test_hears_events(hub: SyncHub) -> None:
    events = hub.subscribe("stream.end")
    reply = hub.tavern().send("aloud")
    event = next(events)
    assert isinstance(event, StreamEnd)
    assert event.text == reply.result().text
    events.close()  # type: ignore[attr-defined]  # it is a generator


def test_works_from_many_threads_at_once(hub: SyncHub) -> None:
    texts: dict[int, str] = {}

    def ask(number: int) -> None:
        messages = [{"role": "user", "content": str(number)}]
        texts[number] = hub.tavern().generate("detached", messages=messages).result(timeout=60).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == {number: f"You said: {number} " for number in range(8)}


def test_a_result_that_does_not_come_in_time_is_said_and_the_request_goes_on(
    hub: SyncHub, house: House
) -> None:
    house.tavern.held.clear()
    reply = hub.tavern().send("slow")
    with pytest.raises(Unavailable, match="goes on") as caught:
        reply.result(timeout=0.05)
    assert caught.value.code == "timeout"
    house.tavern.held.set()
    assert reply.result().text == "You said: slow "


def test_a_refused_key_and_a_closed_handle_raise(house: House) -> None:
    with pytest.raises(AuthError):
        tavernlink.connect_sync(house.hub.url, "tl_app_no_key").open()
    hub = tavernlink.connect_sync(house.hub.url, house.hub.app_key)
    with hub:
        reply = hub.tavern().send("last words")
        reply.result()
    for use in (hub.taverns, reply.result):
        with pytest.raises(Unavailable) as caught:
            use()
        assert caught.value.code == "closed"
    assert not [each for each in threading.enumerate() if each.name == "tavernlink"]
