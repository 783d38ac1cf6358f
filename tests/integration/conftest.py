"""Fixtures of the tests on a real Juju controller: one model, in which all of them run."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import pathlib
import secrets
import socket
from collections.abc import Callable, Generator, Iterator

import jubilant
import pytest
import yaml

from tests.integration import full_model, models, preconditions, testers, upgrade_server, waiting
from tests.integration.coordinator import APP, Coordinator, shows
from tests.integration.lab import Lab
from tests.support.openstack import Release, Stack, ceilometer

HERE = pathlib.Path(__file__).parent
ORDER = (
    "test_deployment",
    "test_rest",
    "test_access",
    "test_faults",
    "test_units",
    "test_removal",
)
"""The modules, in the order of an operator's days: the model grows old in them."""

_LAB = pytest.StashKey[Lab]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("integration")
    group.addoption(
        "--stack-address",
        help="IPv4 address of this machine that the units reach (default: that of its route out)",
    )
    group.addoption(
        "--previous-charm",
        help="packed charm of the revision before, which is deployed and then refreshed",
    )
    group.addoption(
        "--rest-minutes",
        type=float,
        default=float(os.environ.get("TELEMETRY_REST_MINUTES", "10")),
        help="minutes for which the model must rest (also TELEMETRY_REST_MINUTES; default: 10)",
    )
    group.addoption(
        "--wait-minutes",
        type=float,
        default=waiting.EACH / 60,
        help="minutes that one wait may take (default: 5)",
    )
    group.addoption(
        "--total-minutes",
        type=float,
        default=waiting.TOTAL / 60,
        help="minutes that all waits together may take (default: 25)",
    )


def _minutes(config: pytest.Config, name: str) -> float:
    return float(str(config.getoption(f"--{name}-minutes")))


def _needs_juju(item: pytest.Item) -> bool:
    return item.path.is_relative_to(HERE) and not item.path.is_relative_to(HERE / "tests")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if _needs_juju(item)]
    if not ours:
        return
    if not config.option.collectonly:
        missing = preconditions.missing_here()
        if missing:
            pytest.exit(missing, returncode=1)
    limit = 60 * (_minutes(config, "total") + _minutes(config, "rest") + 10)  # services boot first
    for item in ours:
        item.add_marker(pytest.mark.timeout(limit))
    others = [item for item in items if not _needs_juju(item)]
    items[:] = others + sorted(ours, key=lambda item: ORDER.index(item.path.stem))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, object]:
    """Show what Juju says where a test failed."""
    report = yield
    lab = item.config.stash.get(_LAB, None)
    if report.failed and lab is not None:
        report.sections += lab.evidence()
    return report


def _route_address() -> str:
    """The address of the interface towards other networks; nothing is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


def _ceilometer_version(services: Stack) -> str:
    """The version whose command is run, which the real charm shows as its workload version."""
    prefix = services.ceilometer_upgrade.parents[1]
    paths = [str(path) for path in prefix.glob("lib/python3.*/site-packages")]
    (found,) = importlib.metadata.distributions(name="ceilometer", path=paths)
    return found.version


@pytest.fixture(scope="session")
def address(request: pytest.FixtureRequest) -> str:
    return request.config.getoption("--stack-address") or _route_address()


@pytest.fixture(scope="session")
def services(address: str) -> Iterator[Stack]:
    """The real services, where units reach them; Gnocchi is fresh."""
    with Stack(Release.LATEST, address=address) as stack:
        yield stack


@pytest.fixture(scope="session")
def server(
    services: Stack, address: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[upgrade_server.UpgradeServer]:
    """Runs the real ceilometer-upgrade for ceilometer's tester."""
    path = tmp_path_factory.mktemp("ceilometer") / "ceilometer.conf"
    config = ceilometer.write_config(services.credentials_databag(), path)
    command = [str(services.ceilometer_upgrade), "--config-file", str(config), "--retry", "3"]
    with upgrade_server.serving(command, address) as running:
        yield running


@pytest.fixture(scope="session")
def rest_minutes(request: pytest.FixtureRequest) -> float:
    """How long the model must rest."""
    return _minutes(request.config, "rest")


@pytest.fixture(scope="session")
def charm() -> pathlib.Path:
    """The packed coordinator."""
    return pathlib.Path(os.environ["CHARM_PATH"]).resolve()


@pytest.fixture(scope="session")
def previous(request: pytest.FixtureRequest, charm: pathlib.Path) -> pathlib.Path:
    """The packed coordinator that is deployed first: where none is given, the same."""
    given = request.config.getoption("--previous-charm")
    return pathlib.Path(given).resolve() if given else charm


@dataclasses.dataclass(frozen=True)
class Place:
    """An empty model.

    Attributes:
        folder: where files for the juju client are put.
    """

    lab: Lab
    folder: pathlib.Path


@pytest.fixture(scope="session")
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """A model of its own for this run. It is made last and removed first, also by Ctrl-C."""
    config = request.config
    budget = waiting.Budget(
        each=_minutes(config, "wait") * 60, total=_minutes(config, "total") * 60
    )
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    tell: Callable[[str], None] = reporter.write_line if reporter else print
    with models.working_folder(models.client()) as folder:
        juju = models.bounded(models.client(), folder)
        with models.fresh(juju, f"telemetry-test-{secrets.token_hex(3)}", tell):
            lab = Lab(juju, budget)
            config.stash[_LAB] = lab
            yield Place(lab, folder)
            del config.stash[_LAB]


@pytest.fixture(scope="session")
def lab(
    services: Stack,
    server: upgrade_server.UpgradeServer,
    previous: pathlib.Path,
    place: Place,
) -> Lab:
    """The whole model, and a coordinator in it that advises; Gnocchi is fresh."""
    model, juju = place.lab, place.lab.juju
    options = {
        "keystone": {"databag": json.dumps(services.credentials_databag())},
        "gnocchi": {"url": services.gnocchi_url},
        "ceilometer": {
            "upgrade-url": server.url,
            "workload-version": _ceilometer_version(services),
        },
    }
    charms = {name: testers.pack(name, place.folder) for name in testers.ALL}
    bundle = place.folder / "bundle.yaml"
    bundle.write_text(yaml.safe_dump(full_model.bundle(charms, options)), encoding="utf-8")
    juju.cli("deploy", str(bundle))
    juju.deploy(
        previous,
        APP,
        base=full_model.BASE,
        config={
            "upgrade-method": "advise",
            "deep-verification": "off",
            # Watcher's engines are not among the services
            "optional-services": "",
        },
    )
    for one, other in (
        ("identity-credentials", "keystone"),
        ("identity-notifications", "keystone"),
        ("metric-service", "gnocchi"),
        ("member", "ceilometer:juju-info"),
        ("telemetry-stack", "waiter:telemetry"),
    ):
        juju.integrate(f"{APP}:{one}", other)
    model.wait(
        "all machines to be there and all agents to be idle",
        lambda status: all(app.is_active for app in _content(status)) and _all_idle(status),
    )
    return model


def _content(status: jubilant.Status) -> list[jubilant.statustypes.AppStatus]:
    """The applications that are active once they are deployed."""
    waiting_ones = {APP, "ceilometer", "memcached", "waiter"}
    return [app for name, app in status.apps.items() if name not in waiting_ones]


def _all_idle(status: jubilant.Status) -> bool:
    return all(app.units or app.subordinate_to for app in status.apps.values()) and (
        jubilant.all_agents_idle(status)
    )


@pytest.fixture(scope="session")
def coordinator(lab: Lab) -> Coordinator:
    return Coordinator(lab)


@dataclasses.dataclass(frozen=True)
class User:
    """A user of the controller, and the model's secret with its name and password."""

    name: str
    password: str
    secret: jubilant.SecretURI


@pytest.fixture(scope="session")
def make_user(lab: Lab) -> Iterator[Callable[[str], User]]:
    """Makes a user of the controller with some access, and the secret that names it."""
    juju, made = lab.juju, list[str]()

    def make(access: str) -> User:
        name, password = f"telemetry-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        juju.cli("add-user", name, include_model=False)
        made.append(name)
        juju.cli(
            *("change-user-password", name, "--no-prompt"),
            include_model=False,
            stdin=f"{password}\n",
        )
        assert juju.model is not None
        juju.cli("grant", name, access, juju.model, include_model=False)
        secret = juju.add_secret(name, {"username": name, "password": password})
        return User(name, password, secret)

    yield make
    for name in made:
        juju.cli("remove-user", name, "--yes", include_model=False)


@pytest.fixture(scope="session")
def put_client(lab: Lab) -> Callable[[], None]:
    """Puts this machine's juju client on every unit of the coordinator: there is no snap store."""
    found = models.client()
    snap = pathlib.Path("/snap/juju/current/bin/juju")
    binary = snap if snap.exists() else pathlib.Path(found).resolve()
    home = pathlib.Path.home()
    data = pathlib.Path(os.environ.get("JUJU_DATA", home / ".local/share/juju"))
    if lab.major_version >= 4:
        # there, a model has no keys but those that it is given
        lab.juju.cli("add-ssh-key", *models.public_keys(data, home))

    def put() -> None:
        for unit in lab.units(APP):
            lab.juju.scp(binary, f"{unit}:/tmp/juju")
            install = "sudo install -m 0755 /tmp/juju /usr/local/bin/juju"
            lab.juju.cli("exec", "--unit", unit, "--", install)

    return put


@pytest.fixture(scope="session")
def access(
    lab: Lab, make_user: Callable[[str], User], put_client: Callable[[], None]
) -> jubilant.SecretURI:
    """The secret with which the coordinator runs ceilometer's action; it has done so."""
    put_client()
    user = make_user("write")
    lab.juju.grant_secret(user.secret, APP)
    lab.juju.cli("model-config", "update-status-hook-interval=1m")
    lab.juju.config(APP, {"upgrade-method": "action", "juju-access": user.secret})
    lab.wait("the coordinator to have run ceilometer's action", shows("active", "done"))
    lab.settle()
    return user.secret
