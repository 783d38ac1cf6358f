"""P1, P2, P3, P5, P8 and P9: the coordinator against other ways to see the same."""

from __future__ import annotations

import collections.abc
import statistics

from tests.benchmark import clients, measuring
from tests.benchmark.charms import MeteredUnit
from tests.benchmark.figures import Figure
from tests.benchmark.gateway import Request
from tests.benchmark.stage import Stage
from tests.support.agent.agent import Agent

RUNS = 9
LATENCY = 0.2
"""Seconds that an answer takes longer for P5."""
TOKEN = ("POST", "/v3/auth/tokens")
OURS = "telemetry-coordinator"
"""The coordinator's User-Agent begins so; `ceilometer-upgrade` has another."""

Figures = collections.abc.Iterator[Figure]


def verification_against_commands(stage: Stage) -> Figures:
    """P1."""
    command = stage.stack.ceilometer_upgrade.with_name("openstack")
    leader = stage.leader
    tasks: dict[str, measuring.Task] = {
        "verify-stack": lambda: leader.action("verify-stack"),
        "five openstack commands": lambda: measuring.timed(
            lambda: clients.run_openstack(command, stage.databag, stage.folder)
        ),
    }
    found = stage.compare(tasks, 3)
    walls = {name: series.wall for name, series in found.items()}
    ratio = walls["five openstack commands"] / walls["verify-stack"]
    text = "five cold `openstack` commands against `verify-stack` of the same four services"
    yield Figure("P1", text, ratio, goal=10, at_least=True, made_of=walls)


def verification_against_requests(stage: Stage) -> Figures:
    """P2."""
    requests = _requests_of_a_verification(stage)
    services = {name: service.url for name, service in stage.stack.services.items() if service.url}
    leader, empty = stage.leader, stage.empty
    tasks: dict[str, measuring.Task] = {
        "verify-stack": lambda: leader.action("verify-stack"),
        "empty hook": lambda: empty.hook("update-status"),
        "bare requests": lambda: measuring.timed(
            lambda: clients.ask_bare(stage.databag, requests, services)
        ),
    }
    found = stage.compare(tasks, RUNS)
    walls = {name: series.wall for name, series in found.items()}
    ratio = walls["verify-stack"] / (walls["empty hook"] + walls["bare requests"])
    made_of = {**walls, "requests": len(requests), "CPU": found["verify-stack"].cpu}
    text = "`verify-stack` against an empty hook, a token and the same GETs without a client"
    yield Figure("P2", text, ratio, goal=1.3, made_of=made_of)


def quiet_hook(stage: Stage) -> Figures:
    """P3."""
    follower, empty = stage.follower, stage.empty
    found = stage.compare(
        {
            "ours": lambda: follower.hook("update-status"),
            "empty": lambda: empty.hook("update-status"),
        },
        RUNS,
    )
    ours, theirs = found["ours"], found["empty"]
    text = "quiet hook of a unit that does not lead against an empty charm's"
    both = (("CPU", ours.cpu, theirs.cpu, 1.1), ("wall", ours.wall, theirs.wall, 1.15))
    for what, own, other, goal in (*both, ("memory", ours.memory, theirs.memory, 1.2)):
        made_of = {"ours": own, "empty": other}
        yield Figure("P3", f"{text}, {what}", own / other, goal=goal, made_of=made_of)
    commands = {"empty": float(theirs.commands)}
    yield Figure("P3", "its hook commands", ours.commands, "", 6, made_of=commands)


def rounds(stage: Stage) -> Figures:
    """P5: how many answers one verification waits for, one after the other."""
    with stage.through_gateways():
        for deep, text, goal in (("off", "reads only", 3), ("on-change", "with inspections", 6)):
            unit = stage.coordinator(deep=deep, databag=stage.gateway_databag)
            parameters: dict[str, object] = {}
            asked = stage.requests_of(lambda u=unit, p=parameters: u.action("verify-stack", p))
            near, far = _with_and_without_latency(stage, unit)
            yield Figure(
                "P5",
                f"rounds of one verification that wait for each other, {text}",
                (far - near) / LATENCY,
                "rounds",
                goal,
                made_of={"requests": len(asked), "near": near, "far": far},
            )


def _with_and_without_latency(stage: Stage, unit: MeteredUnit) -> tuple[float, float]:
    """Median seconds of both."""
    near: list[float] = []
    far: list[float] = []
    for _ in range(3):
        near.append(unit.action("verify-stack").wall)
        with stage.gateways.delayed(LATENCY):
            far.append(unit.action("verify-stack").wall)
    return statistics.median(near), statistics.median(far)


def unchanged_hook(stage: Stage) -> Figures:
    """P8."""
    leader = stage.leader
    found = stage.compare(
        {
            "update-status": lambda: leader.hook("update-status"),
            "verify-stack": lambda: leader.action("verify-stack"),
        },
        RUNS,
    )
    hook, action = found["update-status"], found["verify-stack"]
    made_of = {"update-status": hook.wall, "verify-stack": action.wall}
    text = "leader's update-status when nothing changed against `verify-stack`"
    yield Figure("P8", text, hook.wall / action.wall, goal=0.9, made_of=made_of)
    yield Figure("P8", "its hook commands", hook.commands, "", 12)


def deployment(stage: Stage) -> Figures:
    """P9: hooks from deployment to rest with all relations, and verifications among them.

    Every verification begins with a token of its own. What is verified changes four times: with
    Gnocchi's URL beside the credentials, the authority, Ceilometer, and with `ceilometer-upgrade`,
    which Ceilometer's arrival runs.
    """
    with stage.through_gateways():
        units: list[Agent] = []
        asked = stage.requests_of(lambda: units.append(_deploy_with_all(stage)))
    hooks = units[0].history
    verifications = sum(
        (one.method, one.path) == TOKEN and one.client.startswith(OURS) for one in asked
    )
    made_of = {
        "hooks": float(len(hooks)),
        "hook commands": float(sum(len(one.commands) for one in hooks)),
        "requests": float(len(asked)),
    }
    text = "verifications from deployment with all relations to rest"
    yield Figure("P9", text, verifications, "", 4, made_of=made_of)


def _deploy_with_all(stage: Stage) -> Agent:
    unit = stage.coordinator(databag=stage.gateway_databag).agent
    others = {
        "identity-notifications": ("keystone", {}),
        "certificates": ("vault", {"ca": stage.authority, "chain": stage.authority}),
        "receive-ca-cert": ("self-signed-certificates", {}),
        "member": ("ceilometer", {}),
        "telemetry-stack": ("horizon", {}),
    }
    for endpoint, (application, databag) in others.items():
        unit.announce(unit.relate(endpoint, application, {f"{application}/0": databag}))
    return unit


def _requests_of_a_verification(stage: Stage) -> list[Request]:
    with stage.through_gateways():
        unit = stage.coordinator(databag=stage.gateway_databag)
        return stage.requests_of(lambda: unit.action("verify-stack"))
