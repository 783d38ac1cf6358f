"""The ways in which ceilometer-upgrade can be run: the action of its charm, and the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from coordinator.juju import errors
from coordinator.juju.sight import Sight
from coordinator.upgrade.command import CommandBackend
from coordinator.upgrade.policy import UpgradePolicy
from coordinator.upgrade.record import Record

if TYPE_CHECKING:
    from coordinator.juju.action import ActionBackend


class Backends(msgspec.Struct, frozen=True):
    """The ways that there are, and what is allowed of them.

    Attributes:
        policy: what the operator allows.
        command: runs the command; also tells which version of Ceilometer it is of.
        members: related applications that are Ceilometer.
        announce: told one line before something takes long.
        action: looks at ceilometer's charm and runs its action; None without access to the
            controller.
        barred: why there is no such access although it is wanted, None when it is not wanted.
    """

    policy: UpgradePolicy
    command: CommandBackend
    members: tuple[str, ...]
    announce: Callable[[str], None]
    action: ActionBackend | None = None
    barred: errors.JujuFault | None = None

    def see(self, record: Record) -> Sight:
        """Ceilometer's application, and the task that was begun, as far as they can be seen."""
        related = next(iter(self.members), "")
        if self.action is None:
            return Sight(self.barred, related=related)
        return self.action.look(record.running.task if record.running else "", related)

    def can_act(self, sight: Sight) -> bool:
        """Whether ceilometer's own action could be run now."""
        return self.policy.allows_action and sight.seen is not None

    def application_to_run(self, sight: Sight, coordinator: str) -> str:
        """Whose action a person is told to run: ours, unless it would refuse."""
        ours = self.policy.can_run and (self.policy.allows_command or self.can_act(sight))
        return coordinator if ours else sight.name


class Attempt(msgspec.Struct, frozen=True):
    """What came of beginning ceilometer's own action.

    Attributes:
        task: number of the task that was begun or taken over; empty without one.
        fault: why there is none; None where none was to be begun.
        unclear: it may have been begun all the same.
    """

    task: str = ""
    fault: errors.JujuFault | None = None
    unclear: bool = False


def begin_action(backends: Backends, sight: Sight, *, anew: bool) -> Attempt:
    """Take over a task of ceilometer's own action that waits or runs, or begin one anew."""
    target = sight.application
    if not backends.policy.allows_action or target is None:
        return Attempt()
    if isinstance(target, errors.JujuFault):
        return Attempt(fault=target)
    if backends.action is None:
        raise ValueError("an application was seen without a way to see it")
    try:
        return Attempt(backends.action.controller.start(target.name, anew=anew))
    except errors.UnclearError as unclear:
        return Attempt(fault=unclear.fault, unclear=True)
    except errors.JujuError as refused:
        return Attempt(fault=refused.fault)
