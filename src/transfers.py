"""CA certificates that other charms transfer over receive-ca-cert, read by its library."""

from __future__ import annotations

from typing import Any

import ops

ENDPOINT = "receive-ca-cert"


class Transfers:
    """The endpoint receive-ca-cert; its library is loaded only where there is a relation.

    Source of the dialects: charmlibs.interfaces.certificate_transfer, versions 0 and 1.
    """

    def __init__(self, charm: ops.CharmBase) -> None:
        self._relations = charm.model.relations[ENDPOINT]
        self._library: Any = None
        if self._relations:
            from charmlibs.interfaces import certificate_transfer  # noqa: PLC0415 - loads pydantic

            self._library = certificate_transfer.CertificateTransferRequires(charm, ENDPOINT)

    def certificates(self) -> dict[str, str]:
        """PEM texts by their source; what cannot be read is among them, to be reported as such."""
        if self._library is None:
            return {}
        found: dict[int, list[str]] = self._library.get_all_certificates_by_relation()
        texts: dict[str, str] = {}
        for relation in self._relations:
            sent = found.get(relation.id, [])
            for number, certificate in enumerate(sent, start=1):
                texts[f"{relation.app.name} (certificate {number})"] = certificate
            if not sent and _holds_something(relation):
                texts[f"{relation.app.name} (unreadable)"] = ""
        return texts


def _holds_something(relation: ops.Relation) -> bool:
    """Whether a databag holds certificates in a form that the library reads as none."""
    if not relation.active:
        return False
    return relation.data[relation.app].get("certificates", "") not in ("", "[]")
