"""Certificates in PEM form: told from rubbish, and joined into one bundle."""

from __future__ import annotations

import functools
import pathlib
import re
from collections.abc import Iterable

SYSTEM_STORE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
"""CA certificates that the operating system trusts (Debian and Ubuntu: ca-certificates)."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----")


@functools.cache
def problem_of(text: str) -> str:
    """What is wrong with a text that should hold PEM certificates; empty when nothing is."""
    certificates = "\n".join(_certificates(text))
    if not certificates:
        return "no certificate in it"
    import ssl  # noqa: PLC0415 - only clouds with TLS need it

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=certificates)
    except (ssl.SSLError, ValueError):
        return "a certificate in it cannot be read"
    return ""


def bundle(certificates: Iterable[str]) -> str:
    """The system's certificates and some more, as one PEM text."""
    system = SYSTEM_STORE.read_text("ascii", "replace") if SYSTEM_STORE.exists() else ""
    found = (block for text in (system, *certificates) for block in _certificates(text))
    return "".join(f"{block}\n" for block in found)


def _certificates(text: str) -> list[str]:
    """The certificates in a text, without the keys, lists and comments that may be round them."""
    return _CERTIFICATE.findall(text)
