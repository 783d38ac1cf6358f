"""Facts about the charms in the field: `charm_facts.yaml`."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Mapping

import msgspec

_PATH = pathlib.Path(__file__).with_name("charm_facts.yaml")


class CharmFacts(msgspec.Struct, frozen=True):
    """Facts of one charm, as the file describes them; all empty for one that is not known."""

    shared_options: frozenset[str] = msgspec.field(default=frozenset(), name="options")
    more_options: frozenset[str] = frozenset()
    stores: Mapping[str, str] = {}
    without: frozenset[str] = frozenset()
    instead: Mapping[str, tuple[str, ...]] = {}

    @property
    def options(self) -> frozenset[str]:
        """Names of its options that may be set or shown."""
        return self.shared_options | self.more_options


def of(charm: str) -> CharmFacts:
    """The facts of a charm."""
    return _known().get(charm, CharmFacts())


@functools.cache
def _known() -> Mapping[str, CharmFacts]:
    return msgspec.yaml.decode(_PATH.read_bytes(), type=dict[str, CharmFacts])
