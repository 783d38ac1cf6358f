"""What a verification becomes as metrics."""

import msgspec
import pytest

from coordinator.juju.status import Application, Model
from coordinator.report.finding import Cause, Severity
from coordinator.report.metrics import Metric
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record
from monitoring import samples
from monitoring.samples import Outcome
from tests.unit import outcomes, reports
from tests.unit.reports import bad, good


def values(outcome: Outcome) -> dict[Metric, dict[tuple[str, ...], float]]:
    found: dict[Metric, dict[tuple[str, ...], float]] = {}
    for sample in samples.of_outcome(outcome):
        found.setdefault(sample.metric, {})[sample.labels] = sample.value
    return found


def test_a_stack_that_is_well_is_verified():
    assert values(outcomes.outcome())[Metric.VERIFIED] == {(): 1}


def test_a_stack_with_a_failure_is_not():
    assert values(outcomes.outcome(bad("metric")))[Metric.VERIFIED] == {(): 0}


def test_the_time_of_the_verification_is_told():
    assert values(outcomes.outcome())[Metric.TAKEN_AT] == {(): reports.NOW.timestamp()}


def test_a_fault_has_its_labels():
    found = values(outcomes.outcome(bad("metric")))[Metric.FINDING]
    assert found == {("metric", "metric.endpoint", "connection-refused", "failed", ""): 1}


def test_a_fault_that_follows_names_its_cause():
    finding = msgspec.structs.replace(bad("metric"), because="vault.units")
    ((*_, because),) = values(outcomes.outcome(finding))[Metric.FINDING]
    assert because == "vault.units"


def test_equal_findings_are_counted():
    found = values(outcomes.outcome(bad("metric"), bad("metric")))[Metric.FINDING]
    assert list(found.values()) == [2]


def test_what_was_skipped_was_not_verified():
    skipped = bad("alarming", "read", Severity.SKIPPED, Cause.FORBIDDEN)
    found = values(outcomes.outcome(good("metric"), skipped))[Metric.FINDING]
    assert [service for service, *_ in found] == ["metric"]


def test_the_worst_findings_have_room():
    fine = [good(f"service{n}") for n in range(samples.FINDINGS)]
    found = values(outcomes.outcome(*fine, bad("metric")))
    assert len(found[Metric.FINDING]) == samples.FINDINGS
    assert ("metric", "metric.endpoint", "connection-refused", "failed", "") in found[
        Metric.FINDING
    ]
    assert found[Metric.LEFT_OUT] == {(): 1}


@pytest.mark.parametrize(
    ("step", "needed"),
    [
        (Step.NOTHING, 0),
        (Step.ADOPT, 0),
        (Step.RUN, 1),
        (Step.WAIT, 1),
        (Step.POLL, 1),
        (Step.ADVISE, 1),
    ],
)
def test_whether_an_upgrade_is_needed(step: Step, needed: int):
    assert values(outcomes.outcome(step=step))[Metric.UPGRADE_NEEDED] == {(): needed}


def test_nothing_is_said_about_the_upgrade_while_gnocchi_does_not_answer():
    assert Metric.UPGRADE_NEEDED not in values(outcomes.outcome(step=Step.IMPOSSIBLE))


def test_failures_in_a_row_are_counted():
    record = Record()
    for _ in range(3):
        record = record.failed(reports.NOW, reports.FINGERPRINT, "HTTP 500")
    found = values(msgspec.structs.replace(outcomes.outcome(), record=record))
    assert found[Metric.UPGRADE_FAILURES] == {(): 3}
    assert Metric.UPGRADED_AT not in found


def test_the_last_success_is_told():
    found = values(outcomes.outcome())
    assert found[Metric.UPGRADED_AT] == {(): reports.NOW.timestamp()}
    assert found[Metric.UPGRADE_FAILURES] == {(): 0}


def test_every_metric_can_be_exported():
    assert set(values(outcomes.full())) == set(Metric)


def test_figures_become_metrics():
    found = values(outcomes.full())
    assert found[Metric.TOOK] == {(): 1.25}
    assert found[Metric.ENDPOINT_TOOK] == {("metric",): 0.125}
    assert found[Metric.CERTIFICATE_ENDS] == {("metric",): 1800000000}
    assert found[Metric.CANARY_TOOK] == {("metric",): 31.5}
    assert found[Metric.CANARY_SENT_AT] == {(): reports.NOW.timestamp()}
    assert found[Metric.BACKLOG] == {(): 12}


def test_hosts_that_are_gone_are_not_silent():
    found = values(outcomes.full())
    assert found[Metric.SILENT_HOSTS] == {(): 1}
    assert found[Metric.HOST_SILENCE] == {("compute-7",): 45 * 60}


def test_hosts_that_were_not_looked_at_are_not_told():
    known = outcomes.full()
    report = msgspec.structs.replace(known.report, findings=reports.VERIFIED)
    assert Metric.SILENT_HOSTS not in values(msgspec.structs.replace(known, report=report))


def test_only_the_longest_silences_have_series():
    known = outcomes.full()
    silent = {f"telemetry.hosts.silent:compute-{n}": float(n) for n in range(100, 200)}
    report = msgspec.structs.replace(known.report, figures=silent)
    found = values(msgspec.structs.replace(known, report=report))
    assert found[Metric.SILENT_HOSTS] == {(): 100}
    assert len(found[Metric.HOST_SILENCE]) == samples.HOSTS
    assert ("compute-199",) in found[Metric.HOST_SILENCE]


def test_applications_have_their_status():
    assert values(outcomes.full())[Metric.APPLICATION] == {
        ("gnocchi", "gnocchi", "active"): 1,
        ("vault-eu", "vault", "blocked"): 1,
    }


def test_a_status_that_juju_does_not_know_is_some_other():
    model = Model({"gnocchi": Application("gnocchi", "gnocchi")})
    found = values(outcomes.outcome(model=model))[Metric.APPLICATION]
    assert found == {("gnocchi", "gnocchi", "other"): 1}


def test_without_the_controller_nothing_is_said_about_applications():
    assert Metric.APPLICATION not in values(outcomes.outcome())


def test_applications_are_limited():
    names = [f"app{n}" for n in range(samples.APPLICATIONS + 1)]
    model = Model({name: Application(name, "keystone") for name in names})
    found = values(outcomes.outcome(model=model))[Metric.APPLICATION]
    assert len(found) == samples.APPLICATIONS
