"""The certificate that the hub shows, whoever made it: loaded, looked at, and loaded again when its files change."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from tavernlink.config import SettingsError
from tavernlink.tls.own import OwnCertificate, names_of_this_machine

if TYPE_CHECKING:
    from tavernlink.config import Settings

__all__ = ["Certificate", "open_certificate"]

_SOON = timedelta(days=14)


class Certificate:
    """A certificate and its key in PEM files. `context` serves it; connections that are open keep what they had."""

    def __init__(self, certificate: Path, key: Path, own: OwnCertificate | None = None) -> None:
        self.own = own
        """What makes the files, where the hub does so itself."""
        self._certificate = certificate
        self._key = key
        self._stamp: object = None
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self.refresh()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, as browsers show it."""
        return _fingerprint(self._facts)

    @property
    def authority_fingerprint(self) -> str | None:
        """SHA-256 of the hub's own authority; None where the certificate comes from elsewhere."""
        return None if self.own is None else _fingerprint(_load(self.own.authority))

    @property
    def expires(self) -> datetime:
        """When it ends."""
        return self._facts.not_valid_after_utc

    @property
    def ends_soon(self) -> bool:
        """True if it ends within two weeks, or has ended."""
        return self.expires - datetime.now(UTC) < _SOON

    @property
    def names(self) -> list[str]:
        """The names and addresses that it is for."""
        try:
            found = self._facts.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except x509.ExtensionNotFound:
            return []
        return [str(name.value) for name in found]

    def refresh(self) -> bool:
        """Renew it where the hub does that itself, and take over changed files. True if another is shown from now on.

        Raises `SettingsError` for files that do not fit; what was shown is shown on.
        """
        if self.own is not None:
            self.own.renew()
        stamp = (_stamp(self._certificate), _stamp(self._key))
        if stamp == self._stamp:
            return False
        facts = _load(self._certificate)
        # Tried on another context first: a key that does not fit would leave this one with half of each.
        self._load_chain(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        self._load_chain(self.context)
        self._facts, self._stamp = facts, stamp
        return True

    def _load_chain(self, context: ssl.SSLContext) -> None:
        def no_password() -> str:
            raise SettingsError(
                f"The key {self._key} has a passphrase, which nobody could type at a start. Take it off: "
                f"openssl pkey -in {self._key.name} -out plain.key"
            )

        try:
            context.load_cert_chain(self._certificate, self._key, no_password)
        except ssl.SSLError as error:
            why = "the key is not the certificate's" if "MISMATCH" in str(error) else error.reason or error
            raise SettingsError(f"Cannot use {self._certificate} with {self._key}: {why}.") from None
        except OSError as error:
            raise SettingsError(f"Cannot read {self._certificate} or {self._key}: {error}.") from None


def open_certificate(settings: Settings) -> Certificate | None:
    """Return the certificate that the settings ask for, made now where it is the hub's own. Raises `SettingsError`."""
    if settings.tls_certificate is not None and settings.tls_key is not None:
        return Certificate(settings.tls_certificate, settings.tls_key)
    if not settings.tls:
        return None
    own = OwnCertificate(
        settings.data_dir / "tls", [*names_of_this_machine(settings.host), *settings.tls_names]
    )
    own.renew()
    return Certificate(own.certificate, own.key, own)


def _load(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"Cannot read the certificate {path}: {error}.") from None
    except ValueError:
        raise SettingsError(
            f"{path} holds no certificate in PEM form (a text with BEGIN CERTIFICATE)."
        ) from None


def _fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise SettingsError(f"Cannot read {path}: {error}.") from None
    return found.st_mtime_ns, found.st_size
