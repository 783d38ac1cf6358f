"""Certificates in PEM form: told from rubbish, and joined into one bundle."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Iterable

SYSTEM_STORE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
"""CA certificates that the operating system trusts (Debian and Ubuntu: ca-certificates)."""


@functools.cache
def problem_of(text: str) -> str:
    """What is wrong with a text that should hold PEM certificates; empty when nothing is."""
    if "-----BEGIN CERTIFICATE-----" not in text:
        return "no certificate in it"
    import ssl  # noqa: PLC0415 - only clouds with TLS need it

    plain = text.encode("ascii", "replace").decode()  # people's names around a certificate
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=plain)
    except (ssl.SSLError, ValueError):
        return "a certificate in it cannot be read"
    return ""


def bundle(certificates: Iterable[str]) -> str:
    """The system's certificates and some more, as one PEM text."""
    system = SYSTEM_STORE.read_text(encoding="utf-8") if SYSTEM_STORE.exists() else ""
    return "\n".join(text.strip() for text in (system, *certificates) if text.strip()) + "\n"
