"""What a browser or a supervisor sees without a key."""

from __future__ import annotations

import re

from tests.http.house import House


async def test_health_answers_as_long_as_the_process_does(house: House) -> None:
    async with house.http(None) as http:
        await house.runtime.stop()
        answer = await http.get("/healthz")
        assert (await http.head("/healthz")).status_code == 200
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


async def test_readiness_counts_taverns_and_ends_with_the_runtime(house: House) -> None:
    async with house.http(None) as http:
        assert (await http.get("/readyz")).json() == {"status": "ready", "taverns": 0}
        tavern = house.tavern()
        assert (await http.get("/readyz")).json()["taverns"] == 1
        tavern.disconnect()
        assert (await http.get("/readyz")).json()["taverns"] == 0
        await house.runtime.stop()
        stopped = await http.get("/readyz")
    assert stopped.status_code == 503
    assert stopped.json()["status"] == "not ready"


async def test_the_console_is_open_to_all_and_runs_nothing_but_its_own_files(house: House) -> None:
    async with house.http(None) as http:
        page = await http.get("/")
        names = re.findall(r'(?:src|href)="\./([^"]+)"', page.text)
        files = {name: await http.get(f"/{name}") for name in names}
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert "tl_" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert {name.rpartition(".")[2] for name in names} == {"js", "css", "svg"}
    for name, file in files.items():
        assert file.status_code == 200, name
        assert file.headers["x-content-type-options"] == "nosniff"
        if name.startswith("assets/"):
            assert "immutable" in file.headers["cache-control"]
    # Nothing in it comes from elsewhere, and no script stands in the page itself.
    assert re.search(r"<script(?![^>]* src=)", page.text) is None
    assert "//" not in re.sub(r"http://www\.w3\.org/\S+", "", page.text).replace("<!--", "")


async def test_the_console_is_sent_packed_to_whoever_can_unpack_it_and_stays_small(house: House) -> None:
    sizes = []
    async with house.http(None) as http:
        names = ["", *re.findall(r'(?:src|href)="\./([^"]+)"', (await http.get("/")).text)]
        for name in names:
            async with http.stream("GET", f"/{name}", headers={"Accept-Encoding": "gzip"}) as packed:
                sizes.append(sum([len(chunk) async for chunk in packed.aiter_raw()]))
            plain = await http.get(f"/{name}", headers={"Accept-Encoding": "identity"})
            assert packed.headers["content-encoding"] == "gzip"
            assert packed.headers["vary"] == "Accept-Encoding"
            assert "content-encoding" not in plain.headers
            assert len(plain.content) > sizes[-1]
    assert sum(sizes) < 200_000


async def test_what_did_not_change_is_not_sent_again(house: House) -> None:
    async with house.http(None) as http:
        tag = (await http.get("/")).headers["etag"]
        again = await http.get("/", headers={"If-None-Match": tag})
        other = await http.get("/", headers={"If-None-Match": '"other"'})
        missing = await http.get("/assets/nothing.js")
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200
    assert missing.status_code == 404
