"""The mirror is the hub's copy, whatever happens while its pages are on their way."""

from __future__ import annotations

import asyncio
import random
from typing import Any, TypeVar

import pytest

from tavernlink.core.relay.mirror import ChatMirror
from tavernlink.errors import Unavailable
from tavernlink.protocol.chat import ChatChanged, ChatGet, ChatMessage, ChatOp, ChatUpdate
from tavernlink.protocol.message import Message
from tavernlink.protocol.session import Resync
from tavernlink.sdk import Hub, Mirror, Subscription

T = TypeVar("T")


def message(text: str) -> ChatMessage:
    return ChatMessage(name="x", role="user", text=text)


class ChangingHub(Hub):
    """A hub whose chat changes whenever the mirror asks for a page; some changes arrive after the page."""

    def __init__(self, random_: random.Random, length: int) -> None:
        super().__init__("http://hub", "key", name="test")
        self.random = random_
        self.chat = ChatMirror()
        self.late: list[ChatChanged] = []
        self.subscription: Subscription | None = None
        self.restless = True
        for number in range(length):
            self.chat.messages.append(message(str(number)))

    async def ask(self, type_: str, content: Message | dict[str, Any], result: type[T], **_: Any) -> T:
        if isinstance(content, ChatGet):
            for _change in range(self.random.randrange(4) if self.restless else 0):
                self.change()
            view = self.chat.view("t", since=None, before=content.before, limit=min(content.limit, 7))
            asyncio.get_running_loop().call_soon(self.deliver_late)
            assert isinstance(view, result)
            return view
        assert type_ in {"subscribe", "unsubscribe"}
        return None  # type: ignore[return-value]  # these two have no result

    def change(self) -> None:
        index = self.random.randrange(len(self.chat.messages) + 1)
        kind = self.random.choice(["insert", "insert", "replace", "remove", "reset"] + ["insert"] * 10)
        if index == len(self.chat.messages) and kind in {"replace", "remove"}:
            kind = "insert"
        ops = [ChatOp(op=kind, index=index, message=message(f"new {self.random.random()}"))]  # type: ignore[arg-type]
        if kind == "reset":
            ops += [ChatOp(op="insert", index=i, message=message(f"anew {i}")) for i in range(20)]
        self.publish(ops)

    def publish(self, ops: list[ChatOp]) -> None:
        self.chat.apply(ChatUpdate(chat_id="c", ops=ops))
        self.late.append(ChatChanged(tavern="t", chat_id="c", revision=self.chat.revision, ops=ops))
        if self.random.random() < 0.7:
            self.deliver_late()

    def deliver_late(self) -> None:
        late, self.late = self.late, []
        for change in late:
            self.receive_event(change)

    async def settled(self, mirror: Mirror) -> None:
        self.restless = False
        self.deliver_late()
        while mirror.revision < self.chat.revision:
            await mirror.update()
        assert mirror.messages == self.chat.messages
        assert (mirror.chat_id, mirror.tavern) == (self.chat.chat_id, "t")


@pytest.mark.parametrize("seed", range(60))
async def test_pages_and_changes_in_any_order_make_the_same_chat(seed: int) -> None:
    hub = ChangingHub(random.Random(seed), length=40)
    async with hub.tavern().mirror() as mirror:
        await hub.settled(mirror)
        hub.restless = True
        for _ in range(5):
            hub.change()
        await hub.settled(mirror)


async def test_what_was_missed_for_good_is_fetched_anew() -> None:
    hub = ChangingHub(random.Random(1), length=10)
    async with hub.tavern().mirror() as mirror:
        hub.chat.apply(
            ChatUpdate(chat_id="c2", ops=[ChatOp(op="reset"), ChatOp(op="insert", message=message("a"))])
        )
        hub.receive_resync(Resync(reason="session_unknown"))
        change = await mirror.update()
        assert change is not None
        assert change.ops[0].op == "reset"
        await hub.settled(mirror)
    await hub.close()


async def test_a_tavern_that_came_back_new_counts_its_revisions_anew() -> None:
    hub = ChangingHub(random.Random(1), length=10)
    hub.restless = False
    for _ in range(9):
        hub.change()
    async with hub.tavern().mirror() as mirror:
        hub.chat = ChatMirror()
        hub.publish([ChatOp(op="reset"), ChatOp(op="insert", message=message("first"))])
        hub.deliver_late()
        while mirror.messages != hub.chat.messages:
            assert await mirror.update() is not None
        assert mirror.revision == 1


async def test_a_mirror_that_is_not_open_says_so() -> None:
    hub = ChangingHub(random.Random(1), length=1)
    with pytest.raises(Unavailable, match="async with"):
        await hub.tavern().mirror().update()
