"""What a running hub looks after by itself: its settings file, the keys in `keys.d`, the certificate that it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog

from tavernlink.config import SettingsError

if TYPE_CHECKING:
    from tavernlink.config import Settings
    from tavernlink.runtime.configuration import Configuration
    from tavernlink.tls import Certificate

__all__ = ["Upkeep"]

_log = structlog.get_logger("tavernlink")
_LOOK = 1.0  # seconds between two looks at the settings file
_CERTIFICATE = 60  # looks between two looks at the certificate


class Upkeep:
    """A task that runs from `start` to `stop`."""

    def __init__(
        self, configuration: Configuration, certificate: Certificate | None, look_at_keys: Callable[[], None]
    ) -> None:
        self._look_at_keys = look_at_keys
        self._configuration = configuration
        self._certificate = certificate
        self._told: str | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._warn()
        self._task = asyncio.create_task(self._run(), name="tavernlink-upkeep")

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def adopt(self, settings: Settings) -> None:
        """Have the certificate renewed for other names."""
        if self._certificate is not None and self._certificate.own is not None:
            self._certificate.own.also_for(settings.tls_names)
            self.look_at_certificate()

    def look_at_certificate(self) -> None:
        """Renew it, or take over its changed files; what is wrong is told once in the log."""
        if self._certificate is None:
            return
        try:
            if self._certificate.refresh():
                _log.info(
                    "tls.renewed",
                    fingerprint=self._certificate.fingerprint,
                    expires=self._certificate.expires.isoformat(),
                )
            self._told = None
        except SettingsError as error:
            if self._told != str(error):
                self._told = str(error)
                _log.error("tls.broken", why=self._told, kept="the certificate of before")

    def _warn(self) -> None:
        if self._certificate is not None and self._certificate.ends_soon:
            _log.warning("tls.ends_soon", expires=self._certificate.expires.isoformat())

    async def _run(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(_LOOK)
            try:
                self._configuration.check()
                self._look_at_keys()
                looks += 1
                if looks % _CERTIFICATE == 0:
                    self.look_at_certificate()
                if looks % (_CERTIFICATE * 60 * 24) == 0:
                    self._warn()
            except Exception:  # noqa: BLE001 (the next look may go better)
                _log.exception("upkeep.failed")
