"""What a hook wrote into databags, whom Juju tells of it, and how much a databag holds."""

from __future__ import annotations

import dataclasses

from tests.support.agent import processes, unit_state

QUOTA = 16 * 1024 * 1024
"""Bytes that keys and values of one databag may have (recordings/relations.txt)."""
EXCEEDED = (
    "update relation settings: checking relation settings size: "
    f"max allowed total size ({QUOTA}): quota limit exceeded\n"
)


@dataclasses.dataclass(frozen=True)
class Write:
    """A databag that a hook changed: that of the unit, or with `app` of its application."""

    relation_id: int
    endpoint: str
    app: bool
    is_peer: bool

    def __str__(self) -> str:
        return f"{self.endpoint}:{self.relation_id} {'app' if self.app else 'unit'}"


def between(before: unit_state.Databags, after: unit_state.Databags) -> list[Write]:
    """The own databags that differ; one that was written with what it held does not."""
    found: list[Write] = []
    for number, relation in after.relations.items():
        old = before.relations[number]
        if relation.local_app_data != old.local_app_data:
            found.append(Write(number, relation.endpoint, True, relation.is_peer))
        if relation.local_unit_data != old.local_unit_data:
            found.append(Write(number, relation.endpoint, False, relation.is_peer))
    return found


def tell_writer(databags: unit_state.Databags, written: list[Write]) -> None:
    """Let the writer be told what Juju tells it: a change of its own peer application databag.

    Of its unit databag, and of its application's elsewhere, it hears nothing.
    """
    for write in written:
        if write.app and write.is_peer:
            databags.relations[write.relation_id].app_change.made += 1


def within_quota(
    outcome: processes.Outcome,
    databags: unit_state.Databags,
    action: unit_state.ActionRun | None,
) -> processes.Outcome:
    """The outcome of a run; one that filled a databag beyond the quota fails at its end.

    Under `juju exec` the text was recorded and the exit code was 0. That a hook fails is believed.
    """
    bags = [
        bag
        for relation in databags.relations.values()
        for bag in (relation.local_unit_data, relation.local_app_data)
    ]
    if all(sum(len(k) + len(v) for k, v in bag.items()) <= QUOTA for bag in bags):
        return outcome
    if action is not None and action.name == unit_state.EXEC:
        return dataclasses.replace(outcome, stdout=outcome.stdout + EXCEEDED)
    return dataclasses.replace(outcome, exit_code=1, stderr=outcome.stderr + EXCEEDED)
