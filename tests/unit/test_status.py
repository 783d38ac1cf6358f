import datetime
import json
import pathlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator import status
from coordinator.report import remedies
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.status import Level, Status
from coordinator.upgrade import decision, summary
from coordinator.upgrade import record as upgrade_record
from coordinator.upgrade.decision import Decision, Step
from coordinator.upgrade.record import Record
from tests.unit import reports
from tests.unit.reports import FINGERPRINT, LACKING, NOW, bad, good

DONE = Record().succeeded(NOW, FINGERPRINT)
REMEDY = "juju run telemetry-coordinator/leader ceilometer-upgrade"


def judge(
    *findings: Finding,
    record: Record = DONE,
    step: Step = Step.NOTHING,
    reason: str = "",
) -> Status:
    return summary.of_stack(
        reports.report(*findings),
        record,
        Decision(step, reason),
        "telemetry-coordinator",
        "ceilometer",
        grant="openstack role add --user us ROLE",
    )


def message(summary: str, remedy: str = "", others: int = 0, following: int = 0) -> str:
    return status.blocked(summary, remedy, others, following).message


def failures(count: int) -> Record:
    record = Record()
    for _ in range(count):
        record = record.failed(NOW, FINGERPRINT, "HTTP 503")
    return record


# Messages


@given(st.text(), st.text(max_size=30), st.integers(0, 99))
def test_a_message_keeps_to_its_limit(summary: str, remedy: str, others: int):
    text = message(summary, remedy, others)
    assert len(text) <= status.LIMIT
    assert remedy in text


@given(st.text(min_size=200), st.text(min_size=1))
def test_a_remedy_is_never_cut(summary: str, remedy: str):
    assert remedy in message(summary, remedy)


def test_a_problem_is_cut_between_words():
    text = message("word, " * 50)
    assert text == "word, " * 18 + "word..."
    assert len(text) <= status.LIMIT


def test_a_problem_as_long_as_the_limit_is_not_cut():
    assert message("x" * 120) == "x" * 120
    assert len(message("x" * 121)) == 120


def test_the_first_words_of_a_problem_have_up_to_eighty_characters():
    assert message("x" * 200, "y" * 200) == "x" * 77 + "...; " + "y" * 200


UNSEAL = "juju ssh vault/0 VAULT_ADDR=http://127.0.0.1:8220 vault operator unseal"


@pytest.mark.parametrize(
    ("summary", "remedy", "others", "shown"),
    [
        (
            "vault/0 is blocked: Unit is sealed (1 of 3 units); it takes several keys",
            UNSEAL,
            2,
            "vault/0 is blocked: Unit is sealed...",
        ),
        (
            "vault/0 is blocked: Unit is sealed; it takes several keys",
            UNSEAL,
            2,
            "vault/0 is blocked: Unit is sealed...",
        ),
        (
            "vault is blocked: Unit is sealed (all of its 3 units); it takes several keys",
            UNSEAL,
            0,
            "vault is blocked: Unit is sealed (all of its...",
        ),
        (
            "Gnocchi has not processed test measures after 12 s (backlog: 2)",
            "juju exec -a gnocchi -- systemctl status gnocchi-metricd",
            0,
            "Gnocchi has not processed test measures after 12 s...",
        ),
        (
            "Aodh refused the connection at http://aodh.region-one.internal.example.com:8042",
            "juju status aodh",
            9,
            "Aodh refused the connection at http://aodh.region-one.internal.example.com:8042",
        ),
        (
            "standby; leader blocked: missing relation identity-credentials",
            "juju integrate telemetry-coordinator:identity-credentials keystone",
            0,
            "standby; leader blocked: missing relation identity-credentials",
        ),
    ],
)
def test_the_words_that_matter_are_shown_whole(summary: str, remedy: str, others: int, shown: str):
    assert message(summary, remedy, others) == (
        f"{shown}; {remedy}" + (f" (+{others} more)" if others else "")
    )


def told() -> list[tuple[Cause, str]]:
    """Every message of every cause, as the documentation has it."""
    page = (pathlib.Path(__file__).parents[2] / "docs/reference/causes.md").read_text("utf-8")
    found: list[tuple[Cause, str]] = []
    for entry in page.split("\n### ")[1:]:
        cause = Cause(entry.split("`")[1])
        messages = entry.partition("- **Messages**:")[2].partition("\n- **")[0]
        texts = [" ".join(text.split()) for text in re.findall(r"`([^`]+)`", messages)]
        found += [(cause, text) for text in texts if " " in text]
    return found


def test_most_causes_have_messages_of_their_own():
    assert len({cause for cause, _ in told()}) > 0.7 * len(Cause)


@pytest.mark.parametrize(("cause", "summary"), told())
def test_no_message_is_cut_within_a_word_or_its_first_words(cause: Cause, summary: str):
    names = remedies.Names("metric", "gnocchi", "keystone", "telemetry-coordinator", "vault")
    remedy = remedies.remedy(cause, names)
    shown = message(summary, remedy, others=2, following=3)
    said = shown.removesuffix(" (+2 more; 3 caused by this)").removesuffix(f"; {remedy}")
    assert remedy in shown
    if said != summary:
        assert f"{summary} ".startswith(
            tuple(f"{said.removesuffix('...')}{end}" for end in " ,;:(")
        )
        assert len(said) >= min(24, len(summary))


def test_a_message_is_one_line():
    assert message("first\n  second\tthird") == "first second third"


def test_other_problems_are_counted():
    assert message("one", "do", others=2) == "one; do (+2 more)"


# Levels


def test_a_good_stack_is_active_and_says_when_the_upgrade_was_done():
    assert judge() == Status(
        Level.ACTIVE,
        "metric, alarming, key-manager verified",
        "ceilometer-upgrade done 2026-11-22T10:00Z",
    )


def test_work_that_was_found_done_is_not_called_ours():
    judged = judge(record=Record().adopted(NOW, FINGERPRINT))
    assert judged.message.endswith("verified; resource types complete")


def test_a_stack_without_an_upgrade_is_active_too():
    judged = judge(good("alarming"), record=Record())
    assert judged == Status(Level.ACTIVE, "alarming verified")


def test_a_failure_blocks_and_counts_the_others():
    judged = judge(good("identity", "token"), bad("metric"), bad("alarming"))
    assert judged == Status(
        Level.BLOCKED,
        "metric refused the connection at http://192.0.2.30:8041",
        "juju status metric",
        others=1,
        check="metric.endpoint",
    )


def fault(since: str = "", summary: str = "metric refused") -> Status:
    return Status(Level.BLOCKED, summary, "juju status metric", check="metric.read", since=since)


def test_a_fault_says_since_when_in_absolute_time():
    dated = fault().dated(datetime.datetime(2026, 11, 7, 9, 12, tzinfo=datetime.timezone.utc))
    assert dated.message == "metric refused since 7 Nov 09:12Z; juju status metric"
    assert dated.text == dated.message


@pytest.mark.parametrize(("longer", "told"), [(0, True), (1, False)])
def test_the_time_is_told_up_to_the_last_character_that_fits(longer: int, told: bool):
    since = "7 Nov 09:12Z"
    rest = f" since {since}; juju status metric"
    summary = "x" * (status.LIMIT - len(rest) + longer)
    assert (since in fault(since, summary).message) is told


def test_the_longest_remedy_that_other_units_are_told():
    for length, told in ((2000, True), (2001, False)):
        kept = Status.from_json(status.blocked("down", "x" * length).to_json())
        assert kept
        assert bool(kept.remedy) is told


def test_what_is_about_no_check_has_no_time():
    assert status.waiting("keystone has not sent credentials yet").dated(NOW).since == ""


def test_the_time_is_left_out_where_the_problem_would_be_cut_for_it():
    text = fault("7 Nov 09:12Z", "x" * 99).message
    assert text == "x" * 99 + "; juju status metric"


def test_others_are_told_the_time_that_they_know():
    before = fault("7 Nov 09:12Z")
    assert fault("7 Nov 11:00Z").settled(before) == before


def test_a_time_that_others_do_not_know_yet_is_told():
    assert fault("7 Nov 11:00Z").settled(fault()) == fault("7 Nov 11:00Z")


def test_the_time_outlives_the_databag():
    kept = Status.from_json(fault("7 Nov 09:12Z").to_json())
    assert kept is not None
    assert kept.message == fault("7 Nov 09:12Z").message


def test_a_degradation_stays_active_and_is_named():
    odd = bad("infra-optim", severity=Severity.DEGRADED)
    judged = judge(*reports.VERIFIED, odd)
    assert judged.level is Level.ACTIVE
    assert judged.message.startswith("degraded: infra-optim refused")
    assert judged.message.endswith("juju status infra-optim")


@pytest.mark.parametrize("number", [1, 2, 3])
def test_other_degradations_are_counted(number: int):
    odd = [bad("infra-optim", f"q{n}", severity=Severity.DEGRADED) for n in range(number)]
    assert judge(*reports.VERIFIED, *odd).others == number - 1


def test_missing_types_that_nobody_runs_for_are_advised():
    reason = "Gnocchi lacks resource types (volume missing)"
    judged = judge(LACKING, record=Record(), step=Step.ADVISE, reason=reason)
    assert judged == Status(Level.BLOCKED, reason, "juju run ceilometer/leader ceilometer-upgrade")


@pytest.mark.parametrize("count", [1, 2])
def test_a_failed_run_is_our_own_work_in_progress(count: int):
    judged = judge(LACKING, record=failures(count), step=Step.WAIT)
    retry = failures(count).failure
    assert retry is not None
    assert judged.level is Level.MAINTENANCE
    assert f"failed ({count} of 3): HTTP 503" in judged.message
    assert judged.message.endswith(f"next try after {retry.retry_at:%H:%MZ}")


def test_a_run_that_lacks_the_right_is_for_a_person_at_once():
    record = Record().failed(reports.NOW, reports.FINGERPRINT, "Forbidden: Forbidden (HTTP 403)")
    judged = judge(LACKING, record=record, step=Step.WAIT)
    assert judged.level is Level.BLOCKED
    assert judged.message.endswith("; openstack role add --user us ROLE")


@pytest.mark.parametrize("count", [3, 4, 20])
def test_three_failed_runs_call_a_person(count: int):
    judged = judge(LACKING, record=failures(count), step=Step.WAIT)
    assert judged == Status(
        Level.BLOCKED, f"ceilometer-upgrade failed {count} times: HTTP 503", REMEDY
    )


@pytest.mark.parametrize(
    ("minutes", "level", "message"),
    [
        (
            59,
            Level.MAINTENANCE,
            (
                "ceilometer-upgrade runs as task 12 on ceilometer; "
                "looked at again at the next update-status; juju show-task 12"
            ),
        ),
        (
            60,
            Level.BLOCKED,
            "task 12 on ceilometer has not ended for over an hour; juju cancel-task 12",
        ),
    ],
)
def test_a_task_that_does_not_end_calls_a_person(minutes: int, level: Level, message: str):
    at = NOW - datetime.timedelta(minutes=minutes)
    running = upgrade_record.Running(at, FINGERPRINT, "12", "ceilometer", behind=True, asked=True)
    judged = judge(record=Record().started(running), step=Step.POLL)
    assert (judged.level, judged.message) == (level, message)


def test_a_service_that_is_down_counts_more_than_a_failed_run():
    judged = judge(bad("alarming"), LACKING, record=failures(3), step=Step.WAIT)
    assert judged.message.startswith("alarming refused")


def test_a_failed_run_after_a_change_is_told_although_the_proof_is_complete():
    record = DONE.failed(NOW, FINGERPRINT, "HTTP 503")
    judged = judge(record=record, step=Step.WAIT)
    assert judged.level is Level.MAINTENANCE


def test_missing_types_without_a_failed_run_block():
    judged = judge(good("metric"), LACKING, record=Record(), step=Step.RUN)
    assert judged.level is Level.BLOCKED
    assert judged.message.endswith(REMEDY)


# Kept and shown by others

WRONG = [
    json.dumps({"level": level, "summary": summary, "remedy": remedy})
    for level, summary, remedy in [
        ("odd", "", ""),
        (["active"], "", ""),
        ("active", 5, ""),
        ("active", "", None),
    ]
]


@pytest.mark.parametrize("level", list(Level))
def test_a_status_survives_json(level: Level):
    judged = Status(level, 'a "summary"', "juju status")
    assert Status.from_json(judged.to_json()) == judged


@pytest.mark.parametrize(
    "text", ["", "{", "null", "[]", "{}", "[" * 100_000, '{"level": "odd"}', *WRONG]
)
def test_a_text_that_is_no_status_is_none(text: str):
    assert Status.from_json(text) is None


def test_another_unit_shows_the_leaders_status():
    shown = status.standby(Status(Level.BLOCKED, "Gnocchi is down"))
    assert shown == Status(Level.ACTIVE, "standby; leader blocked: Gnocchi is down")


def test_another_unit_says_when_the_leader_has_not_reported():
    assert status.standby(None).message == "standby; the leader has not reported yet"


def test_levels_are_named_as_juju_names_statuses():
    assert {level.value for level in Level} == {"blocked", "waiting", "maintenance", "active"}


def test_a_retry_time_is_shown_in_utc():
    late = datetime.datetime(2026, 11, 22, 23, 59, tzinfo=datetime.timezone.utc)
    record = Record().failed(late, FINGERPRINT, "HTTP 503")
    assert judge(LACKING, record=record, step=Step.WAIT).message.endswith("next try after 00:00Z")


def test_the_number_of_failures_that_blocks_is_the_one_that_is_shown():
    judged = judge(LACKING, record=failures(decision.FAILURES_TO_BLOCK), step=Step.RUN)
    assert judged.level is Level.BLOCKED
    assert LACKING.cause is Cause.MISSING_TYPES


# What is news for others


def same(before: str, after: str) -> bool:
    """Whether others are told the status before in place of the one after."""
    first, second = status.blocked(before, REMEDY), status.blocked(after, REMEDY)
    return second.settled(first) == first


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12 alarms are late", "13 alarms are late"),
        ("no cpu metric on any of 3 instances", "no cpu metric on any of 4 instances"),
        ("published nothing for 119 min", "published nothing for 121 min"),
        ("evaluated an alarm in 2.5 s", "evaluated an alarm in 11.0 s"),
        (
            "ceilometer-upgrade failed 3 times: HTTP 503",
            "ceilometer-upgrade failed 4 times: HTTP 503",
        ),
        ("backlog of 1000 (20 more)", "backlog of 999 (21 more)"),
    ],
)
def test_a_count_or_a_measure_that_moves_is_no_news(before: str, after: str):
    assert same(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Aodh answers HTTP 500", "Aodh answers HTTP 503"),
        ("keystone/0 is in error", "keystone/1 is in error"),
        ("host-1 is silent", "host-2 is silent"),
        ("refused at http://192.0.2.30:8041", "refused at http://192.0.2.31:8041"),
        ("refused at http://192.0.2.30:8041", "refused at http://192.0.2.30:8042"),
        ("refused the connection on port 8041", "refused the connection on port 8042"),
        ("of Ceilometer 27.0", "of Ceilometer 28.0"),
        ("of Gnocchi 4.6.0", "of Gnocchi 4.6.1"),
        ("of release 2023.2", "of release 2024.1"),
        ("silent since 10:05Z", "silent since 10:10Z"),
        ("silent since 2026-11-22T10:00Z", "silent since 2026-11-23T10:00Z"),
        ("task 12 runs", "task 13 runs"),
        ("option blueprint line 3: no", "option blueprint line 4: no"),
        ("aodh is down", "gnocchi is down"),
        ("12 alarms are late", "many alarms are late"),
    ],
)
def test_what_names_something_is_news(before: str, after: str):
    assert not same(before, after)


@pytest.mark.parametrize(
    "after",
    [
        Status(Level.BLOCKED, "5 alarms are late", "juju show-task 13"),
        Status(Level.BLOCKED, "5 alarms are late"),
        Status(Level.ACTIVE, "5 alarms are late", "juju show-task 12"),
    ],
)
def test_another_remedy_or_level_is_news(after: Status):
    before = Status(Level.BLOCKED, "4 alarms are late", "juju show-task 12")
    assert after.settled(before) == after


def test_how_many_others_there_are_is_no_news():
    before = Status(Level.BLOCKED, "Gnocchi is down", "juju status gnocchi")
    after = status.blocked("Gnocchi is down", "juju status gnocchi", others=3, following=2)
    assert after.settled(before) == before
    assert after.text == before.text


def test_the_first_status_is_news():
    found = status.waiting("keystone has not sent credentials yet")
    assert found.settled(None) == found


@pytest.mark.parametrize(("summary", "remedy"), [("x" * 500, ""), ("down", "x" * 2001)])
def test_what_was_cut_for_others_is_no_news(summary: str, remedy: str):
    found = Status(Level.BLOCKED, summary, remedy)
    before = Status.from_json(found.to_json())
    assert before
    assert found.settled(before) == before


# Units that stand by


@given(st.text(max_size=400), st.text(alphabet="abc -=/", max_size=3000))
def test_another_unit_shows_a_whole_remedy_or_none(summary: str, remedy: str):
    remedy = " ".join(remedy.split())
    told = Status.from_json(Status(Level.BLOCKED, summary, remedy).to_json())
    assert told is not None
    assert told.remedy in {remedy, ""}
    assert status.standby(told).message.endswith(told.remedy)


def test_a_remedy_of_an_ordinary_length_is_shown_to_others():
    told = Status.from_json(Status(Level.BLOCKED, "x" * 500, REMEDY * 5).to_json())
    assert status.standby(told).message.endswith(REMEDY * 5)
