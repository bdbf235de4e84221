"""Who is let in, from where, and how often."""

from __future__ import annotations

import pytest

from tavernlink.config import Settings
from tests.http.house import House, open_house

FOREIGN = "https://elsewhere.example"
FRIEND = "https://friend.example"


async def test_without_a_key_nothing_but_the_open_pages_is_shown(house: House) -> None:
    async with house.http(None) as http:
        for path in ("/api/taverns", "/api/schema", "/api/nowhere", "/nowhere", "/metrics"):
            answer = await http.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            body = answer.json()
            assert body["ok"] is False
            assert body["error"]["code"] == "unauthorized"


@pytest.mark.parametrize("header", ["Bearer tl_app_x_y", "Bearer", "Basic abc", "tl_app_x_y", "Bearer \xe9"])
async def test_a_wrong_key_is_refused(house: House, header: str) -> None:
    async with house.http(None) as http:
        answer = await http.get("/api/taverns", headers={b"Authorization": header.encode("latin-1")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")


async def test_a_revoked_key_is_refused_by_its_own_code(house: House) -> None:
    async with house.http() as http:
        assert (await http.get("/api/taverns")).status_code == 200
        house.runtime.core.keyring.revoke("test app")
        answer = await http.get("/api/taverns")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "key_revoked")


async def test_the_scheme_of_the_header_is_not_case_sensitive(house: House) -> None:
    async with house.http(None, Authorization=f"bearer {house.key()}") as http:
        assert (await http.get("/api/taverns")).status_code == 200


async def test_a_taverns_key_may_not_ask_as_an_app(house: House) -> None:
    async with house.http("tavern") as http:
        answer = await http.get("/api/taverns")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


async def test_a_viewer_may_look_but_not_send(house: House) -> None:
    house.tavern()
    async with house.http("viewer") as http:
        assert (await http.get("/api/taverns/default/chat")).status_code == 200
        answer = await http.post("/api/taverns/default/chat", json={"text": "Hi"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost.evil.example", "file://"])
async def test_a_foreign_page_is_refused_everywhere_even_with_a_key(house: House, origin: str) -> None:
    async with house.http(Origin=origin) as http:
        for path in ("/", "/healthz", "/readyz", "/api/taverns", "/v1/models", "/nowhere"):
            answer = await http.get(path)
            assert answer.status_code == 403
            assert "origin_refused" in answer.text
            assert "access-control-allow-origin" not in answer.headers


async def test_an_allowed_page_gets_cors_headers_on_answers_and_on_errors() -> None:
    async with open_house(Settings(allowed_origins=[FRIEND])) as house, house.http() as http:
        for path in ("/api/taverns", "/api/nowhere"):
            answer = await http.get(path, headers={"Origin": FRIEND})
            assert answer.headers["access-control-allow-origin"] == FRIEND
            assert "Origin" in answer.headers["vary"]
        refused = await http.get("/api/taverns", headers={"Origin": FRIEND, "Authorization": "Bearer x"})
        assert refused.status_code == 401
        assert refused.headers["access-control-allow-origin"] == FRIEND


async def test_a_preflight_needs_no_key_but_an_allowed_origin(house: House) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,x-tavernlink-session",
        "Access-Control-Request-Private-Network": "true",
    }
    async with house.http(None) as http:
        good = await http.options(
            "/v1/chat/completions", headers={"Origin": "http://localhost:8000", **asked}
        )
        bad = await http.options("/v1/chat/completions", headers={"Origin": FOREIGN, **asked})
    assert good.status_code == 204
    assert "POST" in good.headers["access-control-allow-methods"]
    assert "x-tavernlink-session" in good.headers["access-control-allow-headers"]
    assert good.headers["access-control-allow-private-network"] == "true"
    assert bad.status_code == 403


async def test_too_many_requests_under_one_key_are_told_when_to_come_back() -> None:
    async with open_house(Settings(http_rate=1)) as house, house.http() as http:
        answers = [await http.get("/api/taverns") for _ in range(8)]
        other = await http.get("/api/taverns", headers={"Authorization": f"Bearer {house.key('admin')}"})
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    assert answers[-1].status_code == 429
    assert answers[-1].json()["error"]["code"] == "rate_limited"
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert other.status_code == 200


async def test_many_wrong_keys_from_one_address_must_wait_but_a_right_one_gets_in(house: House) -> None:
    async with house.http(None, Authorization="Bearer tl_app_nobody_nothing") as http:
        codes = [(await http.get("/api/taverns")).status_code for _ in range(25)]
    assert codes[0] == 401
    assert codes[-1] == 429
    async with house.http() as http:
        assert (await http.get("/api/taverns")).status_code == 200


async def test_an_unknown_path_and_a_wrong_method_are_named(house: House) -> None:
    async with house.http() as http:
        unknown = await http.get("/api/nowhere")
        wrong = await http.put("/api/taverns")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_path")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "wrong_method")
    assert "GET" in wrong.headers["allow"]
