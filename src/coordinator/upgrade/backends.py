"""The ways in which ceilometer-upgrade can be run: the action of its charm, and the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from coordinator.juju.errors import JujuFault
from coordinator.juju.sight import Sight
from coordinator.upgrade.command import CommandBackend
from coordinator.upgrade.policy import UpgradePolicy
from coordinator.upgrade.record import Record

if TYPE_CHECKING:
    from coordinator.juju.action import ActionBackend


class Backends(msgspec.Struct, frozen=True):
    """The ways that there are, and what the operator allows of them.

    Attributes:
        command: runs the command; also tells which version of Ceilometer it is of.
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
    barred: JujuFault | None = None

    def see(self, record: Record) -> Sight:
        """Look at Ceilometer's application and at the task that was begun."""
        related = next(iter(self.members), "")
        if self.action is None:
            return Sight(self.barred, related=related)
        return self.action.look(record.running.task if record.running else "", related)

    def can_act(self, sight: Sight) -> bool:
        """Tell if ceilometer's own action could be run now."""
        return self.policy.allows_action and sight.seen is not None

    def application_to_run(self, sight: Sight, coordinator: str) -> str:
        """The application whose action a person is told to run: ours, unless it would refuse."""
        ours = self.policy.can_run and (self.policy.allows_command or self.can_act(sight))
        return coordinator if ours else sight.name
