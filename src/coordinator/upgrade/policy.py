"""The operator's policy about ceilometer-upgrade."""

from __future__ import annotations

import enum

import msgspec


class Method(enum.Enum):
    """Ways to run ceilometer-upgrade (option `upgrade-method`)."""

    AUTO = "auto"
    ACTION = "action"
    COMMAND = "command"
    ADVISE = "advise"


class Trigger(enum.Enum):
    """Reasons to run ceilometer-upgrade (option `upgrade-policy`)."""

    ON_CHANGE = "on-change"
    WHEN_NEEDED = "when-needed"


class UpgradePolicy(msgspec.Struct, frozen=True):
    """The policy, as the options have it.

    Attributes:
        remembers: what is done can be recorded; without that, nothing is done.
    """

    method: Method
    trigger: Trigger
    remembers: bool = True

    @property
    def can_run(self) -> bool:
        """True if it may be run at all; else it is only advised."""
        return self.method is not Method.ADVISE and self.remembers

    @property
    def allows_action(self) -> bool:
        """True if the action of ceilometer's own charm may be run."""
        return self.method in {Method.AUTO, Method.ACTION}

    @property
    def allows_command(self) -> bool:
        """True if the command may be run here, where the action cannot be."""
        return self.method in {Method.AUTO, Method.COMMAND}

    @property
    def runs_on_change(self) -> bool:
        """True if a change of what the upgrade depends on is a reason, not the proof alone."""
        return self.trigger is Trigger.ON_CHANGE

    @property
    def follows_charm_request(self) -> bool:
        """True if it is a reason that ceilometer's charm asks for its action.

        Not where only the command may be run, which does not make the charm stop asking, nor where
        the proof alone counts.
        """
        return self.runs_on_change and self.method is not Method.COMMAND
