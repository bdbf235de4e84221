"""Functions of the hub that let a character see and switch things of a house, through Home Assistant.

Copy this file into the folder `functions` of the hub's data folder, say below what may be touched, and start the hub
with HOME_ASSISTANT_URL (http://homeassistant.local:8123) and HOME_ASSISTANT_TOKEN (a long-lived access token, made on
your profile page there).
"""

from __future__ import annotations

import json
import os
import urllib.request
from typing import Any, Literal

import tavernlink

LAMPS = {"kitchen": "light.kitchen", "bedroom": "light.bedroom"}
THERMOMETERS = {"kitchen": "sensor.kitchen_temperature", "garden": "sensor.garden_temperature"}


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    address = os.environ.get("HOME_ASSISTANT_URL", "http://homeassistant.local:8123")
    headers = {
        "Authorization": f"Bearer {os.environ['HOME_ASSISTANT_TOKEN']}",
        "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{address}/api/{path}", data, headers, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  (the house's own address)
        return json.load(answer)


@tavernlink.function(tool=True, timeout=15)
def switch_lamp(room: Literal["kitchen", "bedroom"], on: bool) -> str:  # noqa: FBT001
    """Switch the lamp of a room on or off.

    Args:
        room: where the lamp is
        on: true to switch it on
    """
    ask("POST", f"services/light/turn_{'on' if on else 'off'}", {"entity_id": LAMPS[room]})
    return f"The lamp in the {room} is {'on' if on else 'off'} now."


@tavernlink.function(tool=True, timeout=15)
def temperature(place: Literal["kitchen", "garden"]) -> str:
    """Say how warm it is at a place.

    Args:
        place: where
    """
    state = ask("GET", f"states/{THERMOMETERS[place]}")
    return f"{state['state']} {state['attributes'].get('unit_of_measurement', '')}".strip()
