"""https and wss on every door, with a certificate of the hub's own or from files."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import httpx
import pytest
import socketio
from websockets.asyncio.client import connect

import tavernlink
from tavernlink.app import Server
from tavernlink.config import Settings, SettingsError
from tavernlink.errors import BadMessage, Unavailable
from tavernlink.sdk.trust import trusting
from tavernlink.tls import OwnCertificate
from tests.operations.conftest import OpenHub
from tests.transports.hub import V1, House

pytestmark = pytest.mark.timeout(180)

JS = Path(__file__).parents[2] / "js"


def authority(house: House) -> Path:
    assert house.server.certificate is not None
    assert house.server.certificate.own is not None
    return house.server.certificate.own.authority


async def shown(house: House) -> str:
    """The fingerprint of the certificate that a new connection gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority(house))
    _, writer = await asyncio.open_connection("127.0.0.1", house.server.port, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return sha256(certificate).digest().hex(":").upper()


async def node(*arguments: str) -> str:
    program = shutil.which("node")
    assert program is not None, "Node.js 20 or newer is needed"
    script = str(Path(__file__).with_name("tls_client.mjs"))
    process = await asyncio.create_subprocess_exec(
        program, script, *arguments, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 90)
    return out.decode().strip()


async def test_every_door_speaks_tls_with_a_certificate_of_the_hubs_own(open_hub: OpenHub) -> None:
    house = await open_hub(tls=True, tls_names=["tavern.home"])
    assert house.url.startswith("https://")
    context = trusting(authority(house))
    bearer = {"Authorization": f"Bearer {house.keys['app']}"}
    async with httpx.AsyncClient(base_url=house.url, verify=context, headers=bearer, trust_env=False) as http:
        assert (await http.get("/api/taverns")).status_code == 200
        assert (await http.get("/v1/models")).status_code == 200
        assert (await http.get("/")).status_code == 200
    async with tavernlink.connect(house.url, house.keys["app"], ca=authority(house)) as hub:
        assert await hub.taverns() == []
    socket = house.websocket("/ws", subprotocols=V1, additional_headers=bearer, ssl=context)
    async with socket as line:
        assert '"welcome"' in str(await line.recv())
    async with house.websocket(f"/?token={house.keys['tavern']}", ssl=context):
        pass


@pytest.mark.usefixtures("stock_client_leftovers")
async def test_stock_socketio_clients_come_in_over_tls(open_hub: OpenHub) -> None:
    house = await open_hub(tls=True)
    auth = {"key": house.keys["app"], "role": "app", "protocol": 1}
    for transport in ("polling", "websocket"):
        connector = aiohttp.TCPConnector(ssl=trusting(authority(house)))
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            socketio.AsyncSimpleClient(http_session=session) as stock,
        ):
            await stock.connect(house.url, transports=[transport], auth=auth)
            assert (await stock.receive(timeout=30))[0] == "welcome"
            assert (await stock.call("tavern.list", {}, timeout=30))["ok"]
        told = await node(house.url, str(JS), str(authority(house)), house.keys["app"], transport)
        assert told == "welcome"
    assert "error" in await node(house.url, str(JS), "-", house.keys["app"], "websocket")


async def test_who_does_not_trust_the_authority_is_told_why(open_hub: OpenHub) -> None:
    house = await open_hub(tls=True)
    with pytest.raises(Unavailable, match=r"(?is)certificate.verify.*`ca`"):
        await tavernlink.connect(house.url, house.keys["app"], connect_timeout=None).open()  # at once
    with pytest.raises(BadMessage, match="no certificate authority"):
        tavernlink.connect(house.url, house.keys["app"], ca=authority(house).with_name("ca.key"))
    async with httpx.AsyncClient(trust_env=False) as http:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await http.get(house.url)


async def test_a_renewed_certificate_is_shown_to_new_connections_and_old_ones_live_on(
    open_hub: OpenHub,
) -> None:
    house = await open_hub(tls=True)
    certificate = house.server.certificate
    assert certificate is not None
    assert certificate.own is not None
    before = await shown(house)
    assert before == certificate.fingerprint
    async with tavernlink.connect(house.url, house.keys["app"], ca=authority(house)) as hub:
        certificate.own.renew(datetime.now(UTC) + timedelta(days=370))
        house.server.reread()
        after = await shown(house)
        assert after != before
        assert await hub.taverns() == []
    house.server.configuration.edit({"tls_names": ["new.home"]})
    assert "new.home" in certificate.names
    assert await shown(house) not in (before, after)


async def test_a_certificate_from_files_is_shown_and_followed(tmp_path: Path) -> None:
    files = OwnCertificate(tmp_path / "elsewhere", ["127.0.0.1"])
    files.renew()
    settings = Settings(
        port=0, data_dir=tmp_path / "hub", tls_certificate=files.certificate, tls_key=files.key
    )
    async with Server(settings) as server:
        assert server.certificate is not None
        before = server.certificate.fingerprint
        context = trusting(files.authority)
        address = server.url.replace("https", "wss") + "/ws"
        async with connect(address, subprotocols=V1, ssl=context, proxy=None):
            pass
        OwnCertificate(tmp_path / "elsewhere", ["127.0.0.1", "localhost"]).renew()
        server.reread()
        assert server.certificate.fingerprint != before
        renewed = server.certificate.fingerprint
        files.key.write_text("broken")
        server.reread()
        assert server.certificate.fingerprint == renewed
        async with connect(address, subprotocols=V1, ssl=context, proxy=None):
            pass


async def test_a_hub_whose_certificate_cannot_be_used_does_not_start(tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nonsense")
    settings = Settings(port=0, data_dir=tmp_path / "hub", tls_certificate=broken, tls_key=broken)
    with pytest.raises(SettingsError, match="no certificate in PEM form"):
        await Server(settings).start()


async def test_only_one_hub_runs_on_a_data_folder(open_hub: OpenHub, tmp_path: Path) -> None:
    house = await open_hub()
    with pytest.raises(SettingsError, match="Another hub runs"):
        await Server(Settings(port=0, data_dir=house.server.settings.data_dir)).start()
    await house.server.stop()
    async with Server(Settings(port=0, data_dir=house.server.settings.data_dir)) as again:
        assert urlsplit(again.url).port == again.port
