"""One question to a hub by REST, for what has no message of its own."""

from __future__ import annotations

import os
from typing import Any

import httpx

from tavernlink.cli.access import Access
from tavernlink.errors import TavernlinkError, Unavailable, error_from_code

__all__ = ["ask"]

_SECONDS = 30.0


def ask(access: Access, method: str, path: str) -> Any:
    """Return the result of the hub's answer. Raises its error, or `Unavailable` where there is none."""
    from tavernlink.sdk.address import http_address
    from tavernlink.sdk.trust import trusting

    ca = os.environ.get("TAVERNLINK_CA")
    address = http_address(access.url)
    headers = {"Authorization": f"Bearer {access.key}"}
    try:
        with httpx.Client(verify=trusting(ca) if ca else True, timeout=_SECONDS) as client:
            answer = client.request(method, address + path, headers=headers).json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("unreachable", f"No hub answers at {address}: {error}.") from None
    if not isinstance(answer, dict) or "ok" not in answer:
        raise TavernlinkError("internal", f"What answers at {address} is no hub.")
    if not answer["ok"]:
        told = answer["error"]
        raise error_from_code(told["code"], told["message"], told.get("details"))
    return answer.get("result")
