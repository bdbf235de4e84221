"""`tavernlink certificate`: what the hub shows to those who connect over TLS, and how they come to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tavernlink.cli.access import DataDir, settings_of
from tavernlink.cli.output import AsJson, fail, print_json

if TYPE_CHECKING:
    from tavernlink.tls import Certificate

__all__ = ["about", "certificate"]


def certificate(
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Show the hub's certificate and how to trust it; one of the hub's own is made where there is none yet."""
    from tavernlink.config import SettingsError
    from tavernlink.tls import open_certificate

    try:
        shown = open_certificate(settings_of(data_dir))
    except SettingsError as error:
        fail(str(error))
    if shown is None:
        fail("TLS is off. Start the hub with `--tls`, or set `tls = true` in tavernlink.toml.")
    if as_json:
        print_json(
            {
                "fingerprint": shown.fingerprint,
                "expires": shown.expires.isoformat(),
                "names": shown.names,
                "ca": str(shown.own.authority) if shown.own else None,
                "ca_fingerprint": shown.authority_fingerprint,
            }
        )
        return
    print("\n".join([*about(shown), *(_how_to_trust(str(shown.own.authority)) if shown.own else ())]))


def about(shown: Certificate) -> list[str]:
    """Return the lines that say what is shown and, of the hub's own, what to do about it."""
    lines = [
        f"TLS certificate until {shown.expires:%Y-%m-%d}, SHA-256 {shown.fingerprint}",
        f"  for {', '.join(shown.names)}",
    ]
    if shown.own is not None:
        lines += [
            "It is the hub's own. Browsers and programs must be told once to trust its authority:",
            f"  {shown.own.authority}",
            f"  SHA-256 {shown.authority_fingerprint}",
            "How: `tavernlink certificate`. Until then SillyTavern's page cannot connect, and says nothing of why.",
        ]
    return lines


def _how_to_trust(file: str) -> list[str]:
    return [
        "",
        "Copy that one file (never the .key files) to each machine whose browser opens SillyTavern, and there:",
        f'  Windows        certutil -user -addstore Root "{file}"',
        "  macOS          security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ca.pem",
        "  Linux, Chrome  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Tavernlink -i ca.pem",
        "  Firefox        Settings, Certificates, View Certificates, Authorities, Import; tick websites",
        "  Android        Settings, Security, Install a certificate, CA certificate",
        "  iOS            open the file, install the profile, then General, About, Certificate Trust Settings",
        "  programs       --ca FILE, connect(…, ca=FILE), TAVERNLINK_CA; Node: NODE_EXTRA_CA_CERTS; curl: --cacert",
        "Compare the fingerprint above with what the browser shows, then reload SillyTavern.",
    ]
