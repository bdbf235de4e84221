"""The hub's figures over HTTP."""

from __future__ import annotations

from tests.http.house import House


async def test_figures_of_the_hub(house: House) -> None:
    house.tavern(name="One", id_="one")
    async with house.http("admin") as http:
        wrong = await http.post(
            "/api/taverns/one/chat", json={"text": "hi", "session": "s", "as": {"name": ""}}
        )
        assert wrong.status_code >= 400
        answer = await http.get("/api/stats")
    assert answer.status_code == 200
    stats = answer.json()["result"]
    assert (stats["taverns"], stats["queued"], stats["running"], stats["rooms"]) == (1, 0, 0, 0)
    assert [each["name"] for each in stats["by_tavern"]] == ["One"]
    assert stats["apps"] == 0  # whoever asks by REST is none


async def test_a_refused_key_is_among_the_errors_of_admins_alone(house: House) -> None:
    async with house.http(None, Authorization="Bearer tl_app_nobody_nothing") as http:
        assert (await http.get("/api/stats")).status_code == 401
    async with house.http("admin") as http:
        errors = (await http.get("/api/stats")).json()["result"]["errors"]
    assert [(each["code"], each["about"]) for each in errors] == [("unauthorized", "/api/stats")]
    assert "nothing" not in str(errors)
    async with house.http("viewer") as http:
        stats = (await http.get("/api/stats")).json()["result"]
    assert stats["errors"] == []
    assert stats["received"] is None
