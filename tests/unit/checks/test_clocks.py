"""Which clock is wrong, from what the services' answers say; real answers, forged dates."""

import datetime
import email.utils
import socket

import pytest

from coordinator.blueprint import loader
from coordinator.checks import clocks
from coordinator.checks.base import Subject
from coordinator.openstack import client, http, urls
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from tests.unit import servers, sessions

CHARMS = {"identity": "keystone", "metric": "gnocchi", "alarming": "aodh"}


def seen(service: str, ahead: float, margin: float = 0.5) -> clocks.HostClock:
    system = loader.load().systems[CHARMS[service]]
    names = remedies.Names(service, system.charm, "keystone", "telemetry-coordinator")
    clock = http.Clock(ahead, margin)
    return clocks.HostClock(Subject(system, True, names), "http://192.0.2.1:80", clock)


def judged(**aheads: float) -> list[Finding]:
    return clocks.judge([seen(service, ahead) for service, ahead in aheads.items()])


def asked(*dates: str) -> http.Clocks:
    """The clocks after answers with these dates by the same host."""
    transport = http.Transport()
    answers = iter(dates)

    def answer(connection: socket.socket, head: bytes) -> None:
        servers.http(Date=next(answers))(connection, head)

    with servers.serving(answer) as server:
        for _ in dates:
            transport.ask("GET", server.url, http.Deadline.after(5))
        assert set(transport.clocks) <= {urls.origin(server.url)}
    return transport.clocks


def date(ahead: float) -> str:
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=ahead)
    return email.utils.format_datetime(at, usegmt=True)


def test_clocks_that_agree_are_one_finding():
    (finding,) = judged(identity=0.2, metric=-1.1)
    assert (finding.check, finding.severity) == ("identity.clock", Severity.OK)
    assert finding.summary == (
        "Keystone's clock and all others agree with this unit's within 1.6 s"
    )


def test_a_clock_that_differs_is_named():
    (finding,) = judged(identity=0, metric=95.4, alarming=1)
    assert finding == Finding(
        "metric",
        "clock",
        Severity.DEGRADED,
        "Gnocchi's clock is 95 s ahead of this unit's at http://192.0.2.1:80",
        Cause.CLOCK,
        "juju exec -a gnocchi -- timedatectl",
    )


def test_where_all_differ_alike_this_unit_is_wrong():
    (finding,) = judged(identity=3600, metric=3601, alarming=3599.5)
    assert finding.summary == "this unit's clock is 3600 s behind those of all services"
    assert finding.remedy == "juju exec -a telemetry-coordinator -- timedatectl"


def test_where_all_differ_by_different_amounts_all_are_named():
    assert [f.service for f in judged(identity=3600, metric=-90)] == ["identity", "metric"]


def test_a_slow_answer_is_no_reason_to_doubt_a_clock():
    (finding,) = clocks.judge([seen("identity", 35, margin=10)])
    assert finding.severity is Severity.OK


def test_no_clock_seen_says_nothing():
    assert clocks.judge([]) == []


@pytest.mark.parametrize("ahead", [-7200.0, -45.0, 0.0, 45.0])
def test_an_answer_tells_the_clock_of_its_host(ahead: float):
    (clock,) = asked(date(ahead)).values()
    assert clock.ahead == pytest.approx(ahead, abs=clock.margin + 0.1)


@pytest.mark.parametrize("text", ["", "yesterday", "Tue, 99 Nov 2026 11:52:07 GMT"])
def test_a_date_that_is_none_is_passed_over(text: str):
    assert asked(text) == {}


def test_the_quickest_of_several_answers_counts():
    transport = http.Transport()
    with servers.serving(servers.http(Date=date(60))) as server:
        transport.clocks[urls.origin(server.url)] = http.Clock(0, margin=0.1)
        transport.ask("GET", server.url, http.Deadline.after(5))
    assert list(transport.clocks.values()) == [http.Clock(0, margin=0.1)]


def test_an_error_tells_the_clock_as_well():
    transport = http.Transport()
    with servers.serving(servers.http(503, Date=date(60))) as server:
        transport.ask("GET", server.url, http.Deadline.after(5))
    assert len(transport.clocks) == 1


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_clock_that_is_off_by_ages_can_be_reckoned_with(year: str):
    with servers.serving(servers.http(Date=f"Fri, 31 Dec {year} 23:59:59 GMT")) as server:
        service = client.Service(sessions.cloud(), server.url)
        service.describe()
        assert service.now() + datetime.timedelta(days=30) > service.now()
