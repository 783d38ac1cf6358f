"""The relations of a unit and their databags; each endpoint is asked about once."""

from __future__ import annotations

import ops

from relations.databags import Databag


class Related:
    """The relations of a unit that are not being broken."""

    def __init__(self, model: ops.Model, unrelated: str = "") -> None:
        """Read nothing yet.

        Args:
            model: the Juju model as this unit sees it.
            unrelated: endpoints that had no relation at the last hook. They are not asked about
                again, since Juju announces each relation by a hook.
        """
        self._model = model
        self._empty = set(unrelated.split())

    @property
    def unrelated(self) -> str:
        """Endpoints that were asked about and have no relation, separated by blanks."""
        return " ".join(sorted(self._empty))

    def active(self, endpoint: str) -> list[ops.Relation]:
        """The relations of an endpoint."""
        if endpoint in self._empty:
            return []
        found = self._model.relations[endpoint]
        if not found:
            self._empty.add(endpoint)
        return [relation for relation in found if relation.active]

    def units(self, endpoint: str) -> dict[str, Databag]:
        """Databags of the units of an endpoint, by their names."""
        return {
            name: databag
            for relation in self.active(endpoint)
            for name, databag in of_units(relation).items()
        }


def of_units(relation: ops.Relation) -> dict[str, Databag]:
    """Databags of the units of a relation, by their names."""
    return {unit.name: read(relation, unit) for unit in relation.units}


def read(relation: ops.Relation, entity: ops.Unit | ops.Application) -> dict[str, str]:
    """A databag; that of a unit that is departing may be gone already."""
    try:
        return dict(relation.data[entity])
    except ops.ModelError:
        return {}
