"""`python -m tests.rehearsal`: boots the real services and plays the main job, or a fault.

Exit code 0 only when every step ended as the story says, and the README's sample is as printed.
"""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
import tempfile

from tests.rehearsal import sample, scenarios, source_charm
from tests.rehearsal.scenarios import SCENARIOS
from tests.rehearsal.screen import Screen
from tests.rehearsal.story import Step, Story
from tests.support.agent.agent import Agent
from tests.support.openstack import Release, Stack

PAGE = pathlib.Path(__file__).parents[2] / ".tools" / "rehearsal" / "report.html"
"""Where the last report is kept as a page."""

README = source_charm.ROOT / "README.md"


def main() -> int:
    parser = argparse.ArgumentParser(prog="rehearsal", description=__doc__)
    parser.add_argument(
        "--release",
        choices=[release.value for release in Release],
        default=Release.LATEST.value,
        help="release set of the services (default: %(default)s)",
    )
    parser.add_argument(
        "--scenario", default="", metavar="NAME", help="play a fault; help lists them"
    )
    arguments = parser.parse_args()
    release, name = Release(arguments.release), str(arguments.scenario)
    if name and name not in SCENARIOS:
        print(f"Faults that can be played:\n{scenarios.listed()}")
        return 0 if name == "help" else 2
    if name and not SCENARIOS[name].cloud:
        print(SCENARIOS[name].tells())
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    screen = Screen()
    screen.text(f"Booting Keystone, Gnocchi, Aodh, Barbican and Watcher ({release.value}) ...")
    stack = Stack(release)
    try:
        stack.up(progress=screen.progress)
        missing = scenarios.needs_of(stack, name)
        if missing:
            screen.text(f"\nThis cannot be played here: {missing}")
            return 1
        failed = _play(stack, screen, name)
    except KeyboardInterrupt:
        screen.text("\nInterrupted; everything is being stopped.")
        return 130
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        stack.down()
    if failed:
        screen.text(f"\nThe rehearsal failed: {failed} steps did not end as the story says.")
        return 1
    return _conclude(screen, README.read_text() if release is Release.LATEST and not name else "")


def _conclude(screen: Screen, readme: str) -> int:
    """Say that all is over; what the README shows must have been printed."""
    if lacking := sample.missing(readme, screen.lines) if readme else []:
        screen.text("\nThe README shows what was not printed:")
        screen.text("\n".join(lacking), indent=2)
        return 1
    screen.text("\nThe rehearsal is over: every step ended as the story says.")
    screen.text(f"Its last report, for a browser: {PAGE}")
    return 0


def _play(stack: Stack, screen: Screen, scenario: str) -> int:
    """Play every step and return how many did not end as they should."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        charm = source_charm.make(pathlib.Path(folder))
        seam = {source_charm.SEAM: str(stack.ceilometer_upgrade)}
        with Agent(charm, environment=seam) as agent:
            story = Story(agent, stack)
            steps = story.steps()
            if scenario:
                steps = [story.begin(), *SCENARIOS[scenario].steps(story)]
            try:
                outcomes = [
                    _play_step(agent, screen, step, f"{number}", len(steps))
                    for number, step in enumerate(steps, start=1)
                ]
                _keep_page(agent)
            finally:
                for end in story.at_end:
                    end()
    return outcomes.count(False)


def _keep_page(agent: Agent) -> None:
    """Keep the last report as a page, and let the unit remove its own."""
    page = agent.action("show-report", {"format": "html"}).results.get("report")
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(str(page), encoding="utf-8")
    for hook in ("stop", "remove"):
        agent.hook(hook)


def _play_step(agent: Agent, screen: Screen, step: Step, number: str, total: int) -> bool:
    screen.heading(int(number), total, step.title)
    seen = len(agent.log)
    step.act()
    for line in agent.log[seen:]:
        if "ceilometer-upgrade" in line.message:
            screen.text(f"log: {line.message}", indent=2)
    screen.text("$ juju status telemetry-coordinator")
    status = agent.unit_status
    screen.status(agent.unit, status.name, status.message, agent.workload_version or "")
    deep = " deep=true" if step.deep else ""
    screen.text(f"$ juju run telemetry-coordinator/leader verify-stack{deep}")
    action = agent.action("verify-stack", {"deep": step.deep})
    report = action.results.get("report")
    screen.text(report if isinstance(report, str) else f"failed: {action.message}", indent=2)
    good = (
        status.name == step.status
        and step.message in status.message
        and (action.status == "completed") is step.verified
    )
    verb = "succeeds" if step.verified else "fails"
    if not good:
        screen.text("\n".join(f"{line.level}: {line.message}" for line in agent.log[seen:]), 2)
    screen.outcome(good, f"{step.status}, '{step.message}', verify-stack {verb}")
    return good


if __name__ == "__main__":
    sys.exit(main())
