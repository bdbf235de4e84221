"""The hub's own certificate, signed by an authority that exists for this data folder alone.

    tls/ca.pem    the authority: what browsers and programs are told to trust, once
    tls/ca.key    its key, with which the certificate below is made anew
    tls/hub.pem   the certificate that the hub shows, and the authority's
    tls/hub.key   its key

The certificate is made again when it nears its end or the hub gets other names; the authority stays, so that nobody
has to trust anything again. All files are for their owner only.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tavernlink.config import SettingsError
from tavernlink.private_file import write_private

__all__ = ["OwnCertificate", "names_of_this_machine"]

_AUTHORITY_LIFE = timedelta(days=3_650)
_LIFE = timedelta(days=397)  # the longest that every browser takes
_RENEW_BEFORE = timedelta(days=30)
_SKEW = timedelta(days=1)  # clocks of others may be behind


class OwnCertificate:
    """Keeps a certificate for `names` (host names and addresses) in a folder."""

    def __init__(self, folder: Path, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self.authority = folder / "ca.pem"
        self.authority_key = folder / "ca.key"
        self.certificate = folder / "hub.pem"
        self.key = folder / "hub.key"
        self._folder = folder

    def also_for(self, names: Iterable[str]) -> None:
        """Have the next `renew` make it for these names too."""
        self.names = tuple(dict.fromkeys((*self.names, *names)))

    def renew(self, now: datetime | None = None) -> bool:
        """Make what is missing, nears its end, or is for other names. True if anything was made.

        Raises `SettingsError` where the folder cannot be used or the authority in it is broken.
        """
        now = now or datetime.now(UTC)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            authority = self._load_authority()
            fresh = authority is None or authority[0].not_valid_after_utc - now < _LIFE
            if authority is None or fresh:
                authority = self._make_authority(now)
            if not fresh and self._is_good(authority[0], now):
                return False
            self._make_certificate(*authority, now)
        except OSError as error:
            raise SettingsError(f"Cannot keep the hub's certificate in {self._folder}: {error}.") from None
        return True

    def _load_authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None:
        if not self.authority.exists() and not self.authority_key.exists():
            return None
        try:
            certificate = x509.load_pem_x509_certificate(self.authority.read_bytes())
            key = load_pem_private_key(self.authority_key.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise self._broken(str(error)) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise self._broken("ca.key is not the key of ca.pem")
        return certificate, key

    def _broken(self, why: str) -> SettingsError:
        return SettingsError(
            f"The hub's own certificate authority in {self._folder} cannot be used: {why}. Bring ca.pem and ca.key "
            "back from a backup, or delete that folder: a new one is made, which browsers must be told to trust again."
        )

    def _make_authority(self, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tavernlink"),
                x509.NameAttribute(
                    NameOID.COMMON_NAME, f"Tavernlink hub on {_host_name()} {now:%Y-%m-%d}"[:64]
                ),
            ]
        )
        certificate = (
            _builder(name, name, key.public_key(), now, _AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        write_private(self.authority_key, _pem(key))
        write_private(self.authority, certificate.public_bytes(Encoding.PEM))
        return certificate, key

    def _make_certificate(
        self, authority: x509.Certificate, signer: ec.EllipticCurvePrivateKey, now: datetime
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tavernlink hub")])
        certificate = (
            _builder(subject, authority.subject, key.public_key(), now, _LIFE)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_general(name) for name in self.names]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
            .sign(signer, hashes.SHA256())
        )
        write_private(self.key, _pem(key))
        chain = certificate.public_bytes(Encoding.PEM) + authority.public_bytes(Encoding.PEM)
        write_private(self.certificate, chain)

    def _is_good(self, authority: x509.Certificate, now: datetime) -> bool:
        """True if the certificate that is there will do; else it is made again, whatever is wrong with it."""
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
            key = load_pem_private_key(self.key.read_bytes(), None)
            certificate.verify_directly_issued_by(authority)
            alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
            return False
        return (
            certificate.not_valid_before_utc <= now
            and certificate.not_valid_after_utc - now > _RENEW_BEFORE
            and key.public_key() == certificate.public_key()
            and set(alternative) >= {_general(name) for name in self.names}
        )


def names_of_this_machine(host: str) -> list[str]:
    """Return the names and addresses under which a hub that listens on `host` may be reached."""
    names = ["localhost", "127.0.0.1", "::1"]
    machine = _host_name()
    names += [machine, f"{machine.partition('.')[0]}.local"]
    if host in ("0.0.0.0", "::"):  # noqa: S104
        names += _own_addresses()
    else:
        names.append(host.strip("[]"))
    return [name for name in dict.fromkeys(names) if _is_name(name)]


def _own_addresses() -> list[str]:
    """The addresses by which this machine would reach others; nothing is sent to find out."""
    found: list[str] = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found.append(probe.getsockname()[0].partition("%")[0])
    return found


def _host_name() -> str:
    return socket.gethostname().lower() or "localhost"


def _is_name(name: str) -> bool:
    try:
        _general(name)
    except ValueError:
        return False
    return True


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now - _SKEW + life)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
