"""The story: what happens to the model and the cloud, and what the operator should then see."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from tests.support.agent.agent import Agent
from tests.support.openstack import Stack


@dataclasses.dataclass(frozen=True)
class Step:
    """One step of the story.

    Attributes:
        title: what happens, for people.
        act: makes it happen, and runs the hooks that Juju would run.
        status: workload status that must follow.
        message: part of the status message that must follow.
        verified: whether verify-stack must succeed then.
        deep: whether verify-stack sends canaries.
    """

    title: str
    act: Callable[[], object]
    status: str
    message: str
    verified: bool
    deep: bool = False


class Story:
    """The main job from the first hook to a repaired fault."""

    def __init__(self, agent: Agent, stack: Stack) -> None:
        self._agent = agent
        self._stack = stack

    def steps(self) -> list[Step]:
        return [
            Step(
                "juju deploy telemetry-coordinator",
                self._deploy,
                "blocked",
                "juju integrate telemetry-coordinator keystone:identity-credentials",
                verified=False,
            ),
            Step(
                "juju integrate telemetry-coordinator with keystone and gnocchi (not ready yet)",
                self._relate,
                "waiting",
                "keystone has not sent credentials yet",
                verified=False,
            ),
            Step(
                "credentials and URL come: Gnocchi lacks the types of Ceilometer",
                self._complete,
                "active",
                "ceilometer-upgrade done",
                verified=True,
            ),
            Step(
                "another event: everything is verified again, nothing is run again",
                lambda: self._agent.hook("update-status"),
                "active",
                "ceilometer-upgrade done",
                verified=True,
            ),
            Step(
                "Aodh goes away (its process is stopped)",
                self._lose_aodh,
                "blocked",
                "Aodh refused the connection",
                verified=False,
            ),
            Step(
                "Aodh comes back",
                self._restore_aodh,
                "active",
                "metric, alarming, key-manager verified",
                verified=True,
            ),
            Step(
                "metricd of Gnocchi dies: every API answers as before, only a canary is missed",
                self._stack.services["metricd"].stop,
                "active",
                "metric, alarming, key-manager verified",
                verified=False,
                deep=True,
            ),
            Step(
                "metricd is started again",
                self._stack.services["metricd"].start,
                "blocked",
                "Gnocchi has not processed test measures",
                verified=True,
                deep=True,
            ),
        ]

    def _deploy(self) -> None:
        # the services under test evaluate alarms every second, and Watcher has no engines
        self._agent.config(
            {"alarm-evaluation-interval": 2, "canary-timeout": 15, "optional-services": ""}
        )
        self._agent.deploy()

    def _relate(self) -> None:
        for endpoint, application in (
            ("identity-credentials", "keystone"),
            ("identity-notifications", "keystone"),
            ("metric-service", "gnocchi"),
        ):
            unit = f"{application}/0"
            relation = self._agent.relate(endpoint, application, {unit: {}})
            self._agent.announce(relation)

    def _complete(self) -> None:
        credentials = self._stack.credentials_databag(username=self._agent.app)
        self._send("identity-credentials", "keystone/0", credentials)
        self._send("metric-service", "gnocchi/0", {"gnocchi_url": self._stack.gnocchi_url})

    def _send(self, endpoint: str, unit: str, data: dict[str, str]) -> None:
        self._agent.update_remote(self._agent.relation_id(endpoint), unit, data)
        self._agent.relation_event(endpoint, "changed", unit)

    def _lose_aodh(self) -> None:
        self._stack.services["aodh"].stop()
        self._agent.hook("update-status")

    def _restore_aodh(self) -> None:
        self._stack.services["aodh"].start()
        self._agent.hook("update-status")
