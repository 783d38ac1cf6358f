"""Certificates in PEM form: judged, joined, trusted, and their ends."""

from __future__ import annotations

import datetime
import functools
import pathlib
import re
import ssl
from collections.abc import Iterable, Mapping

SYSTEM_STORE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
"""CA certificates that the operating system trusts (Debian and Ubuntu: ca-certificates)."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----")


@functools.cache
def fault_of(text: str) -> str:
    """The fault of a text that should hold PEM certificates; empty when there is none."""
    certificates = _joined([text])
    if not certificates:
        return "no certificate in it"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        return "a certificate in it cannot be read"
    return ""


def bundle(certificates: Iterable[str]) -> str:
    """The system's certificates and some more, as one PEM text."""
    system = SYSTEM_STORE.read_text("ascii", "replace") if SYSTEM_STORE.exists() else ""
    return _joined([system, *certificates])


def trusting(certificates: Iterable[str]) -> ssl.SSLContext:
    """The context of a client that trusts the system's certificates and some more.

    Args:
        certificates: PEM texts in which `fault_of` finds no fault.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if SYSTEM_STORE.exists():
        context.load_verify_locations(cafile=str(SYSTEM_STORE))
    else:
        context.load_default_certs()
    if own := _joined(certificates):
        context.load_verify_locations(cadata=own)
    return context


def validity_of(pem: str) -> datetime.datetime | None:
    """The first end of any CA certificate in a PEM text.

    None where the text holds none, or a certificate that cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=_joined([pem]))
        ends = [end for one in context.get_ca_certs() if (end := end_of(one))]
    except (ssl.SSLError, ValueError):
        return None
    return min(ends, default=None)


def end_of(certificate: Mapping[str, object] | None) -> datetime.datetime | None:
    """The end of a certificate that `ssl` shows; None where it shows none."""
    text = (certificate or {}).get("notAfter")
    if not isinstance(text, str):
        return None
    return datetime.datetime.fromtimestamp(ssl.cert_time_to_seconds(text), datetime.timezone.utc)


def _joined(texts: Iterable[str]) -> str:
    """The certificates in some texts, without the keys, lists and comments round them."""
    return "".join(f"{block}\n" for text in texts for block in _CERTIFICATE.findall(text))
