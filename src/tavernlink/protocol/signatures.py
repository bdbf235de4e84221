"""Signatures of webhooks, as Standard Webhooks 1.0.0 says (https://www.standardwebhooks.com).

    webhook-id:         names the event; the same on every attempt
    webhook-timestamp:  seconds since 1970 of this attempt
    webhook-signature:  "v1," + base64(HMAC-SHA256(secret, id + "." + timestamp + "." + body)); one for each secret that
                        is valid, separated by spaces

A secret reads `whsec_` + base64 of its bytes.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

__all__ = ["SECRET_PREFIX", "secret_from", "sign", "signature_matches"]

SECRET_PREFIX = "whsec_"  # noqa: S105  # the beginning of every secret
_VERSION = "v1"


def secret_from(raw: bytes) -> str:
    """Return how a secret is shown."""
    return SECRET_PREFIX + base64.b64encode(raw).decode()


def sign(secrets: Iterable[str], id_: str, timestamp: int, body: bytes) -> str:
    """Return the value of `webhook-signature`."""
    return " ".join(f"{_VERSION},{_signature(secret, id_, timestamp, body)}" for secret in secrets)


def signature_matches(secret: str, signatures: str, id_: str, timestamp: int, body: bytes) -> bool:
    """True if one of the signatures was made with this secret. Raises `ValueError` for what is no secret."""
    right = _signature(secret, id_, timestamp, body)
    # Every one is compared, in constant time, whichever fits.
    found = [
        hmac.compare_digest(signature.encode(), right.encode())
        for version, _, signature in (each.partition(",") for each in signatures.split())
        if version == _VERSION
    ]
    return any(found)


def _signature(secret: str, id_: str, timestamp: int, body: bytes) -> str:
    try:
        raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("the secret of a webhook reads `whsec_` and base64") from None
    if not raw:
        raise ValueError("the secret of a webhook must not be empty")
    signed = f"{id_}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(raw, signed, hashlib.sha256).digest()).decode()
