"""Faults that can be played: each one is made for real, seen by the charm, and mended."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
from collections.abc import Callable

from coordinator.juju import foreign
from coordinator.juju import status as juju_status
from tests.rehearsal.story import Step, Story
from tests.support.juju import recordings
from tests.support.openstack import Stack, TlsProxy, certificates
from tools.tryout import judge

GOOD = "metric, alarming, key-manager verified"
HEALTHY = pathlib.Path(recordings.__file__).parent / "status" / "healthy.json"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A fault.

    Attributes:
        title: what happens, in one line.
        steps: what is played after the coordinator was deployed and has verified the stack.
        tells: a text that is shown at the end.
        cloud: whether it needs the services.
    """

    title: str
    steps: Callable[[Story], list[Step]] = lambda _story: []
    tells: Callable[[], str] = lambda: ""
    cloud: bool = True


def _broken(title: str, act: Callable[[], object], message: str, status: str = "blocked") -> Step:
    return Step(title, act, status, message, verified=status == "active")


def _mended(act: Callable[[], object], title: str = "it is mended") -> Step:
    return Step(title, act, "active", GOOD, verified=True)


def _daemon(name: str, application: str, message: str) -> Callable[[Story], list[Step]]:
    """A daemon dies whose API answers as before."""

    def steps(story: Story) -> list[Step]:
        service = story.stack.services[name]

        def die() -> None:
            service.stop()
            story.send_canaries()

        def live() -> None:
            service.start()
            story.send_canaries()

        return [
            _broken(f"{name} of {application} dies: every API answers as before", die, message),
            _mended(live, f"{name} is started again"),
        ]

    return steps


def _secret_store(story: Story) -> list[Step]:
    def lose() -> None:
        story.stack.barbican_without_key()
        story.send_canaries()

    def restore() -> None:
        story.stack.barbican_with_key()
        story.send_canaries()

    return [
        _broken(
            "Barbican loses the key of its store: it lists secrets, and keeps none",
            lose,
            "Barbican cannot store a test secret",
        ),
        _mended(restore, "the key comes back"),
    ]


def _certificate(story: Story) -> list[Step]:
    authority = certificates.Authority()
    proxies = contextlib.ExitStack()
    port = story.stack.services["aodh"].port

    def end() -> None:
        story.agent.config({"ssl-ca": authority.ca_pem})
        proxy = proxies.enter_context(TlsProxy(port, authority.expired()))
        story.stack.catalog.point("alarming", proxy.url)
        story.agent.hook("update-status")

    def renew() -> None:
        proxies.close()
        proxy = proxies.enter_context(TlsProxy(port, authority.valid()))
        story.stack.catalog.point("alarming", proxy.url)
        story.agent.hook("update-status")

    story.at_end.append(proxies.close)
    return [
        _broken("the certificate of Aodh ends", end, "Aodh has an expired certificate"),
        Step("Vault issues a new one", renew, "active", "key-manager verified", verified=True),
    ]


def _region(story: Story) -> list[Step]:
    def set_region(name: str) -> None:
        story.agent.config({"region": name})
        story.agent.hook("config-changed")

    return [
        _broken(
            "juju config telemetry-coordinator region=RegionTwo, which this cloud has not",
            lambda: set_region("RegionTwo"),
            "has no endpoint in region",
        ),
        _mended(lambda: set_region("RegionOne"), "the option is corrected"),
    ]


def _measures(story: Story) -> list[Step]:
    stack = story.stack

    def notify() -> None:
        stack.bus.start()
        image = stack.bus.update_image()
        stack.wait_for_resource("image", image, 60)
        story.agent.hook("update-status")

    def silence() -> None:
        cloud = stack.populate(hosts=4, instances=12)
        silent, *others = cloud.hosts
        stack.measure(cloud.metrics("cpu", others))
        stack.measure(cloud.metrics("memory.usage", others))
        stack.measure(cloud.metrics("cpu", [silent]), age=52 * 60)
        story.agent.hook("update-status")

    def speak() -> None:
        stack.depopulate()
        cloud = stack.populate(hosts=4, instances=12)
        stack.measure(cloud.metrics("cpu"))
        stack.measure(cloud.metrics("memory.usage"))
        story.agent.hook("update-status")

    return [
        Step(
            "Glance notifies over RabbitMQ, and Ceilometer's agent brings an image to Gnocchi",
            notify,
            "active",
            "",
            verified=True,
        ),
        _broken(
            "one of four compute hosts falls silent",
            silence,
            "Ceilometer has sent no measures from",
            "active",
        ),
        Step("the host is heard again", speak, "active", "", verified=True),
    ]


def _rebuilt(story: Story) -> list[Step]:
    def rebuild() -> None:
        story.stack.replace_gnocchi_database()
        story.agent.hook("update-status")

    return [
        Step(
            "Gnocchi is rebuilt with an empty database: the types are made again",
            rebuild,
            "active",
            "ceilometer-upgrade done",
            verified=True,
        )
    ]


def _failing_upgrade(story: Story) -> list[Step]:
    stack, agent = story.stack, story.agent

    def fail() -> None:
        # the coordinator finds Gnocchi by its type; ceilometer-upgrade by its name, too
        stack.catalog.remove("metric")
        stack.catalog.add("metric", "measures", stack.gnocchi_url)
        stack.replace_gnocchi_database()
        agent.hook("update-status")

    def fail_again() -> None:
        for _ in range(2):
            agent.action("ceilometer-upgrade")
        agent.hook("update-status")

    def mend() -> None:
        stack.catalog.reset()
        agent.action("ceilometer-upgrade")

    return [
        Step(
            "Gnocchi is rebuilt, and its entry in the catalog has a name of its own",
            fail,
            "maintenance",
            "ceilometer-upgrade failed (1 of 3)",
            verified=False,
        ),
        Step(
            "an operator runs it twice, in vain",
            fail_again,
            "blocked",
            "ceilometer-upgrade failed 3 times",
            verified=False,
        ),
        _mended(mend, "the entry is corrected, and ceilometer-upgrade is run"),
    ]


GONE = {"aodh-mysql-router", "barbican-vault", "watcher"}
"""Applications that the half-integrated model has not."""


def _plan() -> str:
    """What is said of a model that lacks some applications, and with them integrations."""
    document = json.loads(HEALTHY.read_text(encoding="utf-8"))
    applications = document["applications"]
    for name in GONE:
        del applications[name]
    for entry in applications.values():
        for ends in entry.get("relations", {}).values():
            ends[:] = [end for end in ends if end["related-application"] not in GONE]
    model = juju_status.parse(foreign.load(json.dumps(document)))
    return judge.text_of(model, judge.judge(model), "the saved status")


SCENARIOS = {
    "metricd": Scenario(
        "Gnocchi's metricd is dead",
        _daemon("metricd", "Gnocchi", "Gnocchi has not processed test measures"),
    ),
    "evaluator": Scenario(
        "Aodh's evaluator is dead",
        _daemon("evaluator", "Aodh", "Aodh has not evaluated a test alarm"),
    ),
    "secrets": Scenario("Barbican's secret store is broken", _secret_store),
    "certificate": Scenario("the certificate of an endpoint has ended", _certificate),
    "region": Scenario("the option region is wrong", _region),
    "measures": Scenario("notifications over RabbitMQ, and a silent compute host", _measures),
    "rebuilt": Scenario("Gnocchi is rebuilt with an empty database", _rebuilt),
    "upgrade": Scenario("ceilometer-upgrade fails three times", _failing_upgrade),
    "plan": Scenario(
        "a half-integrated Juju model, and what plan-stack says", tells=_plan, cloud=False
    ),
}


def listed() -> str:
    """All of them, for people."""
    return "\n".join(f"  {name:<12} {scenario.title}" for name, scenario in SCENARIOS.items())


def needs_of(stack: Stack, name: str) -> str:
    """Why a scenario cannot be played here; empty when it can."""
    return stack.bus.missing if name == "measures" else ""
