"""Reports that are longer than there is room."""

from hypothesis import given
from hypothesis import strategies as st

from coordinator.report import truncate
from coordinator.report.finding import Finding, Severity
from coordinator.report.report import Report
from tests.unit import reports
from tests.unit.reports import bad, good

FINDINGS = st.lists(
    st.builds(
        Finding,
        service=st.sampled_from(["metric", "alarming", "vault"]),
        question=st.sampled_from(["read", "units"]),
        severity=st.sampled_from(Severity),
        summary=st.text(max_size=300),
    ),
    min_size=1,
    max_size=60,
)


@given(FINDINGS, st.integers(min_value=3000, max_value=20000))
def test_a_report_that_is_cut_fits_and_still_says_the_same(findings: list[Finding], limit: int):
    whole = reports.report(*findings)
    cut, text = truncate.within(limit, whole, Report.to_json)
    assert text == cut.to_json()
    assert len(text.encode()) <= limit
    assert cut.left_out == len(whole.findings) - len(cut.findings)
    assert (cut.verified, cut.severity) == (whole.verified, whole.severity)
    assert cut.summary() == whole.summary()
    assert Report.from_json(cut.to_json()) == cut


def cut_to(number: int, report: Report) -> Report:
    """The report with room for so many findings."""
    return truncate.within(number, report, lambda some: "x" * len(some.findings))[0]


def test_no_failure_is_cut_for_anything_else():
    failed = [bad("metric", "units") for _ in range(9)]
    findings = (*(good(f"service-{n}") for n in range(400)), *failed, good("alarming"))
    assert cut_to(9, reports.report(*findings)).findings == tuple(failed)


def test_the_worst_of_each_service_stays_longest():
    small = [bad("metric", f"host-{n}", Severity.DEGRADED) for n in range(9)]
    findings = (good("identity"), *small, good("alarming", "catalog"), good("alarming"))
    cut = cut_to(3, reports.report(*findings))
    assert cut.findings == (good("identity"), small[0], good("alarming", "catalog"))
    assert cut.left_out == 9


def test_checks_that_repeat_themselves_are_cut_before_others():
    repeated = [bad("metric", "units", Severity.DEGRADED) for _ in range(9)]
    findings = (*repeated, good("metric", "canary"))
    assert cut_to(3, reports.report(*findings)).findings == (
        *repeated[:2],
        good("metric", "canary"),
    )


def test_what_is_equally_useful_is_cut_from_the_least_bad():
    findings = [
        good("metric", "read"),
        bad("metric", "a", Severity.DEGRADED),
        bad("metric", "b", Severity.FAILED),
        bad("metric", "c", Severity.DEGRADED),
    ]
    assert cut_to(2, reports.report(*findings)).findings == (findings[1], findings[2])


def test_a_cut_report_is_cut_again_without_losing_count():
    whole = reports.report(*(bad("metric", f"host-{n}") for n in range(100)))
    cut = cut_to(10, cut_to(50, whole))
    assert cut.left_out == 90
    assert cut.summary() == whole.summary()
    assert cut.summary().endswith("(+99 more)")


def test_resource_types_are_left_out_where_nothing_else_would_fit():
    many = frozenset(f"type-{n}" for n in range(1000))
    cut, _ = truncate.within(2000, reports.report(good("metric"), types=many), Report.to_json)
    assert cut.resource_types is None
    assert cut.findings == (good("metric"),)


def test_a_report_that_fits_is_left_alone():
    report = reports.report()
    part, text = truncate.within(10000, report, Report.to_json)
    assert part is report
    assert text == report.to_json()


def test_a_report_that_fits_is_written_once():
    written: list[Report] = []
    truncate.within(10000, reports.report(), lambda some: written.append(some) or "")
    assert len(written) == 1
