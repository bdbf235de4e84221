"""The hub's own certificate: made once, made again in time, and what is said where it cannot be."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from tavernlink.config import Settings, SettingsError
from tavernlink.tls import Certificate, OwnCertificate, open_certificate
from tavernlink.tls.own import names_of_this_machine

NAMES = ["localhost", "127.0.0.1", "::1", "tavern.home"]


def test_it_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path / "tls", NAMES)
    assert own.renew()
    assert not own.renew()
    assert sorted(Certificate(own.certificate, own.key).names) == sorted(NAMES)
    if os.name == "posix":
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "tls").iterdir()}
        assert modes == dict.fromkeys(("ca.pem", "ca.key", "hub.pem", "hub.key"), 0o600)


def test_it_is_made_again_before_its_end_under_the_same_authority(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, NAMES)
    own.renew()
    authority = own.authority.read_bytes()
    shown = Certificate(own.certificate, own.key, own)
    before = shown.fingerprint
    assert not own.renew(datetime.now(UTC) + timedelta(days=300))
    assert own.renew(datetime.now(UTC) + timedelta(days=370))
    assert shown.refresh()
    assert shown.fingerprint != before
    assert own.authority.read_bytes() == authority


def test_it_is_made_again_for_a_new_name(tmp_path: Path) -> None:
    OwnCertificate(tmp_path, NAMES).renew()
    more = OwnCertificate(tmp_path, [*NAMES, "new.home"])
    assert more.renew()
    assert "new.home" in Certificate(more.certificate, more.key).names
    assert not OwnCertificate(tmp_path, NAMES).renew()  # fewer names are no reason


@pytest.mark.parametrize("broken", ["hub.pem", "hub.key"])
def test_a_broken_certificate_is_made_again(tmp_path: Path, broken: str) -> None:
    own = OwnCertificate(tmp_path, NAMES)
    own.renew()
    (tmp_path / broken).write_text("nonsense")
    assert own.renew()
    Certificate(own.certificate, own.key)


@pytest.mark.parametrize("broken", ["ca.pem", "ca.key"])
def test_a_broken_authority_is_never_replaced_in_silence(tmp_path: Path, broken: str) -> None:
    own = OwnCertificate(tmp_path, NAMES)
    own.renew()
    (tmp_path / broken).write_text("nonsense")
    with pytest.raises(SettingsError, match="cannot be used"):
        own.renew()
    (tmp_path / broken).unlink()
    with pytest.raises(SettingsError, match="cannot be used"):
        own.renew()


def test_an_authority_that_ends_is_replaced(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, NAMES)
    own.renew()
    authority = own.authority.read_bytes()
    assert own.renew(datetime.now(UTC) + timedelta(days=3_500))
    assert own.authority.read_bytes() != authority


def test_the_files_of_the_settings_are_shown(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, NAMES)
    own.renew()
    shown = open_certificate(Settings(tls_certificate=own.certificate, tls_key=own.key))
    assert shown is not None
    assert shown.own is None
    assert not shown.ends_soon
    assert len(shown.fingerprint) == 95
    assert open_certificate(Settings()) is None


@pytest.mark.parametrize(
    ("certificate", "key", "told"),
    [
        ("nonsense", None, "no certificate in PEM form"),
        (None, "nonsense", "Cannot use"),
        (None, "other", "not the certificate's"),
        (None, "locked", "passphrase"),
    ],
)
def test_files_that_do_not_fit_are_told_apart(
    tmp_path: Path, certificate: str | None, key: str | None, told: str
) -> None:
    own, other = OwnCertificate(tmp_path / "a", NAMES), OwnCertificate(tmp_path / "b", NAMES)
    own.renew()
    other.renew()
    if certificate is not None:
        own.certificate.write_text(certificate)
    if key == "locked":
        plain = load_pem_private_key(own.key.read_bytes(), None)
        own.key.write_bytes(
            plain.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
        )
    elif key is not None:
        own.key.write_bytes(other.key.read_bytes() if key == "other" else key.encode())
    with pytest.raises(SettingsError, match=told):
        Certificate(own.certificate, own.key)


def test_files_that_break_later_leave_what_was_shown(tmp_path: Path) -> None:
    own = OwnCertificate(tmp_path, NAMES)
    own.renew()
    shown = Certificate(own.certificate, own.key)
    before = shown.fingerprint
    own.certificate.write_text("nonsense")
    with pytest.raises(SettingsError):
        shown.refresh()
    assert shown.fingerprint == before
    assert isinstance(shown.context, ssl.SSLContext)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "192.0.2.7", "tavern.example"])
def test_it_is_for_every_name_of_this_machine(host: str) -> None:
    names = names_of_this_machine(host)
    assert {"localhost", "127.0.0.1", "::1"} < set(names)
    assert host in ("0.0.0.0", "::") or host in names
