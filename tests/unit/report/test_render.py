from html import escape

import markdown_it
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator import text as stack_text
from coordinator.blueprint import loader
from coordinator.checks import canary_schedule
from coordinator.checks.memory import NOTHING
from coordinator.report import render
from coordinator.report.finding import Cause, Severity
from coordinator.report.render import Form
from coordinator.report.report import Report
from tests.unit import reports
from tests.unit.reports import bad, good

# report.txt


def report_text(report: Report) -> str:
    return render.report_as(Form.TEXT, report, loader.load())


def test_a_report_begins_with_its_summary():
    lines = report_text(reports.report()).splitlines()
    assert lines[0] == "metric, alarming, key-manager verified"
    assert lines[1] == "taken 2026-11-22T10:00:00Z, internal endpoints of RegionOne"


def test_a_failed_report_says_so_first():
    text = report_text(reports.report(bad("metric")))
    assert text.startswith("NOT VERIFIED: metric refused the connection")


def test_a_service_with_a_fault_has_its_title_version_and_state():
    text = report_text(reports.report(bad("metric"), bad("telemetry", "resource-types")))
    assert "\nGnocchi 4.6.0 (metric): failed\n" in text
    assert "\nCeilometer: failed\n" in text


def test_findings_are_counted_the_worst_first():
    text = report_text(reports.report(good("metric"), good("alarming"), bad("key-manager")))
    assert text.splitlines()[2] == "1 failed, 2 ok"


def test_services_that_are_well_stand_at_the_end_without_a_heading_each():
    note = msgspec.structs.replace(good("metric"), remedy="juju status gnocchi")
    text = report_text(
        reports.report(good("identity", "token"), good("metric", "catalog"), note, bad("alarming"))
    )
    assert text.partition("\nok:\n")[2].splitlines() == [
        "  Keystone                identity lists things",
        "  Gnocchi 4.6.0 (metric)  metric lists things",
        "                          metric lists things",
        "                          -> juju status gnocchi",
    ]


def test_what_was_skipped_is_not_among_what_is_well():
    skipped = bad("infra-optim", "catalog", Severity.SKIPPED)
    text = report_text(reports.report(good("metric"), skipped))
    assert text.index("\nWatcher (infra-optim): skipped\n") < text.index("\nok:\n")


def test_every_finding_stands_on_a_line_with_its_remedy_below():
    odd = bad("metric", "catalog", Severity.DEGRADED, Cause.BAD_NAME)
    lines = report_text(reports.report(odd, good("metric"))).splitlines()
    at = lines.index("  degraded  metric refused the connection at http://192.0.2.30:8041")
    assert lines[at + 1].split() == ["->", "juju", "status", "metric"]
    assert lines[at + 2] == "  ok        metric lists things"


def test_services_are_set_apart_by_one_empty_line():
    text = report_text(reports.report(bad("metric"), bad("alarming"), good("key-manager")))
    assert text.count("\n\n") == 3
    assert "\n\n\n" not in text


def test_a_report_without_a_region_names_none():
    nowhere = msgspec.structs.replace(reports.report(), region="")
    assert "internal endpoints\n" in report_text(nowhere)


def test_a_service_that_this_revision_does_not_know_is_shown_by_its_type():
    text = report_text(reports.report(bad("orchestration")))
    assert "\norchestration: failed\n" in text


def test_titles_are_those_of_the_blueprint_in_force():
    ours = loader.load("gnocchi: {title: Our metrics}")
    text = render.report_as(Form.TEXT, reports.report(), ours)
    assert "\n  Our metrics 4.6.0 (metric)  metric lists things\n" in text


def test_the_worst_service_stands_first_and_its_worst_finding_first_of_all():
    text = report_text(
        reports.report(
            good("identity", "token"), good("metric"), good("alarming"), bad("alarming", "canary")
        )
    )
    places = [text.index(f"\n{name}") for name in ("Aodh (alarming): failed", "ok:", "  Keystone")]
    assert places == sorted(places)
    about_aodh = text.partition("\nAodh")[2].partition("\n\n")[0]
    assert about_aodh.index("  failed") < about_aodh.index("  ok")


def test_a_report_with_canaries_tells_their_time():
    report, _ = canary_schedule.sent(reports.report(), NOTHING, [good("metric", "canary")], ())
    assert "of RegionOne, canaries of 2026-11-22T10:00:00Z\n" in report_text(report)


def test_a_cut_report_says_how_much_is_missing():
    text = report_text(msgspec.structs.replace(reports.report(), left_out=12))
    assert text.splitlines()[2] == "5 ok; 12 more are left out here for want of room"


def test_systems_that_no_catalog_has_are_told_by_their_titles():
    sealed = msgspec.structs.replace(bad("vault", "application"), summary="vault/0 is blocked")
    text = report_text(reports.report(sealed))
    assert "\nVault: failed\n  failed    vault/0 is blocked\n" in text


def test_what_follows_from_another_fault_says_so():
    follows = msgspec.structs.replace(bad("key-manager"), because="vault.application")
    text = report_text(reports.report(follows))
    assert "\n            follows from vault.application\n            -> juju status" in text


def test_a_cause_stands_before_what_follows_from_it():
    follows = msgspec.structs.replace(bad("key-manager"), because="vault.application")
    text = report_text(reports.report(follows, bad("vault", "application")))
    assert text.index("\nVault: failed") < text.index("\nBarbican (key-manager): failed")


def test_the_cause_that_explains_most_stands_first():
    follows = msgspec.structs.replace(bad("key-manager"), because="vault.application")
    findings = bad("metric"), follows, bad("vault", "application")
    text = report_text(reports.report(*findings))
    assert text.startswith("NOT VERIFIED: vault refused the connection")
    assert text.index("\nVault: failed") < text.index("\nGnocchi 4.6.0 (metric): failed")


# report.md


def markdown(report: Report) -> str:
    return render.report_as(Form.MARKDOWN, report, loader.load())


def test_in_markdown_every_finding_is_a_row_with_its_remedy_as_code():
    lines = markdown(reports.report(good("metric"), bad("alarming"))).splitlines()
    at = lines.index("| system | severity | finding | what to do |")
    assert lines[at + 1] == "|---|---|---|---|"
    assert lines[at + 2] == (
        "| Aodh (alarming) | failed | alarming refused the connection at http://192.0.2.30:8041 "
        "| `juju status alarming` |"
    )
    assert lines[at + 3] == "| Gnocchi 4.6.0 (metric) | ok | metric lists things |  |"
    assert len(lines) == at + 4


def cells(text: str) -> list[list[tuple[str, str]]]:
    """The table of a Markdown text as a reader of Markdown sees it: for each cell its text, and
    what of it is code."""
    tokens = markdown_it.MarkdownIt("commonmark").enable("table").parse(text)
    body = tokens[[token.type for token in tokens].index("tbody_open") :]
    rows: list[list[tuple[str, str]]] = []
    for token in body:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            parts = token.children or []
            assert {part.type for part in parts} <= {"text", "text_special", "code_inline"}
            whole = "".join(part.content for part in parts)
            code = "".join(part.content for part in parts if part.type == "code_inline")
            rows[-1].append((whole, code))
    return rows


HOSTILE = st.text(alphabet="ab |`\\*_~[]()<>!#&;-:/\n\u00e9").map(
    stack_text.plain
) | st.text().map(stack_text.plain)


@given(HOSTILE, HOSTILE, HOSTILE)
def test_in_markdown_any_text_is_shown_as_it_is(summary: str, remedy: str, because: str):
    finding = msgspec.structs.replace(
        good("metric"), summary=summary, remedy=remedy, because=f"x{because}x"
    )
    ((_, severity, found, what_to_do),) = cells(markdown(reports.report(finding)))
    assert severity == ("ok", "")
    assert found == (f"{summary} (follows from x{because}x)".strip(), "")
    assert what_to_do == (remedy, remedy)


@pytest.mark.parametrize(
    "text", ["<b>", "&lt;", "[x](http://example.com)", "**x**", "_x_", "a\\|b", "http://a_b.test"]
)
def test_in_markdown_a_heading_shows_the_summary_as_it_is(text: str):
    report = reports.report(msgspec.structs.replace(bad("metric"), summary=text, remedy=""))
    html = markdown_it.MarkdownIt("commonmark").render(markdown(report).partition("\n")[0])
    assert html == f"<p><strong>NOT VERIFIED: {escape(text)}</strong></p>\n"


def test_in_markdown_a_remedy_with_a_pipe_stays_in_its_cell():
    finding = msgspec.structs.replace(bad("metric"), remedy="openstack service list | grep metric")
    assert r"| `openstack service list \| grep metric` |" in markdown(reports.report(finding))
