"""`/api/keys`, `/api/pairings` and `/api/audit` as a client meets them."""

from __future__ import annotations

from tests.http.house import House, open_house


async def test_an_admin_makes_lists_and_revokes_keys(house: House) -> None:
    async with house.http("admin") as http:
        made = await http.post("/api/keys", json={"name": "bot", "scopes": ["chat:read"], "expires_in": 60})
        assert (made.status_code, made.headers["cache-control"]) == (201, "no-store")
        key = made.json()["result"]["key"]
        asked = await http.get("/api/taverns", headers={"Authorization": f"Bearer {key}"})
        assert asked.status_code == 200
        refused = await http.get("/api/audit", headers={"Authorization": f"Bearer {key}"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
        assert "bot" in {each["name"] for each in (await http.get("/api/keys")).json()["result"]}
        assert (await http.delete("/api/keys/bot")).json()["result"][0]["name"] == "bot"
        assert (await http.delete("/api/keys/bot")).status_code == 404
        assert "bot" not in {each["name"] for each in (await http.get("/api/keys")).json()["result"]}
        assert "bot" in {each["name"] for each in (await http.get("/api/keys?all=true")).json()["result"]}
        wrong = await http.post("/api/keys", json={"name": "bot", "scopes": ["chat:fly"]})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_message")


async def test_a_taverns_key_makes_keys_for_its_own_tavern_only(house: House) -> None:
    async with house.http("tavern") as http:
        assert (await http.post("/api/keys", json={"name": "x"})).status_code == 403  # no tavern is there
        house.tavern()
        made = await http.post("/api/keys", json={"name": "x"})
        assert made.json()["result"]["info"]["taverns"] == ["t-home"]
        assert [each["name"] for each in (await http.get("/api/keys")).json()["result"]] == ["x"]
        assert (await http.get("/api/taverns")).status_code == 403


async def test_pairing_needs_no_key_but_an_admin_and_what_was_done_is_written_down(house: House) -> None:
    async with house.http(None) as stranger, house.http("admin") as http:
        asked = (await stranger.post("/api/pairings", json={"name": "Alex"})).json()["result"]
        assert set(asked) == {"code", "ticket", "seconds", "interval"}
        claim = {"ticket": asked["ticket"]}
        assert (await stranger.post("/api/pairings/claim", json=claim)).json()["result"] == {
            "state": "waiting"
        }
        for method, path in (
            ("GET", "/api/pairings"),
            ("POST", f"/api/pairings/{asked['code']}/approve"),
            ("PUT", "/api/pairings/claim/x"),
        ):
            assert (await stranger.request(method, path)).status_code == 401
        (waiting,) = (await http.get("/api/pairings")).json()["result"]
        assert (waiting["code"], waiting["address"]) == (asked["code"], "127.0.0.1")
        assert "ticket" not in waiting
        approved = await http.post(f"/api/pairings/{asked['code'].lower()}/approve", json={"name": "Alex's"})
        assert approved.status_code == 200
        claimed = (await stranger.post("/api/pairings/claim", json=claim)).json()["result"]
        assert (claimed["state"], claimed["key"][:10]) == ("approved", "tl_tavern_")
        assert (await stranger.post("/api/pairings/claim", json=claim)).json()["result"] == {"state": "over"}
        again = (await stranger.post("/api/pairings", json={})).json()["result"]
        assert (await http.post(f"/api/pairings/{again['code']}/refuse")).status_code == 200
        lost = await http.post("/api/pairings/AAAA2222/approve")
        assert (lost.status_code, lost.json()["error"]["code"]) == (404, "unknown_pairing")

        entries = (await http.get("/api/audit", params={"action": "pairing.*"})).json()["result"]
        assert [each["action"] for each in entries] == [
            "pairing.refused",
            "pairing.asked",
            "pairing.approved",
            "pairing.asked",
        ]
        assert (entries[2]["address"], entries[2]["role"], entries[2]["target"]) == (
            "127.0.0.1",
            "admin",
            "Alex's",
        )
        text = (await http.get("/api/audit", params={"limit": 1000})).text
        assert claimed["key"] not in text
        assert asked["ticket"] not in text
        assert "login.failed" in text


async def test_codes_are_rationed_for_each_address() -> None:
    async with open_house() as house, house.http(None) as http:
        answers = [await http.post("/api/pairings", json={"name": "x"}) for _ in range(7)]
    assert [answer.status_code for answer in answers[:5]] == [201] * 5
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1


async def test_what_a_key_may_not_do_over_http_is_written_down(house: House) -> None:
    async with house.http("viewer") as http:
        for _ in range(3):
            assert (await http.post("/api/taverns/default/chat", json={"text": "Hi"})).status_code == 403
    async with house.http("admin") as http:
        (entry,) = (await http.get("/api/audit", params={"action": "permission.refused"})).json()["result"]
    assert (entry["name"], entry["target"]) == ("test viewer", "POST /api/taverns/{tavern}/chat")


async def test_the_description_says_which_routes_need_no_key(house: House) -> None:
    async with house.http() as http:
        paths = (await http.get("/api/schema")).json()["paths"]
    assert paths["/api/pairings"]["post"]["security"] == [{}]
    assert paths["/api/audit"]["get"].get("security") != [{}]
