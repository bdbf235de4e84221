"""Profiles by REST."""

from __future__ import annotations

from tests.http.house import House
from tests.http.scripted_tavern import Turn


async def test_a_profile_is_kept_compared_and_deleted(house: House) -> None:
    house.tavern()
    body = {
        "items": [{"kind": "sysprompt", "name": "Brief", "content": {"content": "Be brief."}}],
        "note": "n",
    }
    async with house.http() as http, house.http("viewer") as viewer:
        assert (await http.get("/api/profiles")).json()["result"] == []
        made = (await http.put("/api/profiles/house rules", json=body)).json()["result"]
        assert (made["version"], made["kinds"], made["author"]) == (1, {"sysprompt": 1}, "test app")
        body["items"][0]["content"] = {"content": "Be brief!"}  # type: ignore[index]
        stale = await http.put("/api/profiles/house rules", json={**body, "base": 0})
        assert (stale.status_code, stale.json()["error"]["code"]) == (409, "stale_profile")
        await http.put("/api/profiles/house rules", json={**body, "base": 1})
        whole = (await viewer.get("/api/profiles/house rules")).json()["result"]
        assert whole["items"][0]["content"] == {"content": "Be brief!"}
        history = (await viewer.get("/api/profiles/house rules/history")).json()["result"]
        assert [one["version"] for one in history] == [2, 1]
        (change,) = (await viewer.get("/api/profiles/house rules/diff")).json()["result"]
        assert change["fields"] == [{"path": "content", "before": '"Be brief."', "after": '"Be brief!"'}]
        assert (await viewer.put("/api/profiles/house rules", json=body)).status_code == 403
        assert (await http.get("/api/profiles/house rules?version=9")).status_code == 404
        assert (await http.delete("/api/profiles/house rules")).status_code == 200
        assert (await http.get("/api/profiles/house rules")).status_code == 404


async def test_a_tavern_is_asked_to_publish_apply_and_undo(house: House) -> None:
    asked: list[tuple[str, object]] = []

    async def script(turn: Turn) -> None:
        asked.append((turn.name, turn.args))
        turn.done(profile="p", version=1)

    house.tavern(script)
    async with house.http() as http:
        where = "/api/taverns/Home/profiles/p"
        await http.put("/api/profiles/p", json={"items": []})
        published = await http.post(f"{where}/publish?wait=true", json={"kinds": ["regex"]})
        assert published.json()["result"]["result"] == {"profile": "p", "version": 1}
        applied = await http.post(f"{where}/apply?wait=true", json={"overwrite": True})
        assert applied.json()["result"]["state"] == "done"
        undone = await http.post("/api/taverns/Home/profile-undo", json={})
        assert undone.status_code == 202
    assert asked[:2] == [
        ("profile.publish", {"profile": "p", "kinds": ["regex"]}),
        ("profile.apply", {"profile": "p", "overwrite": True}),
    ]
