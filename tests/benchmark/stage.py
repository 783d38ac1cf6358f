"""Where everything is measured: real services, the packed charm, and gateways between them."""

from __future__ import annotations

import collections.abc
import contextlib
import functools
import itertools
import pathlib

import trustme

from tests.benchmark import charms, measuring
from tests.benchmark.charms import MeteredUnit
from tests.benchmark.figures import Series
from tests.benchmark.gateway import Gateways, Request
from tests.support.agent.agent import Agent
from tests.support.openstack import Stack

CALLS = 20
"""Hook commands by which the cost of one is measured."""
KINDS = {"metric": "gnocchi", "alarming": "aodh", "key-manager": "barbican"}
SEAM = "CEILOMETER_UPGRADE_COMMAND"
"""The charm's variable for the path of ceilometer-upgrade (src/coordinator/upgrade/command.py)."""


class Stage:
    """One boot of the services and one packed charm; every figure is made on it."""

    def __init__(
        self, stack: Stack, gateways: Gateways, charm: pathlib.Path, folder: pathlib.Path
    ):
        self.stack = stack
        self.gateways = gateways
        self.charm = charm
        self.folder = folder
        self.databag = stack.credentials_databag()
        self._numbers = itertools.count()
        self._opened = contextlib.ExitStack()

    def close(self) -> None:
        """Remove the units."""
        self._opened.close()

    # Units

    def place(self) -> pathlib.Path:
        """A folder for a charm; not there yet."""
        path = self.folder / f"unit-{next(self._numbers)}"
        path.mkdir()
        return path / "charm"

    def agent(self, charm_dir: pathlib.Path, *, leader: bool = True) -> Agent:
        """A unit of a charm; no hook has run."""
        environment = {SEAM: str(self.stack.ceilometer_upgrade), "TMPDIR": str(self.folder)}
        return self._opened.enter_context(Agent(charm_dir, leader=leader, environment=environment))

    def coordinator(
        self, *, leader: bool = True, deep: str = "off", databag: dict[str, str] | None = None
    ) -> MeteredUnit:
        """A unit of the coordinator after all the hooks of a deployment."""
        charm_dir = charms.unpack(self.charm, self.place())
        unit = self.agent(charm_dir, leader=leader)
        unit.config({"optional-services": "", "deep-verification": deep})
        unit.deploy()
        self.relate(unit, databag or self.databag)
        return MeteredUnit(charm_dir, unit)

    def relate(self, unit: Agent, databag: collections.abc.Mapping[str, str]) -> None:
        """Integrate a unit with keystone and gnocchi, and run the hooks that follow."""
        gnocchi = {"gnocchi_url": self.stack.gnocchi_url}
        unit.announce(unit.relate("identity-credentials", "keystone", {"keystone/0": databag}))
        unit.announce(unit.relate("metric-service", "gnocchi", {"gnocchi/0": gnocchi}))

    @functools.cached_property
    def leader(self) -> MeteredUnit:
        """A leader that only reads: each service is asked once."""
        return self.coordinator()

    @functools.cached_property
    def follower(self) -> MeteredUnit:
        """A unit that does not lead: its hooks are quiet."""
        return self.coordinator(leader=False)

    @functools.cached_property
    def empty(self) -> MeteredUnit:
        """A unit of a charm that does nothing."""
        charm_dir = charms.make_empty(self.charm, self.place())
        return MeteredUnit(charm_dir, self.agent(charm_dir))

    @functools.cached_property
    def callers(self) -> tuple[MeteredUnit, MeteredUnit]:
        """Units that call no hook command and `CALLS` of them."""
        made: list[MeteredUnit] = []
        for calls in (0, CALLS):
            charm_dir = charms.make_calls(self.place(), calls)
            made.append(MeteredUnit(charm_dir, self.agent(charm_dir)))
        return made[0], made[1]

    def compare(
        self, tasks: collections.abc.Mapping[str, measuring.Task], runs: int
    ) -> dict[str, Series]:
        """Run tasks in turn, and take out what the stand-in's hook commands cost meanwhile.

        On a controller a hook command takes 3 to 4 ms, which are left out as well.
        """
        idle, busy = self.callers
        calls = {"idle": lambda: idle.hook("start"), "busy": lambda: busy.hook("start")}
        measured = measuring.interleave({**calls, **tasks}, runs)
        none, many = measured.pop("idle"), measured.pop("busy")
        wall, cpu = (many.wall - none.wall) / CALLS, (many.cpu - none.cpu) / CALLS
        return {name: series.without_commands(wall, cpu) for name, series in measured.items()}

    @functools.cached_property
    def authority(self) -> str:
        """A certificate authority that signed nothing here."""
        return trustme.CA().cert_pem.bytes().decode()

    # Gateways

    @property
    def gateway_databag(self) -> dict[str, str]:
        """Credentials that lead to keystone's gateway."""
        return {**self.databag, "credentials_port": str(self.gateways.port("keystone"))}

    @contextlib.contextmanager
    def through_gateways(self) -> collections.abc.Iterator[None]:
        """Let the catalog lead to the gateways."""
        self.point_catalog()
        try:
            yield
        finally:
            self.stack.catalog.reset()

    def point_catalog(self) -> None:
        """Change the endpoints that the coordinator uses."""
        self.stack.catalog.point("identity", f"{self.gateways.url('keystone')}/v3", "internal")
        for kind, name in KINDS.items():
            self.stack.catalog.point(kind, self.gateways.url(name), "internal")

    def requests_of(self, work: collections.abc.Callable[[], object]) -> list[Request]:
        """What went through the gateways meanwhile."""
        self.gateways.requests.clear()
        work()
        return list(self.gateways.requests)
