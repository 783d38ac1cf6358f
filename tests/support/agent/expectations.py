"""What several tests expect of a unit and its hooks."""

from __future__ import annotations

from tests.support.agent.agent import Agent
from tests.support.agent.unit_state import HookResult

RUNNING = "running ceilometer-upgrade"
VERIFIED = "metric, alarming, key-manager"


def assert_quiet(result: HookResult) -> None:
    """The hook succeeded and logged nothing that would alarm an operator."""
    assert result.succeeded, result.text()
    loud = [line for line in result.log if line.level in ("WARNING", "ERROR", "CRITICAL")]
    assert not loud
    assert result.stderr == ""


def assert_at_rest(agent: Agent) -> None:
    """The unit comes to rest, and stays there.

    Whatever is due runs. The next update-status may find what a test did to the world behind the
    charm's back; if so, the one after it writes no databag and causes no hook.
    """
    agent.settle()
    if agent.agenda.is_removed:
        return
    quiet = agent.hook("update-status")
    if quiet.written or agent.due:
        agent.settle()
        quiet = agent.hook("update-status")
    assert quiet.succeeded, quiet.text()
    assert not quiet.written, f"update-status without news wrote {quiet.written}"
    assert agent.due is None, f"update-status without news caused {agent.due}"


def assert_verified(agent: Agent) -> None:
    """The unit and, since it leads, the application say that the stack is verified."""
    assert agent.unit_status.name == "active", agent.unit_status
    assert VERIFIED in agent.unit_status.message, agent.unit_status
    assert agent.app_status == agent.unit_status


def runs(agent: Agent) -> list[str]:
    """The lines of the log that announce a run of ceilometer-upgrade."""
    return [line.message for line in agent.log if line.message.startswith(RUNNING)]
