"""CA certificates that other charms transfer over receive-ca-cert.

The interface is certificate_transfer, in both of its versions. Version 1 has `certificates` in the
application databag, a JSON list of PEM texts. Version 0 has `ca` and `chain` in the databag of
each unit: PEM texts, bare as its first libraries wrote them or as JSON, the chain as a list. A
provider writes version 1 only for a requirer whose application databag says `version: 1`.

They are read here because the interface's library brings pydantic, which was a third of the charm,
and reads nothing of a version 0 whose texts are bare.
Source: charmlibs-interfaces-certificate-transfer 1.1 and the interface's README files.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

import ops

from coordinator.report.kept import Json
from relations.endpoints import TRANSFERS
from relations.related import Related, of_units, read

_VERSION = "1"
_NOTHING = ("", "[]")


def certificates(related: Related) -> dict[str, str]:
    """PEM texts by their source; an unreadable one is empty, to be reported as such."""
    texts: dict[str, str] = {}
    for relation in related.active(TRANSFERS):
        try:
            sent = _sent(relation)
        except ValueError:
            texts[f"{relation.app.name} (unreadable)"] = ""
            continue
        for number, certificate in enumerate(sent, start=1):
            texts[f"{relation.app.name} (certificate {number})"] = certificate
    return texts


def request_version(related: Related, app: ops.Application) -> None:
    """Tell providers which version we read; only the leader can."""
    for relation in related.active(TRANSFERS):
        relation.data[app].update({"version": _VERSION})


def _sent(relation: ops.Relation) -> list[str]:
    """Texts of one provider, each once, in an order that does not depend on the provider.

    Raises:
        ValueError: they are of neither version of the interface.
    """
    application = read(relation, relation.app)
    if application.get("certificates", "") not in _NOTHING:
        texts = _texts(_decoded(application["certificates"]))
    elif application.get("version") == _VERSION:
        texts = []
    else:
        databags = of_units(relation).values()
        texts = [text for databag in databags for text in _texts_of_unit(databag)]
    for text in texts:
        text.encode()  # JSON can hold half a character, which nothing could write down again
    return sorted({text for text in texts if text})


def _texts_of_unit(databag: Mapping[str, str]) -> list[str]:
    """Texts of one unit of a provider of version 0; its `certificate` is no authority."""
    texts: list[str] = []
    for key in ("ca", "chain"):
        value = _decoded(databag.get(key, ""))
        if value is not None:
            texts += [value] if isinstance(value, str) else _texts(value)
    return texts


def _decoded(text: str) -> Json:
    """The value of a JSON text; any other text as it stands."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _texts(value: Json) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError("not a list of texts")
    return [str(text) for text in value]
