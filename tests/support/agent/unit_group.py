"""Several units of one model, each with an agent of its own: what one writes, others are told."""

from __future__ import annotations

import collections.abc
import copy
import pathlib
import types
import typing

from tests.support.agent import agent as agent_agent
from tests.support.agent import unit_state, writes

MakeCharm = collections.abc.Callable[[str], pathlib.Path]
"""Gets an application's name and gives the unpacked charm of one more unit of it."""
Ends = tuple[tuple[str, str], tuple[str, str]]
"""Application and endpoint of both ends of a relation; those of a peer relation are one."""


@typing.final
class UnitGroup:
    """The units of a model, by name, and the relations between their applications.

    Each method does what an operator does; `settle` then lets every agent run what is due, one
    hook a turn. The first unit of an application leads it.
    """

    def __init__(
        self, make_charm: MakeCharm, first_relation: int = 0, juju_version: str = "4.0.14"
    ) -> None:
        """Make a model without applications; relations are numbered from `first_relation`."""
        self.units: dict[str, agent_agent.Agent] = {}
        self._make_charm = make_charm
        self._version = juju_version
        self._ends: dict[int, Ends] = {}
        self._next_relation = first_relation
        self._next_unit: dict[str, int] = {}
        self._in_scope: set[tuple[str, int]] = set()

    def __enter__(self) -> UnitGroup:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        for unit in self.units.values():
            unit.close()

    def of(self, app: str) -> list[agent_agent.Agent]:
        """The units of an application that are not removed."""
        return [u for u in self.units.values() if u.app == app and not u.agenda.is_removed]

    # What an operator does

    def add_unit(self, app: str) -> agent_agent.Agent:
        """`juju deploy` for the first unit of an application, `juju add-unit` for others."""
        number = self._next_unit.get(app, 0)
        self._next_unit[app] = number + 1
        siblings = self.of(app)
        unit = agent_agent.Agent(
            self._make_charm(app),
            app,
            number,
            leader=not siblings,
            address=f"192.0.2.{10 + len(self.units)}",
            juju_version=self._version,
        )
        self.units[unit.unit] = unit
        unit.observer = self._tell
        unit.peer_statuses = lambda: {
            sibling.unit: sibling.unit_status for sibling in self.of(app)
        }
        unit.databags.relations.clear()
        if not siblings:
            for endpoint in unit.files.peers:
                self._ends[self._next_relation] = ((app, endpoint), (app, endpoint))
                self._next_relation += 1
        for number in self._ends:
            self._join(unit, number)
        if siblings:
            unit.config(siblings[0].set_options)
        unit.start_deployment()
        return unit

    def integrate(self, one: str, other: str) -> int:
        """`juju integrate APP:ENDPOINT APP:ENDPOINT`; gives the relation's number."""
        number, self._next_relation = self._next_relation, self._next_relation + 1
        first, second = (tuple(end.split(":", 1)) for end in (one, other))
        self._ends[number] = ((first[0], first[1]), (second[0], second[1]))
        for unit in self.units.values():
            self._join(unit, number)
        return number

    def remove_relation(self, number: int) -> None:
        """`juju remove-relation`."""
        del self._ends[number]
        for unit in self.units.values():
            if number in unit.databags.relations:
                unit.relation(number).is_dying = True

    def remove_unit(self, name: str) -> None:
        """`juju remove-unit`. Of a leader, another unit takes the place once it is gone."""
        self.units[name].remove()

    def remove_application(self, app: str) -> None:
        """`juju remove-application`: its relations, then its units."""
        for number, ends in list(self._ends.items()):
            if app in {end[0] for end in ends} and ends[0] != ends[1]:
                self.remove_relation(number)
        for unit in self.of(app):
            unit.remove()

    # What the controller does

    def settle(self, bound: int = 200) -> list[unit_state.HookResult]:
        """Let all units run what is due, one hook a turn, until nothing is.

        Raises:
            NotSettledError: if more than `bound` hooks would run.
        """
        ran: list[unit_state.HookResult] = []
        while any(unit.due for unit in self.units.values()):
            for unit in self.units.values():
                if len(ran) >= bound and unit.due is not None:
                    text = agent_agent.restlessness(ran, f"{unit.unit} {unit.due.name}")
                    raise agent_agent.NotSettledError(text)
                result = unit.step()
                if result is not None:
                    ran.append(result)
                    self._follow(unit)
        return ran

    def _join(self, unit: agent_agent.Agent, number: int) -> None:
        """Let a unit know a relation of its application; its created hook is due."""
        ends = self._ends[number]
        for (app, endpoint), (remote, _) in (ends, ends[::-1]):
            if app != unit.app or number in unit.databags.relations:
                continue
            is_peer = ends[0] == ends[1]
            relation = unit.add_relation(endpoint, remote, is_peer, number)
            siblings = [other for other in self.of(app) if number in other.databags.relations]
            relation.local_app_data.update(siblings[0].relation(number).local_app_data)
            if is_peer:
                relation.app_change.made = int(bool(relation.local_app_data))
            for other in self.of(remote)[:1]:
                if not is_peer and number in other.databags.relations:
                    unit.update_remote(number, remote, other.relation(number).local_app_data)

    def _follow(self, unit: agent_agent.Agent) -> None:
        """After a hook: the unit entered or left relations, or is gone."""
        numbers = set(unit.databags.relations)
        for number in numbers:
            if unit.relation(number).is_created and (unit.unit, number) not in self._in_scope:
                self._enter(unit, number)
        for name, number in sorted(self._in_scope):
            if name == unit.unit and number not in numbers:
                self._in_scope.discard((name, number))
                for other in self._others(unit, number):
                    other.remove_remote(number, name)
        if unit.agenda.is_removed and unit.leader:
            unit.leader = False
            for successor in self.of(unit.app)[:1]:
                successor.elect()

    def _enter(self, unit: agent_agent.Agent, number: int) -> None:
        """A unit is in a relation from its created hook on: then both sides see each other."""
        for other in self._others(unit, number, with_siblings=False):
            other.update_remote(number, unit.unit, unit.relation(number).local_unit_data)
            unit.update_remote(number, other.unit, other.relation(number).local_unit_data)
        self._in_scope.add((unit.unit, number))

    def _others(
        self, unit: agent_agent.Agent, number: int, *, with_siblings: bool = False
    ) -> list[agent_agent.Agent]:
        """The units in a relation that see this unit's databag, or all but this unit."""
        return [
            other
            for other in self.units.values()
            if other is not unit
            and (other.unit, number) in self._in_scope
            and number in other.databags.relations
            and (with_siblings or other.relation(number).remote_app == unit.app)
        ]

    def _tell(
        self,
        writer: agent_agent.Agent,
        databags: unit_state.Databags,
        written: list[writes.Write],
    ) -> None:
        """Bring what a unit wrote to those that can read it."""
        for write in written:
            relation = databags.relations[write.relation_id]
            owner = writer.app if write.app else writer.unit
            data = copy.copy(relation.local_app_data if write.app else relation.local_unit_data)
            for other in self._others(writer, relation.id, with_siblings=write.app):
                theirs = other.relation(relation.id)
                if theirs.remote_app == writer.app:
                    if write.app or writer.unit in theirs.remote_units:
                        other.update_remote(relation.id, owner, data, replace=True)
                else:
                    theirs.local_app_data = dict(data)
