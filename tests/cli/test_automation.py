"""Webhooks and schedules from outside: on the command line, by both SDKs, and over a hub that is killed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import tavernlink
from tavernlink.errors import AuthError, NotFound
from tavernlink.sdk import verify_webhook
from tests.cli.conftest import Cli
from tests.cli.test_serve import serving, told
from tests.runtime.receiver import Post, Receiver
from tests.sdk.house import House
from tests.sdk.scripted_tavern import scripted_tavern


@pytest.fixture(scope="module")
def access(house: House) -> tuple[str, ...]:
    key = house.hub.server.first_admin_key
    assert key is not None
    return ("--url", house.hub.url, "--key", key)


def test_webhooks_on_the_command_line(cli: Cli, access: tuple[str, ...]) -> None:
    async def use() -> None:
        async with Receiver(lambda _: 500) as receiver:

            async def run(*arguments: str) -> str:
                result = await asyncio.to_thread(cli, "webhooks", *arguments, *access)
                assert result.status == 0, result.err
                return result.out

            secret = (await run("create", receiver.url, "-t", "stream.end", "--header", "X-A: b")).strip()
            assert secret.startswith("whsec_")
            (info,) = json.loads(await run("list", "--json"))
            hook = info["id"]
            assert receiver.url in await run("list")
            failing = await asyncio.to_thread(cli, "webhooks", "test", hook, *access)
            assert (failing.status, failing.err) == (1, "error: The receiver answered 500.\n")
            receiver.answer = lambda _: 204
            assert "took it: 204" in await run("test", hook)
            assert verify_webhook(secret, receiver.posts[-1].headers, receiver.posts[-1].body)
            assert (await run("rotate", hook)).strip() != secret
            assert "is paused" in await run("pause", hook)
            assert "is active" in await run("resume", hook)
            assert await run("deliveries", hook, "--state", "dead") == ""
            assert await run("replay", hook) == "0 are tried again.\n"
            assert await run("discard", hook) == "0 are forgotten.\n"
            await run("remove", hook)
            assert json.loads(await run("list", "--json")) == []

    asyncio.run(use())


def test_schedules_on_the_command_line(cli: Cli, house: House, access: tuple[str, ...]) -> None:
    def run(*arguments: str) -> str:
        result = cli("schedules", *arguments, *access)
        assert result.status == 0, result.err
        return result.out

    assert "It runs next at" in run("create", "Good morning", "--cron", "0 8 * * *", "--name", "Morning")
    (info,) = json.loads(run("list", "--json"))
    schedule = info["id"]
    assert "Morning" in run("list")
    assert "is paused" in run("pause", schedule)
    assert "is active" in run("resume", schedule)
    assert "running" in run("run", schedule)

    async def ended() -> None:
        async with tavernlink.connect(house.hub.url, access[3]) as hub, asyncio.timeout(20):
            while (await hub.schedules.runs(schedule))[0].state != "done":  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    asyncio.run(ended())
    assert house.tavern.chat[-2]["text"] == "Good morning"
    assert "done" in run("runs", schedule)
    run("remove", schedule)
    wrong = cli("schedules", "create", "Hi", "--every", "soon", *access)
    assert wrong.status == 2
    wrong = cli("schedules", "create", "--type", "generate", "--content", "[]", "--every", "1h", *access)
    assert wrong.status == 2
    wrong = cli("schedules", "create", "Hi", "--every", "1s", *access)
    assert "schedule_shortest" in wrong.err


def test_both_sdks_do_the_same(house: House, access: tuple[str, ...]) -> None:
    async def use() -> None:
        async with Receiver() as receiver, tavernlink.connect(house.hub.url, access[3]) as hub:
            made = await hub.webhooks.create(receiver.url, ["request.update"], characters=["Seraphina"])
            info = await hub.webhooks.set(made.info.id, name="Journal", characters=[])
            assert (info.name, info.types, info.characters) == ("Journal", ["request.update"], [])
            assert (await hub.webhooks.test(made.info.id)).state == "delivered"
            later = datetime.now().astimezone() + timedelta(hours=1)
            schedule = await hub.schedules.create("chat.send", {"text": "Now"}, at=later)
            assert schedule.next == later.timestamp()
            run = await hub.schedules.run(schedule.id)
            await receiver.until(lambda posts: len(posts) == 2)
            delivery = verify_webhook([made.secret], receiver.posts[1].headers, receiver.posts[1].body)
            assert (delivery["data"]["state"], delivery["data"]["request_id"]) == ("done", run.id)
            (sent, *_) = await hub.webhooks.deliveries(made.info.id)
            assert sent.id == delivery["id"]
            with pytest.raises(AuthError, match="does not fit"):
                verify_webhook(
                    (await hub.webhooks.rotate(made.info.id)).secret, receiver.posts[1].headers, b"{}"
                )
            await hub.schedules.remove(schedule.id)
            await hub.webhooks.remove(made.info.id)
            with pytest.raises(NotFound):
                await hub.webhooks.pause(made.info.id)

    asyncio.run(use())
    with tavernlink.connect_sync(house.hub.url, access[3]) as hub:
        hook = hub.webhooks.create("http://127.0.0.1:9/", ["*"]).info.id
        assert hub.webhooks.pause(hook).state == "paused"
        assert hub.webhooks.resume(hook).state == "active"
        assert hub.webhooks.set(hook, ordered=True).ordered
        assert hub.webhooks.rotate(hook, overlap=0).info.old_secret_until is None
        assert hub.webhooks.test(hook).state == "dead"
        assert (hub.webhooks.deliveries(hook), hub.webhooks.replay(hook), hub.webhooks.discard(hook)) == (
            [],
            0,
            0,
        )
        hub.webhooks.remove(hook)
        schedule = hub.schedules.create("generate", {"mode": "raw", "prompt": "Hi"}, every=3_600).id
        assert hub.schedules.set(schedule, every=7_200).every == 7_200
        assert hub.schedules.pause(schedule).state == "paused"
        assert hub.schedules.resume(schedule).state == "active"
        assert hub.schedules.run(schedule).asked
        assert len(hub.schedules.runs(schedule)) == 1
        assert [each.id for each in hub.schedules.list()] == [schedule]
        hub.schedules.remove(schedule)
        assert hub.webhooks.list() == []


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({}, "is missing"),
        ({"Webhook-Id": "e", "Webhook-Signature": "v1,x", "Webhook-Timestamp": "now"}, "no number"),
        ({"Webhook-Id": "e", "Webhook-Signature": "v1,x", "Webhook-Timestamp": "1000"}, "ago"),
    ],
)
def test_what_is_no_delivery_is_refused_with_a_reason(headers: dict[str, str], why: str) -> None:
    with pytest.raises(AuthError, match=why):
        verify_webhook("whsec_AAAA", headers, b"{}")
    with pytest.raises(ValueError, match="whsec_"):
        verify_webhook(
            "no secret!",
            {**headers, "webhook-id": "e", "webhook-signature": "v1,x", "webhook-timestamp": "1"},
            b"",
            tolerance=None,
        )


@pytest.mark.timeout(300)
def test_a_hub_that_is_killed_again_and_again_loses_nothing_that_it_acknowledged(tmp_path: Path) -> None:
    """Replies come, the receiver fails often, and the hub is killed in the middle of sending."""
    rounds, each = 2, 12
    taken: set[str] = set()
    answers: Iterator[int | str] = iter([500, 200, "reset", 200, 200] * 1_000)

    def answer(post: Post) -> int | str:
        how = next(answers)
        if how == 200:
            taken.add(post.text)
        return how

    async def prepare(hub: tavernlink.sdk.Hub, url: str) -> tuple[str, str, str]:
        made = await hub.webhooks.create(url, ["stream.end"], concurrency=4)
        return made.secret, made.info.id, (await hub.keys.create("inn", role="tavern")).key

    async def use() -> None:
        nonlocal answers
        key = secret = hook = tavern_key = ""
        async with Receiver(answer) as receiver:
            for number in range(rounds):
                with serving("--data-dir", tmp_path, "--json") as process:
                    first = await asyncio.to_thread(told, process)
                    key = key or first["first_admin_key"]
                    async with tavernlink.connect(first["url"], key) as hub:
                        if not secret:
                            secret, hook, tavern_key = await prepare(hub, receiver.url)
                        await hub.webhooks.resume(hook)  # at once, not when its next try is due
                        async with scripted_tavern(first["url"], tavern_key) as tavern:
                            for text in map(str, range(number * each, (number + 1) * each)):
                                await tavern.send(
                                    "stream.end", stream_id=text, seq=0, text=text, reason="stop"
                                )
                            # A tavern's messages come in order: what it hears of this one, it hears after those.
                            await receiver.until(lambda posts: len(posts) > number * each)  # noqa: B023
                            await settled(hub, hook, (number + 1) * each)
                            process.kill()
                            await asyncio.to_thread(process.wait)
            answers = iter([200] * 10_000)
            with serving("--data-dir", tmp_path, "--json") as process:
                first = await asyncio.to_thread(told, process)
                async with tavernlink.connect(first["url"], key) as hub:
                    await hub.webhooks.resume(hook)
                    await receiver.until(lambda _: len(taken) == rounds * each, seconds=120)
            assert all(verify_webhook(secret, post.headers, post.body) for post in receiver.posts)
            ids = {(post.text, post.id) for post in receiver.posts}
            assert len(ids) == rounds * each  # whatever came again, came under its id

    asyncio.run(use())


async def settled(hub: tavernlink.sdk.Hub, hook: str, events: int) -> None:
    """Wait until the hub has taken so many events down, and all of them are on disk."""
    async with asyncio.timeout(100):
        while (await hub.webhooks.deliveries(hook, limit=1))[0].number < events:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    # This is acknowledged when it is on disk, and so is all that was written before it.
    await hub.schedules.create("chat.send", {"text": "x"}, every=86_400)
