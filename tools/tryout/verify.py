"""`make verify`: the report of a cloud, from a checkout and an openrc.

It only reads. DEEP=1 also sends canaries (a metric, an alarm and a secret of its own) and removes
them. SERVICES=metric,alarming says what must be there, FORMAT=html what is printed, ANONYMOUS=1
blanks out names and addresses, VERIFY_TIMEOUT and CANARY_TIMEOUT are seconds, as in the charm's
options. Exit code 0 only when the stack is verified, 1 when it is not, 2 when nothing was asked.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping

import msgspec

import config
from coordinator import reconcile
from coordinator.blueprint import loader
from coordinator.checks import runner
from coordinator.checks.canaries import lifecycle
from coordinator.juju.sight import Sight
from coordinator.openstack.proxies import Proxies
from coordinator.report import render
from coordinator.report.render import Form
from coordinator.report.report import Report
from coordinator.request import DEFAULT_THRESHOLDS, Depth, Request
from coordinator.upgrade import command, packages
from coordinator.upgrade.backends import Backends
from coordinator.upgrade.decision import Decision, Step
from coordinator.upgrade.policy import Method, Trigger, UpgradePolicy
from coordinator.upgrade.record import Record
from coordinator.upgrade.run import Situation
from tools.tryout import access, remedies
from tools.tryout.anonymous import Blanker

USUAL = "metric,alarming,key-manager"


def main(environ: Mapping[str, str]) -> int:
    """Verify, and print the report."""
    try:
        who = access.read(environ)
        request = request_of(who, environ)
        form = form_of(environ.get("FORMAT", ""))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    blank = Blanker((who.credentials.username, who.credentials.project, who.region))
    shown = blank if environ.get("ANONYMOUS") else str

    def tell(line: str) -> None:
        print(shown(line), file=sys.stderr)

    try:
        report = remedies.retold(verify(request, tell), remedies.OF_VERIFY)
    except KeyboardInterrupt:
        print(_stopped(request), file=sys.stderr)
        return 130
    print(shown(render.report_as(form, report, request.blueprint)))
    return 0 if report.verified else 1


def request_of(who: access.Access, environ: Mapping[str, str]) -> Request:
    """The request that the environment describes.

    Raises:
        ValueError: SERVICES names something unknown, or a number of seconds is not allowed.
    """
    blueprint = loader.load()
    known = tuple(blueprint.services)
    usual = DEFAULT_THRESHOLDS
    patience = _seconds(environ, "CANARY_TIMEOUT", usual.canary_timeout)
    required = config.parse_services(environ.get("SERVICES") or USUAL, known)
    return Request(
        credentials=(who.credentials,),
        required=required,
        optional=tuple(service for service in known if service not in required),
        interface=who.interface,
        region=who.region,
        timeout=_seconds(environ, "VERIFY_TIMEOUT", 60),
        certificates=who.certificates,
        proxies=Proxies.from_environment(environ),
        applications={},
        coordinator=remedies.COORDINATOR,
        blueprint=blueprint,
        depth=Depth.FULL if environ.get("DEEP") else Depth.READS,
        thresholds=msgspec.structs.replace(usual, canary_timeout=patience),
        fewer_rights=True,
    )


def _seconds(environ: Mapping[str, str], name: str, usual: int) -> int:
    """The value of the charm's option of that name."""
    parser = config.PARSERS[name.lower().replace("_", "-")]
    try:
        return parser(environ.get(name) or str(usual))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _stopped(request: Request) -> str:
    """The message after a verification that a person interrupted."""
    if request.depth is not Depth.FULL:
        return "stopped; there is no report"
    minutes = math.ceil(lifecycle.longest_life(request).total_seconds() / 60)
    left = f"the next DEEP=1 run after {minutes} minutes removes canaries that are left over"
    return f"stopped; there is no report, and {left}"


def form_of(word: str) -> Form:
    """The form of the report.

    Raises:
        ValueError: there is none of that name; it says which there are.
    """
    try:
        return Form(word or Form.TEXT)
    except ValueError:
        raise ValueError(f"FORMAT: use {', '.join(form.value for form in Form)}") from None


def verify(request: Request, tell: runner.Progress) -> Report:
    """Verify, and judge what only the cloud tells: nothing of Juju is known, or done."""
    backends = Backends(
        policy=UpgradePolicy(Method.ADVISE, Trigger.WHEN_NEEDED, remembers=False),
        command=command.CommandBackend(packages.Source()),
        members=(),
        announce=tell,
    )
    verified = runner.verify(request, progress=tell, announce=tell)
    nothing = Decision(Step.NOTHING, "")
    situation = Situation(verified, Sight(), Record(), nothing)
    return reconcile.judge(request, situation, backends)


if __name__ == "__main__":
    sys.exit(main(os.environ))
