"""One system asked step by step, with small servers for answers that real ones do not give."""

import contextlib
import shlex
import socket
from collections.abc import Generator

import msgspec
import pytest

from coordinator.blueprint import loader
from coordinator.checks import base, endpoint
from coordinator.openstack import catalog, client, http
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from tests.unit import servers, sessions

VERSIONS = '{"versions": [{"id": "%s.0", "status": "CURRENT", "links": []}]}'


US = "telemetry-coordinator"
GRANT = "openstack role add ROLE"


def subject(type_: str, *, required: bool = True) -> base.Subject:
    system = loader.load().services[type_]
    names = remedies.Names(type_, system.charm, "keystone", US, grant=GRANT)
    return base.Subject(system, required, names)


@contextlib.contextmanager
def service(versions: servers.Answer, read: servers.Answer) -> Generator[servers.Server]:
    """A service that answers one thing at its root and another elsewhere."""

    def answer(connection: socket.socket, head: bytes) -> None:
        (versions if head.startswith(b"GET / ") else read)(connection, head)

    with servers.serving(answer) as server:
        yield server


def ask(
    about: base.Subject,
    read: servers.Answer,
    versions: str | None = None,
    *,
    fewer_rights: bool = False,
) -> endpoint.ServiceAnswer:
    offered = VERSIONS % about.entry.api if versions is None else versions
    with service(servers.http(body=offered), read) as server:
        return asked(about, server.url, fewer_rights=fewer_rights)


def asked(about: base.Subject, url: str, *, fewer_rights: bool = False) -> endpoint.ServiceAnswer:
    deadline = http.Deadline.after(3)
    found = endpoint.ServiceAnswer(about, (), url)
    return endpoint.ask(found, sessions.cloud(), deadline, fewer_rights=fewer_rights)


def outcome(answer: endpoint.ServiceAnswer) -> list[tuple[str, Severity, Cause | None]]:
    return [(finding.question, finding.severity, finding.cause) for finding in answer.findings]


# Steps


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("alarming", "[]"),
        ("key-manager", '{"secrets": [], "total": 0}'),
        ("infra-optim", '{"services": [{"name": "watcher-applier"}]}'),
    ],
)
def test_a_service_that_answers_its_read_is_ok(type_: str, body: str):
    answer = ask(subject(type_), servers.http(body=body))
    assert outcome(answer) == [("endpoint", Severity.OK, None), ("read", Severity.OK, None)]
    assert answer.reading is not None


@pytest.mark.parametrize("type_", list(loader.load().services))
@pytest.mark.parametrize("body", ["5", "null", '"x"', '{"error": "no"}', "[1]"])
def test_an_answer_that_the_service_would_not_give_is_a_failure(type_: str, body: str):
    answer = ask(subject(type_), servers.http(body=body))
    assert outcome(answer)[-1] == ("read", Severity.FAILED, Cause.UNEXPECTED)
    assert answer.reading is None


@pytest.mark.parametrize(
    ("required", "severity"), [(True, Severity.FAILED), (False, Severity.DEGRADED)]
)
def test_a_read_that_an_administrator_may_not_do_is_a_fault(required: bool, severity: Severity):
    answer = ask(subject("alarming", required=required), servers.http(403))
    assert outcome(answer)[-1] == ("read", severity, Cause.FORBIDDEN)
    assert answer.findings[-1].remedy == GRANT


@pytest.mark.parametrize("required", [True, False])
def test_a_read_that_is_forbidden_is_skipped_where_fewer_rights_are_wanted(required: bool):
    about = subject("alarming", required=required)
    answer = ask(about, servers.http(403), fewer_rights=True)
    assert outcome(answer)[-1] == ("read", Severity.SKIPPED, Cause.FORBIDDEN)
    assert answer.findings[-1].remedy == GRANT


@pytest.mark.parametrize(
    ("required", "severity"), [(True, Severity.FAILED), (False, Severity.DEGRADED)]
)
def test_an_endpoint_that_forbids_even_its_versions_is_a_fault(required: bool, severity: Severity):
    about = subject("alarming", required=required)
    with servers.serving(servers.http(403)) as server:
        answer = asked(about, server.url)
    assert outcome(answer) == [("endpoint", severity, Cause.FORBIDDEN)]


def test_a_gnocchi_that_does_not_tell_its_version_is_ok():
    answer = ask(subject("metric"), servers.http(body='[{"name": "generic"}]'))
    assert outcome(answer)[-1] == ("read", Severity.OK, None)
    assert answer.reading is not None
    assert answer.reading.build == ""


def test_a_gnocchi_that_tells_its_version_is_quoted():
    versions = '{"build": "4.7.1", ' + (VERSIONS % "v1")[1:]
    answer = ask(subject("metric"), servers.http(body="[]"), versions)
    assert answer.reading is not None
    assert answer.reading.build == "4.7.1"


def test_a_fault_of_an_optional_service_is_a_degradation():
    answer = ask(subject("infra-optim", required=False), servers.http(500))
    assert outcome(answer)[-1] == ("read", Severity.DEGRADED, Cause.SERVER_ERROR)


def test_a_service_without_the_version_that_is_needed_is_not_read():
    answer = ask(subject("alarming"), servers.http(body="[]"), VERSIONS % "v9")
    assert outcome(answer) == [("endpoint", Severity.FAILED, Cause.UNEXPECTED)]
    assert "offers no API v2" in answer.findings[0].summary


def test_a_web_page_in_place_of_the_service_is_not_read():
    answer = ask(subject("alarming"), servers.http(body="[]"), "<html>It works!</html>")
    assert outcome(answer) == [("endpoint", Severity.FAILED, Cause.NOT_JSON)]


def test_a_service_that_was_still_busy_is_timed_out_with_its_endpoint():
    found = endpoint.ServiceAnswer(subject("metric"), (), "http://user:pw@192.0.2.30:8041/")
    answer = endpoint.timed_out(found)
    assert outcome(answer) == [("endpoint", Severity.FAILED, Cause.TIMEOUT)]
    assert answer.findings[0].summary == (
        "Gnocchi did not answer in time at http://192.0.2.30:8041"
    )


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://192.0.2.30:8041", "http://192.0.2.30:8041"),
        ("http://192.0.2.30:8041/", "http://192.0.2.30:8041"),
        ("http://192.0.2.30:9311/v1", "http://192.0.2.30:9311"),
        ("http://192.0.2.30:9322/v1.0/", "http://192.0.2.30:9322"),
        ("http://192.0.2.30/metric", "http://192.0.2.30/metric"),
        ("http://192.0.2.30:8004/v1/0123abcd", "http://192.0.2.30:8004"),
        ("http://192.0.2.30/heat/v1/0123abcd/", "http://192.0.2.30/heat"),
        ("http://192.0.2.30/v1stack", "http://192.0.2.30/v1stack"),
    ],
)
def test_the_root_of_a_service_is_its_endpoint_without_a_version(url: str, root: str):
    assert client.Service(sessions.cloud(), url).root == root


# Catalog


def entries(*endpoints: catalog.Endpoint) -> tuple[catalog.Entry, ...]:
    return (catalog.Entry("metric", "gnocchi", endpoints),)


PUBLIC = catalog.Endpoint("public", "RegionOne", "http://192.0.2.30:8041")
ELSEWHERE = msgspec.structs.replace(PUBLIC, interface="internal", region="RegionTwo")


@pytest.mark.parametrize(
    ("found", "remedy"),
    [
        ((), "juju integrate gnocchi:identity-service keystone:identity-service"),
        (entries(), "juju integrate gnocchi:identity-service keystone:identity-service"),
        (entries(PUBLIC), "juju config telemetry-coordinator interface=public"),
        (entries(ELSEWHERE), "juju config telemetry-coordinator region=RegionTwo"),
    ],
)
def test_what_the_catalog_lacks_has_a_remedy(found: tuple[catalog.Entry, ...], remedy: str):
    answer = endpoint.look_up(subject("metric"), found, "internal", "RegionOne")
    assert answer.url == ""
    assert answer.findings[0].severity is Severity.FAILED
    assert answer.findings[0].remedy == remedy


@pytest.mark.parametrize("name", ["Region One", "one;reboot", "$(reboot)", "it's", "`reboot`"])
@pytest.mark.parametrize("cause", [Cause.NO_REGION, Cause.NO_INTERFACE])
def test_names_of_the_cloud_stay_one_word_for_the_shell(cause: Cause, name: str):
    names = remedies.Names("metric", "gnocchi", "keystone", "us")
    option = "region" if cause is Cause.NO_REGION else "interface"
    words = shlex.split(remedies.remedy(cause, names, (name,)))
    assert words == ["juju", "config", "us", f"{option}={name}"]


def test_an_optional_service_that_nobody_deployed_is_no_fault():
    about = subject("infra-optim", required=False)
    answer = endpoint.look_up(about, (), "internal", "RegionOne")
    assert [finding.severity for finding in answer.findings] == [Severity.SKIPPED]


def test_a_doubtful_entry_is_asked_all_the_same():
    good = msgspec.structs.replace(PUBLIC, interface="internal")
    twice = (*entries(good), *entries(good))
    answer = endpoint.look_up(subject("metric"), twice, "internal", "RegionOne")
    assert answer.url == good.url
    assert answer.findings[0].severity is Severity.DEGRADED


def test_what_was_not_asked_has_no_remedy_of_its_own():
    names = remedies.Names("alarming", "aodh", "keystone", "telemetry-coordinator")
    assert remedies.remedy(Cause.NOT_ASKED, names) == ""


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.NOT_ASKED])
@pytest.mark.parametrize("service_type", ["metric", "identity"])
def test_every_other_cause_has_a_remedy_of_one_line(cause: Cause, service_type: str):
    names = remedies.Names(service_type, "gnocchi", "keystone", "us", grant=GRANT)
    remedy = remedies.remedy(cause, names)
    assert remedy
    assert "\n" not in remedy


def test_a_duplicate_is_looked_for_among_the_services():
    names = remedies.Names("metric", "gnocchi", "keystone", "telemetry-coordinator")
    remedy = remedies.remedy(Cause.DUPLICATE, names)
    assert remedy == "openstack service list --long | grep metric"


def test_credentials_that_keystone_refuses_are_renewed_by_their_own_relation():
    names = remedies.Names("identity", "keystone", "keys", "coordinator")
    remedy = remedies.remedy(Cause.UNAUTHORIZED, names)
    assert remedy == "juju remove-relation coordinator:identity-credentials keys"


# Readings


def test_a_missing_field_is_named():
    with pytest.raises(UnusableAnswerError, match="answers no version of Gnocchi"):
        base.field({}, "build", "version of Gnocchi")
