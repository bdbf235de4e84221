"""TLS: the certificate that the hub makes for itself, and the context that serves it or one from files."""

from __future__ import annotations

from tavernlink.tls.context import Certificate, open_certificate
from tavernlink.tls.own import OwnCertificate

__all__ = ["Certificate", "OwnCertificate", "open_certificate"]
