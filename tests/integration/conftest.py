"""Fixtures of the tests on a real Juju controller."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pathlib
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator

import jubilant
import pytest

from tests.integration import testers, upgrade_server
from tests.support.openstack import Release, Stack, ceilometer

APP = "telemetry-coordinator"
BASE = "ubuntu@24.04"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--stack-address",
        help="IPv4 address of this machine that the units reach (default: that of its route out)",
    )
    parser.addoption(
        "--previous-charm",
        help="packed charm of the revision before, which is deployed and then refreshed",
    )


def _missing() -> str:
    """What these tests lack on this machine; empty when they can run."""
    if shutil.which("juju") is None:
        return "there is no juju command on PATH, so no controller to test on"
    charm = os.environ.get("CHARM_PATH", "")
    if not pathlib.Path(charm).is_file():
        return f"CHARM_PATH names no packed charm of base {BASE}: {charm or 'it is not set'}"
    return ""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = _missing()
    for item in items:
        if missing and item.path.is_relative_to(pathlib.Path(__file__).parent):
            item.add_marker(pytest.mark.skip(reason=missing))


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
    """The real services, where units reach them."""
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
def charm() -> pathlib.Path:
    """The packed coordinator."""
    return pathlib.Path(os.environ["CHARM_PATH"]).resolve()


@pytest.fixture(scope="session")
def previous(request: pytest.FixtureRequest, charm: pathlib.Path) -> pathlib.Path:
    """The packed coordinator that is deployed first: where none is given, the same."""
    given = request.config.getoption("--previous-charm")
    return pathlib.Path(given).resolve() if given else charm


@pytest.fixture(scope="module")
def model(
    juju: jubilant.Juju,
    services: Stack,
    server: upgrade_server.UpgradeServer,
    previous: pathlib.Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> jubilant.Juju:
    """A model with the testers and one coordinator, related; Gnocchi is fresh."""
    services.replace_gnocchi_database()
    juju.wait_timeout = 20 * 60
    folder = tmp_path_factory.mktemp("testers")
    packed = {name: testers.pack(name, folder) for name in testers.NAMES}
    databag = services.credentials_databag()
    config: dict[str, dict[str, jubilant.ConfigValue]] = {
        "keystone": {"databag": json.dumps(databag)},
        "gnocchi": {"url": services.gnocchi_url},
        "ceilometer": {
            "upgrade-url": server.url,
            "workload-version": _ceilometer_version(services),
        },
    }
    for name, file in packed.items():
        juju.deploy(file, name, base=BASE, config=config.get(name))
    for one, other in testers.INTEGRATIONS:
        juju.integrate(one, other)
    juju.deploy(previous, APP, base=BASE, config={"upgrade-method": "advise"})
    juju.integrate(f"{APP}:identity-credentials", "keystone")
    juju.integrate(f"{APP}:identity-notifications", "keystone")
    juju.integrate(f"{APP}:metric-service", "gnocchi")
    juju.integrate(f"{APP}:member", "ceilometer:juju-info")
    juju.integrate(f"{APP}:telemetry-stack", "waiter:telemetry")
    return juju


@pytest.fixture(scope="module")
def juju_user(model: jubilant.Juju) -> Callable[[str], jubilant.SecretURI]:
    """Makes a user of the controller with some access, and the secret that names it."""

    def make(access: str) -> jubilant.SecretURI:
        name, password = f"telemetry-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
        model.cli("add-user", name, include_model=False)
        model.cli(
            *("change-user-password", name, "--no-prompt"),
            include_model=False,
            stdin=f"{password}\n",
        )
        assert model.model is not None
        model.cli("grant", name, access, model.model, include_model=False)
        secret = model.add_secret(name, {"username": name, "password": password})
        model.grant_secret(secret, APP)
        return secret

    return make


@pytest.fixture(scope="module")
def client_on_units(model: jubilant.Juju) -> Callable[[], None]:
    """Puts this machine's juju client on every unit that has none: there is no snap store."""
    found = shutil.which("juju")
    assert found is not None
    snap = pathlib.Path("/snap/juju/current/bin/juju")
    binary = snap if snap.exists() else pathlib.Path(found).resolve()

    def put() -> None:
        for unit in model.status().apps[APP].units:
            model.scp(binary, f"{unit}:/tmp/juju")
            install = "sudo install -m 0755 /tmp/juju /usr/local/bin/juju"
            model.cli("exec", "--unit", unit, "--", install)

    return put
