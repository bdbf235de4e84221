"""A password in the place of a key, for taverns: kept as an Argon2 hash, and a plain one is hashed at the start.

Checking costs some 50 ms and 64 MB on purpose, so it is rationed: a right password that was seen before is known by a
digest that only this process can make, and of new ones a few per second are tried.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import structlog
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tavernlink.core.access.keys import KEY_PREFIX, Key, Keyring
from tavernlink.core.limits import RateLimit
from tavernlink.errors import BadMessage
from tavernlink.runtime.configuration import Configuration

__all__ = ["Password", "is_hash", "seal"]

_log = structlog.get_logger("tavernlink.settings")
_SETTING = "tavern_password"
_HASHED = "$argon2"
_TRIES = (2.0, 10)  # new passwords per second and at once, of everybody together
_SOURCE = "the settings"


def is_hash(word: str) -> bool:
    """True for what `PasswordHasher` makes."""
    return word.startswith(_HASHED)


def seal(configuration: Configuration) -> None:
    """Put the hash of a plain password that stands in the settings file in its place, and nothing else.

    Raises `BadMessage` or `TavernlinkError` where it cannot be written: a hub must not leave it there.
    """
    word = configuration.settings.tavern_password
    if word and not is_hash(word) and configuration.source(_SETTING) == "file":
        configuration.edit({_SETTING: PasswordHasher().hash(word)})
        _log.info("settings.password_hashed", file=str(configuration.file))


class Password:
    """The one password of this hub's taverns."""

    def __init__(self, keyring: Keyring, created: float, now: float) -> None:
        self._keyring = keyring
        self._created = created
        self._hasher = PasswordHasher()
        self._hash: str | None = None
        self._salt = secrets.token_bytes(32)
        self._right: bytes | None = None
        """Of the right password, once it was given."""
        self._tries = RateLimit(*_TRIES, now)
        self._key: Key | None = None

    def adopt(self, word: str | None) -> None:
        """Go by this hash (or plain word, of an environment variable) from now on; None: no password lets in."""
        hashed = self._hasher.hash(word) if word and not is_hash(word) else word
        if hashed == self._hash or (
            word and self._hash and not is_hash(word) and self._fits(self._hash, word)
        ):
            return
        self._hash, self._right = hashed or None, None
        # The id changes with the password, so that connections of the old one end.
        mark = hashlib.sha256((hashed or "").encode()).hexdigest()[:12]
        self._key = (
            Key(id=f"p-{mark}", role="tavern", name="password", digest=b"", created=self._created)
            if self._hash
            else None
        )
        self._keyring.declare(_SOURCE, [self._key] if self._key else [])

    def verify(self, text: str, now: float) -> Key | None:
        """Return the key of taverns that gave the password, None if this is not it.

        Raises `BadMessage` (`rate_limited`) while too many passwords are tried.
        """
        if self._key is None or self._hash is None or not text or text.startswith(KEY_PREFIX):
            return None
        mark = hmac.digest(self._salt, text.encode(), "sha256")
        if self._right is not None and hmac.compare_digest(self._right, mark):
            return self._key
        if not self._tries.spend() and not self._tries.refill(now):
            raise BadMessage(
                "rate_limited", "Too many passwords are being tried. Wait a moment.", {"retry_after": 5}
            )
        if not self._fits(self._hash, text):
            return None
        self._right = mark
        return self._key

    def _fits(self, hashed: str, text: str) -> bool:
        try:
            return self._hasher.verify(hashed, text)
        except (VerificationError, InvalidHashError):
            return False
