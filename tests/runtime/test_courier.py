"""The courier against real receivers on loopback that fail in every way."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tavernlink.core.hub import Hub
from tavernlink.core.limits import HubLimits
from tavernlink.protocol.session import Auth
from tavernlink.protocol.webhooks import DeliveryInfo, WebhookCreate, WebhookMade, WebhookTest
from tavernlink.runtime import courier
from tavernlink.runtime.courier import retry_after
from tavernlink.runtime.hub import Runtime
from tavernlink.runtime.system import SystemClock, SystemIds
from tavernlink.sdk import verify_webhook
from tests.core.stage import Line, MemoryStore
from tests.runtime.receiver import Receiver


class Post:
    """A hub with a courier, an admin's app and a tavern."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        keyring = runtime.core.keyring
        self.admin, _ = keyring.create("admin", "admin")
        self.app, _ = keyring.create("app", "app")
        key, _ = keyring.create("tavern", "inn")
        self.line = Line()
        auth = Auth(role="tavern", name="Inn", id="t-inn")
        self.tavern = runtime.core.connect(auth, key, self.line, "127.0.0.1")

    async def hook(self, url: str, *, admin: bool = True, **spec: Any) -> WebhookMade:
        async with self.runtime.open_app(self.admin if admin else self.app, "test") as app:
            asked = WebhookCreate(**{"url": url, "types": ["stream.end"], **spec})
            made: WebhookMade = await app.call("webhook.create", asked)
            return made

    async def test(self, made: WebhookMade) -> DeliveryInfo:
        async with self.runtime.open_app(self.admin, "test") as app:
            info: DeliveryInfo = await app.call("webhook.test", WebhookTest(webhook=made.info.id))
            return info

    async def error(self, made: WebhookMade) -> str:
        (attempt,) = (await self.test(made)).attempts
        assert attempt.error is not None
        return attempt.error

    def reply(self, text: str) -> None:
        content = f'{{"stream_id":"{text}","seq":0,"text":"{text}","reason":"stop"}}'.encode()
        self.runtime.core.receive(self.tavern, "stream.end", content, None)

    def again_at_once(self) -> None:
        """Let nothing wait for its next try."""
        for hook in self.runtime.core.automation.webhooks.hooks.values():
            hook.hold_until = 0
            for record in list(hook.deliveries.waiting.values()):
                if record.id not in hook.deliveries.under_way:
                    hook.deliveries.again(type(record)(**{**_fields(record), "next": 0.0}))


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__struct_fields__}


@contextlib.asynccontextmanager
async def open_post(**limits: Any) -> AsyncIterator[Post]:
    clock = SystemClock()
    core = Hub(
        clock=clock,
        ids=SystemIds(),
        store=MemoryStore(),
        journal=lambda *_, **__: None,
        version="0",
        limits=HubLimits(**limits),
    )
    runtime = Runtime(core, clock, check_origin=lambda _: True)
    await runtime.start()
    try:
        yield Post(runtime)
    finally:
        await runtime.stop()


async def test_a_delivery_is_signed_as_the_receiver_can_verify() -> None:
    async with open_post() as post, Receiver() as receiver:
        made = await post.hook(receiver.url, headers={"Authorization": "Bearer hush"})
        post.reply("Hello")
        (got,) = await receiver.until(lambda posts: len(posts) == 1)
        delivery = verify_webhook(made.secret, got.headers, got.body)
        assert (delivery["type"], delivery["data"]["text"], delivery["id"]) == ("stream.end", "Hello", got.id)
        assert got.headers["authorization"] == "Bearer hush"
        assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert got.headers["user-agent"].startswith("Tavernlink/")


@pytest.mark.parametrize("fault", [500, 404, "reset", "silence"])
async def test_whatever_fails_comes_again_under_the_same_id(fault: Any) -> None:
    seen: list[str] = []

    def answer(got: Any) -> Any:
        seen.append(got.id)
        return 200 if seen.count(got.id) > 2 else fault

    patience = 0.5 if fault == "silence" else 15.0
    async with open_post(webhook_timeout=patience) as post, Receiver(answer) as receiver:
        made = await post.hook(receiver.url)
        for text in ("one", "two"):
            post.reply(text)

        hook = post.runtime.core.automation.webhooks.hooks[made.info.id]
        for attempts in range(1, 1_000):
            post.again_at_once()
            if len(hook.deliveries.delivered) == 2:
                break
            await receiver.until(lambda posts, attempts=attempts: len(posts) >= attempts)  # type: ignore[misc]
            async with asyncio.timeout(40):
                while hook.deliveries.under_way:  # noqa: ASYNC110  # until the hub has taken the answer down
                    await asyncio.sleep(0.01)
        assert {got.text for got in receiver.posts} == {"one", "two"}
        assert len(set(seen)) == 2
        for record in hook.deliveries.delivered.values():
            *failed, last = record.attempts
            assert last.error is None
            assert len(failed) >= 2  # on a slow machine an answer may come too late
            assert all(attempt.error for attempt in failed)


async def test_a_name_with_several_addresses_is_tried_at_each() -> None:
    async with open_post() as post, Receiver() as receiver:
        # `localhost` is ::1 first on most machines, where this receiver does not listen.
        made = await post.hook(f"http://localhost:{receiver.port}/hook?token=hush")
        info = await post.test(made)
        assert info.state == "delivered"
        assert receiver.posts[0].path == "/hook?token=hush"
        assert receiver.posts[0].headers["host"] == f"localhost:{receiver.port}"


async def test_redirects_stay_on_the_same_host_and_port() -> None:
    async with open_post() as post, Receiver() as other:

        def answer(got: Any) -> Any:
            places = {"/hook": "/moved", "/away": other.url, "/round": "/round"}
            place = places.get(got.path)
            return 200 if place is None else (307, {"location": place})

        async with Receiver(answer) as receiver:
            made = await post.hook(receiver.url)
            assert (await post.test(made)).state == "delivered"
            assert [got.path for got in receiver.posts] == ["/hook", "/moved"]
            assert receiver.posts[1].body == receiver.posts[0].body
            away = await post.hook(receiver.url.replace("/hook", "/away"))
            assert "redirects to another host" in await post.error(away)
            assert other.posts == []
            assert "round and round" in await post.error(
                await post.hook(receiver.url.replace("/hook", "/round"))
            )


async def test_a_name_that_turns_out_to_be_private_is_not_sent_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_post() as post, Receiver() as receiver:

        async def resolve(*_: Any, **__: Any) -> Any:
            return [(2, 1, 6, "", ("127.0.0.1", receiver.port)), (2, 1, 6, "", ("169.254.169.254", 80))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        made = await post.hook(f"http://innocent.example:{receiver.port}/", admin=False)
        assert "private network" in await post.error(made)
        assert receiver.posts == []
        # Under an admin's key, the address that was looked at is the one that is connected to.
        made = await post.hook(f"http://innocent.example:{receiver.port}/")
        assert (await post.test(made)).state == "delivered"
        assert receiver.posts[0].headers["host"] == f"innocent.example:{receiver.port}"


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """A server's context with a certificate for this name; who trusts `ca.pem` in the folder trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(issuer_name=called, subject_name=called, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "ca.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    return context


async def test_a_certificate_must_be_for_the_name_although_the_address_is_connected_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls = certificate(tmp_path, "receiver.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    async with open_post() as post, Receiver(tls=tls) as receiver:

        async def resolve(*_: Any, **__: Any) -> Any:
            return [(2, 1, 6, "", ("127.0.0.1", receiver.port))]

        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        made = await post.hook(f"https://receiver.example:{receiver.port}/hook")
        assert (await post.test(made)).state == "delivered"
        other = await post.hook(f"https://other.example:{receiver.port}/hook")
        assert "certificate" in await post.error(other)
        assert len(receiver.posts) == 1


async def test_errors_name_the_host_and_nothing_else_of_the_address() -> None:
    async with open_post() as post, Receiver(lambda _: "silence") as silent:
        async with Receiver() as receiver:
            gone = receiver.url
        refused = await post.error(await post.hook(f"{gone}/hush?token=hush"))
        unknown = await post.error(await post.hook("https://no-such-host.invalid/hush"))
        post.runtime.core.limits.webhook_timeout = 0.3
        late = await post.error(await post.hook(f"{silent.url}/hush"))
    assert "refuses connections" in refused
    assert "did not answer within 0.3 s" in late
    assert "no-such-host.invalid cannot be reached" in unknown
    assert "hush" not in refused + late + unknown


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_post() as post, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        assert (await post.test(await post.hook(receiver.url))).state == "delivered"


async def test_a_hub_that_stops_waits_a_moment_for_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courier, "_LAST_CHANCE", 0.2)
    async with Receiver(lambda _: "silence") as receiver:
        async with open_post() as post:
            made = await post.hook(receiver.url)
            post.reply("Hello")
            await receiver.until(lambda posts: len(posts) == 1)
            hook = post.runtime.core.automation.webhooks.hooks[made.info.id]
        assert len(hook.deliveries.waiting) == 1  # and is sent again after the next start


def test_retry_after_is_read_as_seconds_or_as_a_date() -> None:
    assert retry_after({"retry-after": "120"}) == 120
    later = datetime.now(UTC) + timedelta(seconds=100)
    found = retry_after({"retry-after": format_datetime(later, usegmt=True)})
    assert found is not None
    assert 90 < found <= 100
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({}) is None
