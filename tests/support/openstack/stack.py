"""The real services under test, as one object."""

import datetime
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keystoneauth1 import exceptions, session

from tests.support.openstack import (
    ceilometer,
    configuration,
    databases,
    environment,
    population,
    postgres,
    storage,
    templates,
)
from tests.support.openstack.bus import Bus
from tests.support.openstack.catalog import Catalog, Entry
from tests.support.openstack.cloud import Cloud
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside import upgrade_client
from tests.support.openstack.inside.site import SERVERS, Site
from tests.support.openstack.population import Population
from tests.support.openstack.release import Release
from tests.support.openstack.service import START_TIME, Service
from tests.support.openstack.supervision import Supervision, variables

if TYPE_CHECKING:
    from typing_extensions import Self

# catalog type, name, and a read that works only when the token check and the database do
_PUBLISHED = (
    ("metric", "gnocchi", "/v1/resource_type"),
    ("alarming", "aodh", "/v2/alarms"),
    ("key-manager", "barbican", "/v1/secrets?limit=1"),
    ("infra-optim", "watcher", "/v1/goals"),
)
_DAEMONS = ("metricd", "evaluator")
_DATABASE = "postgres"
_CEILOMETER_TIME = 180.0  # seconds; its commands take 2 to 4


class Stack:
    """Keystone, Gnocchi, Aodh, Barbican and Watcher of one release set, on free ports.

    Every `up` starts from fresh databases. Usable as a context manager.
    """

    services: Mapping[str, Service]
    catalog: Catalog
    bus: Bus

    _tools: environment.Environment
    _site: Site
    _cloud: Cloud | None = None
    _supervision: Supervision | None = None

    def __init__(
        self,
        release: Release,
        folder: pathlib.Path | None = None,
        *,
        address: str = "127.0.0.1",
        password_hash_rounds: int = 4,
        evaluation_interval: int = 1,
    ) -> None:
        """Describe a stack; nothing runs yet.

        `folder` is for configuration, state and logs (default: a temporary one, removed by
        `down`). The services listen on `address`, an IPv4 address of this machine, and the
        catalog says so. Production has 12 `password_hash_rounds`: a token then takes 300 ms,
        and an `evaluation_interval` of Aodh's alarms of 60 seconds.
        """
        self.release = release
        self._folder = folder
        self._address = address
        self._rounds = password_hash_rounds
        self._interval = evaluation_interval
        self._storage_writable = True
        self._barbican_has_key = True
        self._temporary: list[pathlib.Path] = []
        self._progress: environment.Progress = lambda _: None

    def __enter__(self) -> "Self":
        self.up()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.down()

    def up(self, progress: environment.Progress | None = None) -> None:
        """Boot everything; return when real requests are answered.

        Raises StackError with the ends of the logs, and the path where they are kept.
        """
        self._progress = progress or self._progress
        booted = False
        try:
            self._tools = environment.ensure(self.release, self._progress)
            self._site = self._make_site()
            try:
                self._boot()
            except (StackError, OSError, exceptions.ClientException) as error:
                logs = self.keep_logs()
                raise StackError(f"{error}\n{_tails(logs)}\nall logs: {logs}") from error
            booted = True
        finally:
            if not booted:
                self.down()

    def down(self) -> None:
        """End every process and remove the temporary folders; safe to call again."""
        if self._cloud is not None:
            self._cloud.close()
            self._cloud = None
        if self._supervision is not None:
            self._supervision.close()
            self._supervision = None
        while self._temporary:
            shutil.rmtree(self._temporary.pop(), ignore_errors=True)

    # What tests look at

    @property
    def ceilometer_upgrade(self) -> pathlib.Path:
        """The release set's real `ceilometer-upgrade`."""
        return self._tools.command("ceilometer-upgrade")

    @property
    def quick_ceilometer_upgrade(self) -> list[str]:
        """The words of a command that does the same, and has no imports to do."""
        self._running_supervision().ask("start", name="upgrades")
        client = pathlib.Path(upgrade_client.__file__)
        words = [self._tools.python, "-I", "-S", client, self._site.upgrades_socket]
        return list(map(str, words))

    @property
    def keystone_url(self) -> str:
        """Keystone, without a path."""
        return self.services["keystone"].url

    @property
    def gnocchi_url(self) -> str:
        """Gnocchi, without a path."""
        return self.services["gnocchi"].url

    @property
    def folder(self) -> pathlib.Path:
        """Where configuration, state and logs are while the stack is up."""
        return self._site.root

    @property
    def session(self) -> session.Session:
        """The administrator's session."""
        return self._running_cloud().session

    def admin_token(self) -> str:
        """A token of the administrator."""
        token = self.session.get_token()
        assert token
        return token

    def resource_types(self) -> set[str]:
        """The names of the resource types that Gnocchi has now."""
        response = self.session.get(f"{self.gnocchi_url}/v1/resource_type")
        return {item["name"] for item in response.json()}

    def credentials_databag(
        self,
        username: str = "telemetry-coordinator",
        roles: Sequence[str] = ("Admin",),
        password: str | None = None,
        **overrides: str,
    ) -> dict[str, str]:
        """Make a user as the keystone charm does, and return its leader's unit databag.

        The user has exactly these roles on the project `services`, and keeps its password
        unless given another. `overrides` change what the databag says, not the cloud.
        """
        databag = self._running_cloud().credentials(username, roles, password)
        return {**databag, **overrides}

    def keep_logs(self) -> pathlib.Path:
        """Copy the logs to where `down` does not remove them; return that folder."""
        target = environment.home() / "logs"
        target.mkdir(parents=True, exist_ok=True)
        kept = pathlib.Path(tempfile.mkdtemp(prefix=f"{self.release}-", dir=target))
        shutil.copytree(self._site.logs, kept, dirs_exist_ok=True)
        return kept

    # What tests fill Gnocchi with

    def upgrade_ceilometer(self) -> None:
        """Run the release set's `ceilometer-upgrade`: Gnocchi then has the resource types."""
        databag = self.credentials_databag("ceilometer-upgrade")
        with tempfile.TemporaryDirectory() as name:
            configuration_file = ceilometer.write_config(
                databag, pathlib.Path(name) / "ceilometer.conf"
            )
            done = subprocess.run(
                [*self.quick_ceilometer_upgrade, "--config-file", configuration_file],
                env={"HOME": name, "PATH": "/usr/bin:/bin"},
                capture_output=True,
                text=True,
                timeout=_CEILOMETER_TIME,
                check=False,
            )
        if done.returncode:
            raise StackError(f"ceilometer-upgrade: {done.stderr[-2000:]}")

    def populate(
        self,
        hosts: int = 50,
        instances: int = 5000,
        *,
        ended: int = 0,
        metrics: Sequence[str] = ("cpu", "memory.usage"),
    ) -> Population:
        """Give Gnocchi so many instances on so many compute hosts, with metrics and no measures.

        `ended` more instances ended a day ago. Takes a second or two for thousands of them, but
        Gnocchi must have the resource types. `depopulate` removes all of it.
        """
        for name, methods in population.ARCHIVE_POLICIES.items():
            policy = {
                "name": name,
                "aggregation_methods": methods,
                "definition": [population.POLICY_DEFINITION],
            }
            self.session.post(
                f"{self.gnocchi_url}/v1/archive_policy", json=policy, raise_exc=False
            )  # 409: it is there
        made = population.imagine(hosts, instances, ended, metrics)
        user, project = self._running_cloud().service_ids("ceilometer")
        population.insert(self._site, made, f"{user}:{project}", project)
        return made

    def send_sample(
        self, meter: str, resource: str, metadata: Mapping[str, str], unit: str = "B"
    ) -> None:
        """Send a sample of 1 through Ceilometer's pipeline straight to Gnocchi, without a bus.

        Args:
            meter: its name; Ceilometer knows the type of the resource by it.
            resource: id of a resource, new or not.
            metadata: what Gnocchi's type of the resource requires.
            unit: not to be left out: Gnocchi would refuse the measure.

        Raises StackError when the command fails, which it does not for what Gnocchi refuses.
        """
        done = subprocess.run(
            [
                self._tools.command("ceilometer-send-sample"),
                *("--sample-name", meter, "--sample-unit", unit),
                *("--sample-resource", resource, "--sample-metadata", repr(dict(metadata))),
            ],
            env=variables(self._site, self._tools),
            capture_output=True,
            text=True,
            timeout=_CEILOMETER_TIME,
            check=False,
        )
        if done.returncode:
            raise StackError(f"ceilometer-send-sample: {done.stderr[-2000:]}")

    def wait_for_resource(self, kind: str, resource: str, seconds: float = 30) -> dict[str, Any]:
        """Wait until Gnocchi has a resource of this type and id; return it.

        It counts when it has a metric: Ceilometer makes it first and gives it metrics afterwards.
        Raises StackError.
        """
        deadline = time.monotonic() + seconds
        url = f"{self.gnocchi_url}/v1/resource/{kind}/{resource}"
        while True:
            response = self.session.get(url, raise_exc=False)
            if response.status_code == 200 and response.json()["metrics"]:
                return response.json()
            if time.monotonic() > deadline:
                raise StackError(f"no {kind} {resource} in Gnocchi: {response.status_code}")
            time.sleep(0.1)

    def depopulate(self) -> None:
        """Remove all resources and metrics from Gnocchi, but neither types nor policies."""
        population.remove(self._site)

    def measure(self, metrics: Iterable[str], age: float = 0, value: float = 1.0) -> None:
        """Give metrics (ids) one measure each, of this age in seconds.

        Returns when metricd, which must run, has processed it.
        """
        moment = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=age)
        measures = [{"timestamp": moment.isoformat(), "value": value}]
        self.session.post(
            f"{self.gnocchi_url}/v1/batch/metrics/measures",
            json=dict.fromkeys(metrics, measures),
        )
        self.wait_until_processed()

    def wait_until_processed(self, seconds: float = 60) -> None:
        """Wait until metricd has processed all measures. Raises StackError."""
        deadline = time.monotonic() + seconds
        while self._backlog():
            if time.monotonic() > deadline:
                raise StackError(f"metricd leaves {self._backlog()} measures unprocessed")
            time.sleep(0.1)

    def _backlog(self) -> int:
        status = self.session.get(f"{self.gnocchi_url}/v1/status?details=false").json()
        return status["storage"]["summary"]["measures"]

    # What tests break, and mend

    def postgres_stop(self) -> None:
        """Take Gnocchi's database away."""
        self._running_supervision().ask("stop", name=_DATABASE)

    def postgres_start(self) -> None:
        """Bring Gnocchi's database back."""
        self._running_supervision().ask("start", name=_DATABASE)
        postgres.wait_until_ready(self._site)

    def storage_read_only(self) -> None:
        """Let Gnocchi, also metricd, write nothing to its storage any more."""
        self._storage_writable = False
        storage.set_writable(self._site, writable=False)

    def storage_writable(self) -> None:
        """Let Gnocchi write to its storage again."""
        storage.set_writable(self._site, writable=True)
        self._storage_writable = True

    def barbican_without_key(self) -> None:
        """Restart Barbican with an empty key: secrets are listed, and none can be stored."""
        self._barbican_has_key = False
        self._restart_barbican()

    def barbican_with_key(self) -> None:
        """Restart Barbican with the key that it has by default."""
        self._barbican_has_key = True
        self._restart_barbican()

    def _restart_barbican(self) -> None:
        self.services["barbican"].stop()
        configuration.set_barbican_key(self._site, present=self._barbican_has_key)
        self.services["barbican"].start()

    def replace_gnocchi_database(self) -> None:
        """Give Gnocchi an empty database and storage, as after a new deployment."""
        self.storage_writable()
        users = [self.services[name] for name in ("gnocchi", "metricd")]
        for user in users:
            user.freeze()
        try:
            databases.replace_gnocchi(self._site)
        finally:
            for user in users:
                user.thaw()

    def reset(self) -> None:
        """Bring everything back, except Gnocchi's data; cheap when nothing was changed."""
        if not self._storage_writable:
            self.storage_writable()
        if not self._barbican_has_key:
            self.barbican_with_key()
        status = self._running_supervision().ask("status")
        running = status["pids"]
        for name in status["frozen"]:
            self.services[name].thaw()
        if _DATABASE not in running:
            self.postgres_start()
        stopped = [service for name, service in self.services.items() if name not in running]
        for service in stopped:
            service.launch()
        for service in stopped:
            service.wait()
        self.catalog.reset()
        if stopped or status["frozen"] or _DATABASE not in running:
            self._wait_for_reads()

    # How it boots

    def _make_site(self) -> Site:
        postgres_folder = postgres.make_folder()
        self._temporary.append(postgres_folder)
        folder = self._folder
        if folder is None:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="telemetry-stack-"))
            self._temporary.append(folder)
        uid, gid = postgres.unprivileged_user() or (None, None)
        site = Site(
            folder=str(folder.resolve()),
            address=self._address,
            postgres_installation=str(postgres.installation(self._tools, postgres_folder)),
            postgres_folder=str(postgres_folder),
            postgres_uid=uid,
            postgres_gid=gid,
            temporary=tuple(map(str, self._temporary)),
        )
        shutil.rmtree(site.state, ignore_errors=True)
        for path in (site.home, site.logs, site.locks):
            path.mkdir(parents=True, exist_ok=True)
        return site

    def _boot(self) -> None:
        template = templates.path(self._tools, self._rounds)
        self._progress(f"loading the libraries of {self.release}")
        self._supervision = Supervision(self._site, self._tools)
        ports = self._supervision.ports
        self._storage_writable = self._barbican_has_key = True
        configuration.write(self._site, self._tools, ports, self._rounds, self._interval)
        known = template.exists()
        if known:
            templates.restore(template, self._site)
        else:
            self._site.state.mkdir()
        postgres.own(self._site)
        self._supervision.wait_until_ready()
        if not known:
            self._progress("creating the databases (once per environment)")
            databases.make(self._site, self._supervision)
            templates.keep(self._site, template)
        self._progress("starting the services")
        self._start(self._supervision)

    def _start(self, supervision: Supervision) -> None:
        """Start the services and make the catalog."""
        ports = supervision.ports
        self.services = {
            **{
                name: Service(
                    name, ports[name], f"http://{self._address}:{ports[name]}", supervision
                )
                for name in SERVERS
            },
            **{name: Service(name, 0, "", supervision) for name in _DAEMONS},
        }
        self.bus = Bus(self._site, self._tools, supervision, self._add)
        self.postgres_start()
        for service in self.services.values():
            service.launch()
        self.services["keystone"].wait()
        self._cloud = Cloud(self._address, ports["keystone"])
        entries = [Entry("identity", "keystone", f"{self.keystone_url}/v3")]
        entries += [Entry(kind, name, self.services[name].url) for kind, name, _ in _PUBLISHED]
        self.catalog = Catalog(self._cloud.send, entries)
        # A token brings its catalog with it: nobody gets one before there is a catalog, and we
        # forget ours.
        self.catalog.reset()
        self._cloud.session.invalidate()
        self._wait_for_reads()

    def _add(self, service: Service) -> None:
        self.services = {**self.services, service.name: service}

    def _wait_for_reads(self) -> None:
        """Wait until each service answers an authenticated read."""
        deadline = time.monotonic() + START_TIME
        for _, name, path in _PUBLISHED:
            self.services[name].wait()
            url = self.services[name].url + path
            while (response := self.session.get(url, raise_exc=False)).status_code != 200:
                if time.monotonic() > deadline:
                    raise StackError(f"{name}: {response.status_code} {response.text[:500]}")
                time.sleep(0.1)
            self._progress(f"{name} answers")

    def _running_cloud(self) -> Cloud:
        if self._cloud is None:
            raise StackError("the stack is not up")
        return self._cloud

    def _running_supervision(self) -> Supervision:
        if self._supervision is None:
            raise StackError("the stack is not up")
        return self._supervision


def _tails(logs: pathlib.Path) -> str:
    """The ends of the logs, for a message."""
    parts: list[str] = []
    for log in sorted(logs.iterdir(), key=os.path.getmtime):
        lines = log.read_text(errors="replace").splitlines()[-12:]
        if lines:
            parts.append("\n".join([f"--- {log.name}", *lines]))
    return "\n".join(parts)
