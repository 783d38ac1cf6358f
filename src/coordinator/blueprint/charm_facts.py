"""What the charms of the field can be told, and where they keep data: `charm_facts.yaml`."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Mapping

import msgspec

from coordinator.blueprint import data

_PATH = pathlib.Path(__file__).with_name("charm_facts.yaml")


class CharmFacts(msgspec.Struct, frozen=True):
    """Facts of one charm; all empty for one that is not known.

    Attributes:
        options: options that it has, as far as they may be named.
        stores: endpoints behind which its data live.
        without: those of them that it can run without.
        instead: endpoint → others, of which one that is integrated makes it needless.
    """

    options: frozenset[str] = frozenset()
    stores: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()
    instead: Mapping[str, tuple[str, ...]] = {}


_UNKNOWN = CharmFacts()


def of(charm: str) -> CharmFacts:
    """The facts of a charm."""
    return _known().get(charm, _UNKNOWN)


@functools.cache
def _known() -> Mapping[str, CharmFacts]:
    entries = data.read(_PATH)
    return {
        charm: CharmFacts(
            options=frozenset((*entry["options"], *entry.get("more_options", ()))),
            stores=frozenset(entry["stores"]),
            without=frozenset(entry.get("without", ())),
            instead={key: tuple(others) for key, others in entry.get("instead", {}).items()},
        )
        for charm, entry in entries.items()
    }
