"""Certificates in PEM form: told from rubbish, joined, trusted, and how long they are good."""

from __future__ import annotations

import base64
import binascii
import datetime
import functools
import pathlib
import re
import ssl
from collections.abc import Iterable, Sequence

SYSTEM_STORE = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
"""CA certificates that the operating system trusts (Debian and Ubuntu: ca-certificates)."""

_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]*-----END CERTIFICATE-----")

# Tags of DER (X.690, section 8.1.2) that a certificate begins with (RFC 5280, section 4.1)
_SEQUENCE = 0x30
_VERSION = 0xA0
_UTC_TIME = 0x17
_GENERALIZED_TIME = 0x18


@functools.cache
def problem_of(text: str) -> str:
    """What is wrong with a text that should hold PEM certificates; empty when nothing is."""
    certificates = "\n".join(_certificates(text))
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
    found = (block for text in (system, *certificates) for block in _certificates(text))
    return "".join(f"{block}\n" for block in found)


def trusting(certificates: Sequence[str]) -> ssl.SSLContext:
    """What a client needs to trust the system's certificates and some more, and nothing else.

    Args:
        certificates: PEM texts in which `problem_of` finds no problem.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if SYSTEM_STORE.exists():
        context.load_verify_locations(cafile=str(SYSTEM_STORE))
    else:
        context.load_default_certs()
    own = "\n".join(block for text in certificates for block in _certificates(text))
    if own:
        context.load_verify_locations(cadata=own)
    return context


def validity_of(pem: str) -> datetime.datetime | None:
    """When the certificates in a PEM text end: the first end of any of them.

    None where the text holds no certificate, or one that cannot be read. Source: RFC 5280, section
    4.1: `Certificate`, `TBSCertificate`, `Validity`.
    """
    try:
        ends = [_end_of(_decoded(block)) for block in _certificates(pem)]
    except (ValueError, IndexError, binascii.Error):
        return None
    return min(ends, default=None)


def _certificates(text: str) -> list[str]:
    """The certificates in a text, without the keys, lists and comments that may be round them."""
    return _CERTIFICATE.findall(text)


def _decoded(block: str) -> bytes:
    return base64.b64decode("".join(block.splitlines()[1:-1]), validate=True)


def _end_of(certificate: bytes) -> datetime.datetime:
    """The end of the validity of a certificate in DER.

    Raises:
        ValueError, IndexError: it is none.
    """
    body = _first(_first(certificate, _SEQUENCE), _SEQUENCE)
    parts = _parts(body)
    if parts[0][0] == _VERSION:
        parts = parts[1:]
    # serial number, algorithm, issuer, validity
    tag, validity = parts[3]
    if tag != _SEQUENCE:
        raise ValueError("no validity")
    return _time(*_parts(validity)[1])


def _first(content: bytes, tag: int) -> bytes:
    """The content of the first element, which must have this tag."""
    found, inside, _ = _element(content)
    if found != tag:
        raise ValueError(f"tag {found} instead of {tag}")
    return inside


def _parts(content: bytes) -> list[tuple[int, bytes]]:
    """Tags and contents of the elements in a row."""
    found: list[tuple[int, bytes]] = []
    while content:
        tag, inside, content = _element(content)
        found.append((tag, inside))
    return found


def _element(content: bytes) -> tuple[int, bytes, bytes]:
    """Tag and content of the first element, and what follows it (X.690, section 8.1)."""
    tag, length, begin = content[0], content[1], 2
    if length & 0x80:
        begin += length & 0x7F
        length = int.from_bytes(content[2:begin], "big")
    end = begin + length
    if end > len(content):
        raise ValueError("cut off")
    return tag, content[begin:end], content[end:]


def _time(tag: int, content: bytes) -> datetime.datetime:
    """A time (RFC 5280, section 4.1.2.5): years of two digits are from 1950 to 2049."""
    text = content.decode("ascii")
    if tag == _UTC_TIME:
        text = f"{'19' if int(text[:2]) >= 50 else '20'}{text}"
    elif tag != _GENERALIZED_TIME:
        raise ValueError(f"tag {tag} instead of a time")
    if not re.fullmatch(r"[0-9]{14}Z", text):
        raise ValueError("no time in UTC")
    month, day, hour, minute, second = (int(text[i : i + 2]) for i in range(4, 14, 2))
    return datetime.datetime(
        int(text[:4]), month, day, hour, minute, second, tzinfo=datetime.timezone.utc
    )
