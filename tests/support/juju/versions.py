"""In which words Juju 3.6 and 4.0 differ, as far as the coordinator hears them.

What 4.0 says is recorded (recordings/). Nothing of 3.6 is: its words come from the source named
beside them, or are believed.
"""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Wording:
    """Words of one version. Templates are over the names in them.

    Attributes:
        first: number of the first operation; its task comes next in the same series.
        summary: of an operation, over action and tag.
        no_model: to a user without any model, over controller and model.
        no_task: over number.
        no_action: over action and unit.
        no_actions: over charm; where a charm has none at all.
        no_leader: over application.
        schedules: whether what cannot be enqueued is an operation that failed, with exit code 0.
        untrusted: what a certificate of another CA is told.
        checks_uuid: whether a controller with another UUID than expected is refused.
        tells_life: whether `alive` is told.
        empty_answer: what is printed as JSON beside an error.
        lost_agent, lost_unit: messages of a unit whose agent is lost, the latter over unit.
    """

    first: int
    summary: str
    no_model: str
    no_task: str
    no_action: str
    no_actions: str
    no_leader: str
    schedules: bool
    untrusted: str
    checks_uuid: bool
    tells_life: bool
    empty_answer: str
    lost_agent: str
    lost_unit: str


JUJU_4_0 = Wording(
    first=0,
    summary='action "{action}"',
    no_model="models for controller {controller} not found",
    no_task="id not found",
    no_action='action "{action}" not defined for unit "{unit}". (not found)',
    no_actions="no actions defined for charm {charm}. (not found)",
    no_leader='getting leader unit for {application}: application "{application}" not found in '
    "leases (not found)",  # recorded for an application that is not there, believed of one
    # without units
    schedules=False,
    untrusted="unable to connect to API: tls: failed to verify certificate: x509: certificate "
    "signed by unknown authority",
    checks_uuid=False,
    tells_life=True,
    empty_answer="{}\n",
    lost_agent="agent is not communicating with the server",
    lost_unit="agent lost, see `juju debug-logs` or `juju show-status-log` for more information",
)
"""Recorded, but for what is marked."""

JUJU_3_6 = Wording(
    # juju/juju, branch 3.6: state/action.go: operations and tasks are of one sequence, which
    # begins with 1 (sequence.go)
    first=1,
    # cmd/juju/action/listoperations_test.go
    summary="{action} run on {tag}",
    # cmd/modelcmd/base.go: a model that is not in the refreshed list
    no_model="model {controller}:{model} not found",
    # believed
    no_task="task {number} not found",
    # apiserver/facades/client/action/run.go and state/action.go
    no_action='action "{action}" not defined on unit "{unit}"',
    # state/unit.go, ActionSpecs
    no_actions='no actions defined on charm "{charm}"',
    # apiserver/facades/client/action/operation.go
    no_leader='could not determine leader for "{application}"',
    schedules=True,
    # crypto/x509; believed that the client adds no more
    untrusted="unable to connect to API: x509: certificate signed by unknown authority",
    # believed
    checks_uuid=True,
    # cmd/juju/status/formatter.go: life is told of what is not alive
    tells_life=False,
    # cmd/output.go of juju/cmd: nothing is written beside an error; believed
    empty_answer="",
    # apiserver/common/unitstatus.go
    lost_agent="agent is not communicating with the server",
    lost_unit="agent lost, see 'juju show-status-log {unit}'",
)
"""Not recorded."""


def of(version: str) -> Wording:
    """The words of a version such as `3.6.9`."""
    return JUJU_4_0 if version.startswith("4") else JUJU_3_6
