"""Which hook Juju runs next on a unit, and what is told once that hook has succeeded.

As Juju's uniter does it, from what the unit has been told and what is: a hook that failed first,
then a start, an election, secrets, a refresh, options, relations, and what removes the unit. In a
relation the application's change comes before its units'; units go by their names. Juju goes
through relations in no fixed order (it ranges over a map); here peers are created first and told
last, as in the recordings.
"""

from __future__ import annotations

import collections.abc
import itertools

from tests.support.agent import unit_state
from tests.support.agent.unit_state import DueHook, Presence


def next_hook(agenda: unit_state.Agenda, databags: unit_state.Databags) -> DueHook | None:
    """The next hook of a unit, or None where it is at rest."""
    if agenda.is_removed:
        return None
    relations = sorted(databags.relations.values(), key=lambda relation: relation.id)
    chain = (
        _again(agenda),
        _beginning(agenda, relations),
        _own(agenda),
        _created(relations),
        *(hooks_of(relation) for relation in sorted(relations, key=_peers_last)),
        map(DueHook, agenda.ending),
    )
    return next(itertools.chain.from_iterable(chain), None)


def mark_told(agenda: unit_state.Agenda, databags: unit_state.Databags, due: DueHook) -> None:
    """Note that a hook succeeded, whoever ran it."""
    if agenda.failed is not None and agenda.failed.name == due.name:
        agenda.failed = None
    if due.name in agenda.starting:
        agenda.starting.remove(due.name)
    elif due.name == "config-changed":
        agenda.config_changes = max(0, agenda.config_changes - 1)
    if due.name == "leader-elected":
        agenda.elected = False
    if due.name == "upgrade-charm":
        agenda.refreshed, agenda.config_changes = False, max(1, agenda.config_changes)
    if due.name == "secret-changed" and due.secret_id in agenda.secrets:
        agenda.secrets.remove(due.secret_id)
    if due.name == "stop":
        agenda.ending = ["remove"]
    if due.name == "remove":
        agenda.is_removed = True
    if due.relation_id is not None:
        _mark_relation(databags, databags.relations[due.relation_id], due)


def enter(relation: unit_state.Relation, due: DueHook) -> None:
    """Note what is so from the beginning of a hook on, even if the hook fails."""
    if due.remote_unit:
        unit = relation.remote_units[due.remote_unit]
        gone = due.name.endswith("-relation-departed")
        unit.presence = Presence.GONE if gone else Presence.MEMBER
    change = _change(relation, due)
    change.telling = change.made


def _mark_relation(
    databags: unit_state.Databags, relation: unit_state.Relation, due: DueHook
) -> None:
    event = due.name.rpartition("-")[2]
    if event == "created":
        relation.is_created = True
    if event == "broken":
        del databags.relations[relation.id]
    if event == "changed":
        change = _change(relation, due)
        change.told = change.telling


def _change(relation: unit_state.Relation, due: DueHook) -> unit_state.Change:
    unit = relation.remote_units.get(due.remote_unit)
    return relation.app_change if unit is None else unit.change


Hooks = collections.abc.Iterator[DueHook]


def _again(agenda: unit_state.Agenda) -> Hooks:
    if agenda.failed is not None:
        yield agenda.failed


def _beginning(agenda: unit_state.Agenda, relations: list[unit_state.Relation]) -> Hooks:
    if not agenda.starting:
        return
    if agenda.starting[0] != "install":
        yield from _created(relations)
    yield DueHook(agenda.starting[0])


def _own(agenda: unit_state.Agenda) -> Hooks:
    if agenda.elected:
        yield DueHook("leader-elected")
    for secret in agenda.secrets:
        yield DueHook("secret-changed", secret_id=secret)
    if agenda.refreshed:
        yield DueHook("upgrade-charm")
    if agenda.config_changes:
        yield DueHook("config-changed")


def _created(relations: list[unit_state.Relation]) -> Hooks:
    for relation in sorted(relations, key=lambda relation: not relation.is_peer):
        if not relation.is_created and not relation.is_dying:
            yield DueHook(f"{relation.endpoint}-relation-created", relation.id)


def _peers_last(relation: unit_state.Relation) -> bool:
    # where the unit itself goes, its peers are told first
    return relation.is_peer is not relation.is_dying


def hooks_of(relation: unit_state.Relation) -> Hooks:
    """What is due in a relation whose created hook has run, in its order."""

    def due(event: str, unit: str = "") -> DueHook:
        return DueHook(f"{relation.endpoint}-relation-{event}", relation.id, unit)

    if relation.is_dying:
        yield from (due("departed", unit) for unit in relation.members)
        yield due("broken")
        return
    if relation.app_change.is_news:
        yield due("changed")
    for name, unit in sorted(relation.remote_units.items()):
        if unit.presence is Presence.LEAVING:
            yield due("departed", name)
        elif unit.presence is Presence.COMING:
            yield due("joined", name)
        elif unit.presence is Presence.MEMBER and unit.change.is_news:
            yield due("changed", name)
