"""Webhooks and schedules on a real database: whatever a hub wrote, the next one finds."""

from __future__ import annotations

import json
from typing import Any

from tavernlink.core.hub import Hub
from tavernlink.core.webhooks.parcels import Answer
from tavernlink.protocol.session import Auth
from tavernlink.store import Database, open_store
from tests.core.stage import Actor, CountedIds, HandClock, Line, Stage

SAY = {"type": "chat.send", "content": {"text": "Grüße 🌙"}}


class Started(Stage):
    """A hub on this database; `again` is the next one on the same."""

    def __init__(self, url: str, before: Started | None = None) -> None:
        self.url = url
        self.database: Database = open_store(url)
        self.clock = before.clock if before else HandClock()
        self.ids = before.ids if before else CountedIds()
        self.texts = {}
        self.happenings = []
        self.hub = Hub(clock=self.clock, ids=self.ids, store=self.database, journal=self.record, version="0")
        keyring = self.hub.keyring
        self.admin = (keyring.named("root") or [keyring.create("admin", "root")[0]])[0]

    def app(self) -> Actor:
        line = Line()
        return Actor(self, self.hub.connect(Auth(role="app"), self.admin, line, "here"), line)

    def again(self) -> Started:
        self.database.close()
        return Started(self.url, self)


def reply(stage: Started, text: str) -> None:
    key = stage.hub.keyring.create("tavern", "inn")[0]
    inn = stage.join("tavern", key=key, id="t-inn", name="Inn")
    inn.say("stream.end", stream_id="s", seq=0, text=text, reason="stop")
    inn.drop()


def kept(app: Actor, hook: str) -> list[Any]:
    return list(app.say("webhook.deliveries", webhook=hook, bodies=True))


def test_webhooks_their_secrets_and_what_waits_for_them_outlive_the_process(url: str) -> None:
    first = Started(url)
    made = first.app().say(
        "webhook.create", url="http://127.0.0.1:9/", types=["stream.end"], headers={"X-A": "ü".encode().hex()}
    )
    hook = made["info"]["id"]
    for text in ("Grüße 🌙", "two", "three"):
        reply(first, text)
    book = first.hub.automation.webhooks
    (parcel,) = book.due()
    book.done(parcel, Answer(seconds=0.5, status=200))
    (parcel,) = book.due()
    book.done(parcel, Answer(seconds=0.5, error="Nobody was there."))
    before = kept(first.app(), hook)
    second = first.again()
    app = second.app()
    assert kept(app, hook) == before
    assert [each["state"] for each in before] == ["waiting", "waiting", "delivered"]
    (info,) = app.say("webhook.list")
    assert (info["waiting"], info["headers"], info["state"]) == (2, ["X-A"], "failing")
    second.clock.time += 60
    (parcel,) = second.hub.automation.webhooks.due()
    assert json.loads(parcel.body)["data"]["text"] in ("two", "three")
    assert second.hub.automation.webhooks.find(hook).record.secrets[0].text == made["secret"]
    app.say("webhook.remove", webhook=hook)
    third = second.again()
    assert third.app().say("webhook.list") == []
    assert third.database.webhook_deliveries.load() == []
    third.database.close()


def test_schedules_and_their_runs_outlive_the_process(url: str) -> None:
    first = Started(url)
    app = first.app()
    daily = app.say("schedule.create", do=SAY, cron="0 8 * * *", timezone="Europe/Berlin", away="fail")
    first.clock.time += 1
    app.say("schedule.create", do=SAY, every=60, jitter=5, name="Every minute")
    app.say("schedule.run", schedule=daily["id"])
    before = app.say("schedule.list")
    assert before[0]["last"]["error"]["code"] == "tavern_gone"
    second = first.again()
    app = second.app()
    assert app.say("schedule.list") == before
    app.say("schedule.remove", schedule=daily["id"])
    third = second.again()
    assert [each["name"] for each in third.app().say("schedule.list")] == ["Every minute"]
    third.database.close()
