"""Behind a reverse proxy: every door works, under a sub-path too, and the client is who the proxy says."""

from __future__ import annotations

import json
import re

import httpx
import pytest
import socketio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

import tavernlink
from tests.operations.conftest import OpenHub
from tests.operations.reverse_proxy import ReverseProxy
from tests.transports.hub import House

pytestmark = pytest.mark.timeout(180)

FAR = "203.0.113.7"
TOLD = {"X-Forwarded-For": FAR, "X-Forwarded-Proto": "https", "X-Forwarded-Host": "tavern.example"}
OWN_PAGE = {"Origin": "https://tavern.example"}


def addresses(house: House) -> set[str]:
    return {peer.address for peer in house.runtime.core.directory.sessions.values() if not peer.is_local}


def client(url: str, house: House, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url, headers={"Authorization": f"Bearer {house.keys['admin']}", **headers}, trust_env=False
    )


@pytest.mark.parametrize("cut", ["", "/tavern"])
@pytest.mark.usefixtures("stock_client_leftovers")
async def test_every_door_works_under_a_sub_path(open_hub: OpenHub, cut: str) -> None:
    house = await open_hub(trusted_proxies=["127.0.0.0/8"], base_path="/tavern")
    async with ReverseProxy(house.url, TOLD, cut=cut) as proxy:
        base = f"{proxy.url}/tavern"
        async with client(base, house) as http:
            for path in ("/healthz", "/api/taverns", "/v1/models", "/api/settings"):
                assert (await http.get(path)).status_code == 200
            page = await http.get("/")
            for name in re.findall(r'(?:src|href)="\./([^"]+)"', page.text):
                assert (await http.get(name)).status_code == 200
            schema = (await http.get("/api/schema")).json()
            missing = (await http.get("/nowhere")).json()
        # The page knows its own address: nothing in it is absolute.
        assert 'src="./assets/' in page.text
        assert '="/' not in page.text
        assert schema["servers"] == [{"url": "/tavern"}]
        assert missing["error"]["code"] == "unknown_path"
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            async with socketio.AsyncSimpleClient() as stock:
                await stock.connect(
                    proxy.url,
                    socketio_path="tavern/socket.io",
                    transports=transports,
                    auth={"key": house.keys["app"], "role": "app", "protocol": 1},
                )
                assert (await stock.receive(timeout=30))[0] == "welcome"
                assert (await stock.call("tavern.list", {}, timeout=30))["ok"]
        async with tavernlink.connect(base, house.keys["app"]) as hub:
            assert await hub.taverns() == []
        bridge = base.replace("http", "ws", 1)
        async with connect(f"{bridge}/?token={house.keys['tavern']}", proxy=None):
            pass
        async with connect(f"{bridge}/ws?token={house.keys['app']}", proxy=None):
            pass
    assert addresses(house) == {FAR}


async def test_the_sub_path_may_be_told_by_the_proxy_alone(open_hub: OpenHub) -> None:
    house = await open_hub(trusted_proxies=["127.0.0.1"])
    headers = {**TOLD, "X-Forwarded-Prefix": "/inn"}
    async with ReverseProxy(house.url, headers, cut="/inn") as proxy, client(proxy.url, house) as http:
        page = await http.get("/inn/")
        for name in re.findall(r'(?:src|href)="\./([^"]+)"', page.text):
            assert (await http.get(f"/inn/{name}")).status_code == 200
        assert (await http.get("/inn/api/schema")).json()["servers"] == [{"url": "/inn"}]


async def test_headers_of_a_proxy_that_is_not_trusted_mean_nothing(open_hub: OpenHub) -> None:
    house = await open_hub(trusted_proxies=["10.0.0.1"])
    async with ReverseProxy(house.url, {**TOLD, "X-Forwarded-Prefix": "/inn"}) as proxy:
        async with client(proxy.url, house) as http:
            schema = (await http.get("/api/schema")).json()
            refused = await http.get("/", headers=OWN_PAGE)
        async with tavernlink.connect(proxy.url, house.keys["app"]):
            assert addresses(house) == {"via 127.0.0.1"}
    assert schema["servers"] == [{"url": "/"}]
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "origin_refused")


async def test_pages_of_the_hub_itself_are_let_in_at_every_door(open_hub: OpenHub) -> None:
    house = await open_hub(trusted_proxies=["127.0.0.1"])
    polling = {"EIO": "4", "transport": "polling"}
    async with ReverseProxy(house.url, TOLD) as proxy, client(proxy.url, house) as http:
        for origin, status in (("https://tavern.example", 200), ("https://evil.example", 403)):
            for path, query in (("/api/taverns", {}), ("/v1/models", {}), ("/socket.io/", polling)):
                answer = await http.get(path, params=query, headers={"Origin": origin})
                assert answer.status_code == status, (origin, path)
            for path in ("/ws", f"/?token={house.keys['tavern']}", "/socket.io/?EIO=4&transport=websocket"):
                code = await _upgraded(proxy.url + path, origin)
                assert code == (101 if status == 200 else 403), (origin, path)


async def _upgraded(url: str, origin: str | None = None) -> int:
    offered = [Subprotocol("tavernlink.v1")] if url.endswith("/ws") else None
    headers = {} if origin is None else {"Origin": origin}
    try:
        async with connect(
            url.replace("http", "ws", 1), subprotocols=offered, additional_headers=headers, proxy=None
        ):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


async def test_each_client_behind_the_proxy_has_rates_of_its_own(open_hub: OpenHub) -> None:
    house = await open_hub(trusted_proxies=["127.0.0.1"], address_rate=0.001, connect_rate=0.001)
    headers = [{**TOLD, "X-Forwarded-For": f"203.0.113.{number}"} for number in range(3)]
    engine = "/socket.io/?EIO=4&transport=websocket"
    async with (
        ReverseProxy(house.url, headers[0]) as one,
        ReverseProxy(house.url, headers[1]) as other,
        ReverseProxy(house.url, headers[2]) as third,
        client(one.url, house) as first,
        client(other.url, house) as second,
        client(third.url, house) as last,
    ):
        answers = [await first.get("/api/taverns") for _ in range(2)]
        assert [answer.status_code for answer in answers] == [200, 429]
        assert answers[-1].json()["error"]["code"] == "rate_limited"
        assert int(answers[-1].headers["retry-after"]) > 100
        open_page = await first.get("/healthz", headers={"Authorization": ""})
        assert open_page.status_code == 429  # whoever has no key is counted too
        assert (await second.get("/api/taverns")).status_code == 200
        assert [await _upgraded(other.url + engine) for _ in range(2)] == [101, 429]
        assert await _upgraded(third.url + engine) == 101
        polled = await last.get("/socket.io/", params={"EIO": "4", "transport": "polling"})
        assert (polled.status_code, polled.json()["code"]) == (429, 4)  # Engine.IO's own number, and ours
        assert polled.json()["error"]["code"] == "rate_limited"
        assert int(polled.headers["retry-after"]) > 100
        with pytest.raises(InvalidStatus) as caught:
            await connect(other.url.replace("http", "ws", 1) + "/ws", proxy=None)
        answer = caught.value.response
        assert json.loads(answer.body)["error"]["code"] == "rate_limited"
        assert int(answer.headers["Retry-After"]) > 100
