"""The stack itself: what every functional and packed test takes for granted."""

import datetime
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator

import pytest
import requests

from tests.functional.watching import processes_of, until
from tests.support.openstack import Release, Stack, StackError, TlsProxy, ceilometer
from tests.support.openstack.certificates import Authority

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
SERVERS = ("keystone", "gnocchi", "aodh", "barbican", "watcher")
# What every release's ceilometer-upgrade creates.
MINIMAL_TYPES = {"generic", "instance", "volume", "network", "image", "identity"}


def get(url: str, timeout: float = 10.0, **options: object) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(url, timeout=timeout, **options)  # type: ignore[arg-type]  # kwargs


@pytest.mark.one_release
@pytest.mark.parametrize("name", SERVERS)
def test_stopped_service_refuses_and_comes_back_on_its_port(stack: Stack, name: str):
    service = stack.services[name]
    port = service.port
    service.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)
    service.start()
    assert get(f"http://127.0.0.1:{port}/").status_code < 500


@pytest.mark.one_release
def test_frozen_service_accepts_and_never_answers(stack: Stack):
    stack.services["aodh"].freeze()
    with pytest.raises(requests.ReadTimeout):
        get(stack.services["aodh"].url, timeout=1)


@pytest.mark.one_release
def test_reset_brings_back_what_was_stopped_frozen_and_unpublished(stack: Stack):
    stack.services["barbican"].stop()
    stack.services["aodh"].freeze()
    stack.postgres_stop()
    stack.storage_read_only()
    stack.catalog.remove("metric")
    stack.catalog.add("metric", "impostor", "http://127.0.0.1:9", region="RegionTwo")
    stack.catalog.disable("key-manager")
    stack.reset()
    assert all(service.running for service in stack.services.values())
    assert get(stack.services["aodh"].url).status_code < 500
    assert stack.catalog.urls("metric")["internal"] == stack.gnocchi_url
    assert stack.catalog.urls("key-manager")["public"] == stack.services["barbican"].url


@pytest.mark.one_release
def test_gnocchi_cannot_read_without_its_database(stack: Stack):
    stack.postgres_stop()
    response = get(
        f"{stack.gnocchi_url}/v1/resource_type",
        timeout=30,
        headers={"X-Auth-Token": stack.admin_token()},
    )
    assert response.status_code >= 500


def test_replaced_database_has_only_the_generic_type(stack: Stack):
    body = {"name": "left_over", "attributes": {}}
    stack.session.post(f"{stack.gnocchi_url}/v1/resource_type", json=body)
    assert until(lambda: "left_over" in stack.resource_types(), 10)
    stack.replace_gnocchi_database()
    assert stack.resource_types() == {"generic"}


def test_quick_ceilometer_upgrade_does_what_the_real_one_does(
    stack: Stack, tmp_path: pathlib.Path
):
    config = tmp_path / "ceilometer.conf"
    ceilometer.write_config(stack.credentials_databag("ceilometer-upgrade"), config)
    made = []
    for command in ([str(stack.ceilometer_upgrade)], stack.quick_ceilometer_upgrade):
        stack.replace_gnocchi_database()
        subprocess.run([*command, "--config-file", config], check=True, timeout=60)
        made.append(stack.resource_types())
    assert made[0] == made[1] >= MINIMAL_TYPES


@pytest.mark.one_release
def test_quick_ceilometer_upgrade_fails_as_the_real_one_does(stack: Stack, tmp_path: pathlib.Path):
    config = tmp_path / "ceilometer.conf"
    databag = stack.credentials_databag("ceilometer-upgrade", credentials_password="wrong")
    ceilometer.write_config(databag, config)
    ended = [
        subprocess.run(
            [*command, "--config-file", config],
            env={"HOME": str(tmp_path), "PYTHONWARNINGS": "ignore"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        for command in ([str(stack.ceilometer_upgrade)], stack.quick_ceilometer_upgrade)
    ]
    told = [re.search(r"CRITICAL .*\(HTTP 401\)", done.stdout) for done in ended]
    cold, quick = (line[0] for line in told if line)
    assert quick == cold
    assert [done.returncode for done in ended] == [1, 1]


def test_populated_gnocchi_has_instances_with_the_measures_that_they_were_given(stack: Stack):
    stack.upgrade_ceilometer()
    population = stack.populate(hosts=4, instances=8, ended=4, metrics=("cpu",))
    first, *others = population.hosts
    stack.measure(population.metrics("cpu", [first]), age=3600)
    stack.measure(population.metrics("cpu", others))
    url = f"{stack.gnocchi_url}/v1/search/resource/instance"
    query = {"and": [{"=": {"host": first}}, {"=": {"ended_at": None}}]}
    instances = stack.session.post(url, json=query).json()
    assert {one["metrics"]["cpu"] for one in instances} == set(population.metrics("cpu", [first]))
    assert newest_age(stack, instances[0]["metrics"]["cpu"]) > 3000
    assert newest_age(stack, population.metrics("cpu", others)[0]) < 600


def newest_age(stack: Stack, metric: str) -> float:
    """Seconds since the beginning of the newest aggregate."""
    measures = stack.session.get(f"{stack.gnocchi_url}/v1/metric/{metric}/measures").json()
    moment = datetime.datetime.fromisoformat(measures[-1][0])
    return (datetime.datetime.now(datetime.timezone.utc) - moment).total_seconds()


@pytest.mark.one_release
def test_gnocchi_without_resource_types_cannot_be_populated(stack: Stack):
    stack.replace_gnocchi_database()
    with pytest.raises(StackError, match="run ceilometer-upgrade first"):
        stack.populate(hosts=1, instances=1)


def test_metricd_processes_measures_also_after_the_database_was_replaced(stack: Stack):
    stack.replace_gnocchi_database()
    metric = new_metric(stack)
    assert store(stack, metric) == 202
    assert until(lambda: processed(stack, metric), 30)


@pytest.mark.one_release
def test_measures_stay_unprocessed_while_metricd_is_frozen(stack: Stack):
    metric = new_metric(stack)
    stack.services["metricd"].freeze()
    store(stack, metric)
    assert not until(lambda: processed(stack, metric), 3)
    stack.services["metricd"].thaw()
    assert until(lambda: processed(stack, metric), 30)


def test_no_measure_can_be_stored_while_the_storage_is_read_only(stack: Stack):
    metric = new_metric(stack)
    stack.storage_read_only()
    assert store(stack, metric) >= 500
    assert stack.resource_types()  # reads go on
    stack.storage_writable()
    assert store(stack, metric) == 202


@pytest.mark.one_release
def test_metricd_processes_nothing_while_the_storage_is_read_only(stack: Stack):
    metric = new_metric(stack)
    stack.services["metricd"].freeze()
    store(stack, metric)
    stack.storage_read_only()
    stack.services["metricd"].thaw()
    assert not until(lambda: processed(stack, metric), 3)
    stack.storage_writable()
    assert until(lambda: processed(stack, metric), 30)


def new_metric(stack: Stack) -> str:
    url = stack.gnocchi_url
    policy = {"name": "test", "definition": [{"granularity": 1, "points": 100}]}
    stack.session.post(f"{url}/v1/archive_policy", json=policy, raise_exc=False)  # may be there
    metric = stack.session.post(f"{url}/v1/metric", json={"archive_policy_name": "test"}).json()
    return metric["id"]


def store(stack: Stack, metric: str, value: float = 42.0) -> int:
    """Store a measure of now, return the status."""
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None).isoformat()
    url = f"{stack.gnocchi_url}/v1/metric/{metric}/measures"
    body = [{"timestamp": now, "value": value}]
    return stack.session.post(url, json=body, raise_exc=False).status_code


def processed(stack: Stack, metric: str) -> bool:
    """Whether there is an aggregate, without asking Gnocchi to make it now."""
    return bool(stack.session.get(f"{stack.gnocchi_url}/v1/metric/{metric}/measures").json())


def test_evaluator_brings_an_alarm_out_of_insufficient_data(stack: Stack):
    metric = new_metric(stack)
    alarm = new_alarm(stack, metric)
    assert until(lambda: rings(stack, metric, alarm), 30)


@pytest.mark.one_release
def test_alarms_stay_as_they_are_while_the_evaluator_is_frozen(stack: Stack):
    stack.services["evaluator"].freeze()
    metric = new_metric(stack)
    alarm = new_alarm(stack, metric)
    assert not until(lambda: rings(stack, metric, alarm), 3)
    stack.services["evaluator"].thaw()
    assert until(lambda: rings(stack, metric, alarm), 30)


def new_alarm(stack: Stack, metric: str) -> dict:
    """An alarm that rings when a measure of the last two seconds was above 10."""
    rule = {
        "metrics": [metric],
        "threshold": 10,
        "comparison_operator": "gt",
        "aggregation_method": "mean",
        "granularity": 1,
        "evaluation_periods": 1,
    }
    kind = "gnocchi_aggregation_by_metrics_threshold"
    body = {"name": f"test-{metric}", "type": kind, f"{kind}_rule": rule}
    return stack.session.post(f"{stack.services['aodh'].url}/v2/alarms", json=body).json()


def rings(stack: Stack, metric: str, alarm: dict) -> bool:
    """Whether the alarm rings, which it can only when measures are fresh: store one."""
    store(stack, metric)
    url = f"{stack.services['aodh'].url}/v2/alarms/{alarm['alarm_id']}/state"
    return stack.session.get(url).json() == "alarm"


def test_barbican_can_store_a_secret(stack: Stack):
    answer = store_secret(stack)
    assert answer.status_code == 201
    stack.session.delete(answer.json()["secret_ref"])


def test_barbican_without_its_key_lists_secrets_and_stores_none(stack: Stack):
    stack.barbican_without_key()
    assert store_secret(stack).status_code == 500
    assert stack.session.get(f"{stack.services['barbican'].url}/v1/secrets").status_code == 200
    stack.reset()
    assert store_secret(stack).status_code == 201


def store_secret(stack: Stack) -> requests.Response:
    url = f"{stack.services['barbican'].url}/v1/secrets"
    secret = {"payload": "hello", "payload_content_type": "text/plain"}
    return stack.session.post(url, json=secret, raise_exc=False)


@pytest.mark.parametrize(("role", "status"), [("Admin", 200), ("reader", 403)])
def test_user_of_the_databag_has_the_rights_of_its_role(stack: Stack, role: str, status: int):
    databag = stack.credentials_databag(f"user-{role}", roles=(role,))
    token = token_of(databag)
    # Gnocchi's status is for administrators only.
    answer = get(f"{stack.gnocchi_url}/v1/status", headers={"X-Auth-Token": token})
    assert answer.status_code == status


def token_of(databag: dict[str, str]) -> str:
    domain = {"name": databag["credentials_user_domain_name"]}
    user = {
        "name": databag["credentials_username"],
        "domain": domain,
        "password": databag["credentials_password"],
    }
    project = {
        "name": databag["credentials_project"],
        "domain": {"name": databag["credentials_project_domain_name"]},
    }
    identity = {"methods": ["password"], "password": {"user": user}}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"http://{databag['credentials_host']}:{databag['credentials_port']}/v3/auth/tokens",
            json={"auth": {"identity": identity, "scope": {"project": project}}},
            timeout=10,
        )
    assert answer.status_code == 201
    return answer.headers["X-Subject-Token"]


@pytest.mark.one_release
def test_catalog_can_lose_the_endpoint_of_one_interface(stack: Stack):
    stack.catalog.drop_endpoints("alarming", interface="internal")
    url = stack.services["aodh"].url
    assert stack.catalog.urls("alarming") == {"public": url, "admin": url}


@pytest.mark.one_release
def test_tls_proxy_shows_its_certificate_and_carries_requests(
    stack: Stack, tmp_path: pathlib.Path
):
    authority = Authority()
    bundle = tmp_path / "ca.pem"
    bundle.write_text(authority.ca_pem)
    with TlsProxy(stack.services["gnocchi"].port, authority.valid()) as proxy:
        assert get(proxy.url, verify=str(bundle)).status_code == 200
        with pytest.raises(requests.exceptions.SSLError, match="unable to get local issuer"):
            get(proxy.url)
    with pytest.raises(requests.ConnectionError):
        get(proxy.url, verify=str(bundle))


@pytest.mark.one_release
@pytest.mark.parametrize(
    ("kind", "message"), [("expired", "expired"), ("wrong_host", "IP address mismatch")]
)
def test_tls_proxy_can_show_a_bad_certificate(
    stack: Stack, tmp_path: pathlib.Path, kind: str, message: str
):
    authority = Authority()
    bundle = tmp_path / "ca.pem"
    bundle.write_text(authority.ca_pem)
    certificate = getattr(authority, kind)()
    with (
        TlsProxy(stack.services["gnocchi"].port, certificate) as proxy,
        pytest.raises(requests.exceptions.SSLError, match=message),
    ):
        get(proxy.url, verify=str(bundle))


@pytest.fixture
def open_folder() -> Iterator[pathlib.Path]:
    """A temporary folder that PostgreSQL's unprivileged user may enter, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o711)
        yield folder


OWNER = """
import signal, sys, time
from tests.functional.watching import processes_of, until
from tests.support.openstack import Release, Stack
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where the tests run behind
stack = Stack(Release(sys.argv[1]))
stack.up(progress=lambda text: print(text, flush=True))
time.sleep(600)
"""


@pytest.mark.parametrize(
    ("after", "number"),
    [("watcher answers", signal.SIGKILL), ("starting the services", signal.SIGINT)],
    ids=["killed", "interrupted"],
)
def test_nothing_is_left_behind_by_a_process_that(
    open_folder: pathlib.Path, after: str, number: signal.Signals
):
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(Release.LATEST)],
        cwd=CHECKOUT,
        env={**os.environ, "TMPDIR": str(open_folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        assert any(line.strip() == after for line in owner.stdout)
        assert processes_of(open_folder)
        owner.send_signal(number)
        owner.wait(30)
    assert until(lambda: not processes_of(open_folder), 15)
    assert not list(open_folder.iterdir())


def test_services_end_with_a_killed_supervisor():
    with Stack(Release.LATEST) as stack:
        if not stack.bus.missing:
            stack.bus.start()  # RabbitMQ's own children leave its process group
        keystone = stack.services["keystone"].pid
        status = pathlib.Path(f"/proc/{keystone}/stat").read_text()
        supervisor = int(status.rpartition(")")[2].split()[1])
        os.kill(supervisor, signal.SIGKILL)
        assert until(lambda: not processes_of(stack.folder), 15)


def test_failed_boot_says_why_keeps_the_logs_and_leaves_nothing_else(
    monkeypatch: pytest.MonkeyPatch, open_folder: pathlib.Path
):
    monkeypatch.setattr(tempfile, "tempdir", str(open_folder))
    elsewhere = Stack(Release.LATEST, address="192.0.2.1")  # no address of this machine
    with pytest.raises(StackError, match="Cannot assign requested address") as caught:
        elsewhere.up()
    kept = pathlib.Path(str(caught.value).rpartition("all logs: ")[2])
    assert (kept / "supervisor.log").exists()
    shutil.rmtree(kept)
    assert not list(open_folder.iterdir())


def test_command_keeps_a_stack_up_until_told_otherwise(tmp_path: pathlib.Path):
    try:
        assert "openrc" in run_command("up", tmp_path).stdout
        status = run_command("status", tmp_path)
        assert get(status.stdout.partition("keystone")[2].split()[0]).status_code < 500
    finally:
        run_command("down", tmp_path)
    assert run_command("status", tmp_path).returncode == 1
    assert not processes_of(tmp_path)


def run_command(command: str, folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.support.openstack", command, "--folder", folder],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
        timeout=120,
        check=False,
    )
