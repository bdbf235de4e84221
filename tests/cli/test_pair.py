"""`tavernlink pair` and `tavernlink audit` on a hub that runs."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

from tests.cli.conftest import Cli
from tests.sdk.house import House


def ask(house: House, path: str, **body: str) -> dict[str, str]:
    asked = Request(
        f"{house.hub.url}{path}",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method="POST",
    )
    with urlopen(asked) as answer:
        result: dict[str, str] = json.load(answer)["result"]
        return result


def test_a_sillytavern_without_a_key_is_let_in_by_its_code_and_it_is_written_down(
    cli: Cli, house: House
) -> None:
    here = ("--url", house.hub.url, "--data-dir", house.hub.server.settings.data_dir)
    assert "No SillyTavern waits" in cli("pair", *here).err
    asked = ask(house, "/api/pairings", name="Alex's tavern")
    assert asked["code"] in cli("pair", *here).out
    assert ask(house, "/api/pairings/claim", ticket=asked["ticket"]) == {"state": "waiting"}
    approved = cli("pair", asked["code"].lower(), "--name", "Alex", *here)
    assert approved.out.startswith("Approved: Alex at 127.0.0.1")
    claimed = ask(house, "/api/pairings/claim", ticket=asked["ticket"])
    assert claimed["state"] == "approved"
    assert claimed["key"].startswith("tl_tavern_")
    assert ask(house, "/api/pairings/claim", ticket=asked["ticket"]) == {"state": "over"}
    late = cli("pair", asked["code"], *here)
    assert (late.status, "unknown_pairing" in late.err) == (1, True)
    refused = ask(house, "/api/pairings", name="Mallory")
    assert cli("pair", refused["code"], "--refuse", *here).out.startswith("Refused: Mallory")
    assert ask(house, "/api/pairings/claim", ticket=refused["ticket"]) == {"state": "refused"}

    shown = cli("audit", "--action", "pairing.*", *here, "--json").json
    assert [each["action"] for each in shown] == [
        *("pairing.asked", "pairing.approved", "pairing.asked", "pairing.refused")
    ]
    assert shown[1]["name"] == "tavernlink pair"
    assert claimed["key"] not in cli("audit", *here).out
    table = cli("audit", "--who", "command line", "--since", "1h", *here).out
    assert "key.created" in table
    assert "role=admin" in table
    assert cli("audit", "--since", "nonsense", *here).status == 2
    assert "Nothing" in cli("audit", "--until", "2001-01-01", *here).err
