"""What checks remember: it comes back as it was, stays small, and nothing in it is trusted."""

from __future__ import annotations

import datetime
import json
from typing import Any

import msgspec
import pytest

from coordinator.checks import memory
from coordinator.checks.memory import CheckMemory
from coordinator.report.finding import Cause, Finding, Severity
from tests.unit.reports import NOW

FULL = CheckMemory(
    canaries=memory.CanaryRound(
        NOW,
        {"metric": "http://192.0.2.30:8041"},
        {"metric": "4.6.0"},
        (
            Finding("metric", "canary", Severity.OK, "Gnocchi processed the measures"),
            Finding("alarming", "canary", Severity.FAILED, "Aodh errs", Cause.TIMEOUT, "do it"),
        ),
        required=("metric",),
    ),
    charms_fail=True,
    backlog=memory.BacklogTrend(12, NOW, 3, 2, 1),
    flow=memory.FlowTrend(2, "instance/8d0a5d90-7b2c-4f6b-9df5-0d1f4c3c8a11"),
    hosts=memory.HostsSeen({"node-1": NOW}, "node-7", ("node-8", "node-9")),
    unpublished=memory.Unpublished(NOW),
)


@pytest.mark.parametrize("kept", [FULL, memory.NOTHING], ids=["full", "empty"])
def test_what_is_remembered_comes_back(kept: CheckMemory):
    assert CheckMemory.from_json(kept.to_json()) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "5",
        "[]",
        "{}",
        '{"version": 1}',
        '"\ud800"',
        '{"version": ' + "1" * 20000 + "}",
        '{"version": NaN}',
        '{"version": 1e999}',
        "[" * 100_000,
        '{"a":' * 100_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_text_that_is_no_memory_is_none(text: str):
    assert CheckMemory.from_json(text) == memory.NOTHING


def changed(*path: str | int, value: Any) -> str:
    """The JSON form with one value replaced."""
    whole = json.loads(FULL.to_json())
    inner = whole
    for name in path[:-1]:
        inner = inner[name]
    assert inner[path[-1]] is not value
    inner[path[-1]] = value
    return json.dumps(whole)


@pytest.mark.parametrize(
    "path",
    [
        ("canaries",),
        ("canaries", "sent-at"),
        ("canaries", "endpoints"),
        ("canaries", "endpoints", "metric"),
        ("canaries", "findings"),
        ("canaries", "findings", 1),
        ("canaries", "findings", 1, "severity"),
        ("canaries", "findings", 1, "cause"),
        ("canaries", "findings", 1, "summary"),
        ("charms-fail",),
        ("backlog",),
        ("backlog", "waiting"),
        ("backlog", "growths"),
        ("backlog", "at"),
        ("flow",),
        ("flow", "dry"),
        ("flow", "fresh"),
        ("hosts",),
        ("hosts", "silent"),
        ("hosts", "silent", "node-1"),
        ("hosts", "after"),
        ("hosts", "known"),
        ("unpublished", "since"),
    ],
    ids=lambda path: "/".join(map(str, path)),
)
@pytest.mark.parametrize(
    "value", [10**400, float("nan"), [[]]], ids=lambda value: repr(value)[:12]
)
def test_a_value_of_another_kind_is_as_good_as_no_memory(path: tuple[str | int, ...], value: Any):
    assert CheckMemory.from_json(changed(*path, value=value)) == memory.NOTHING


def test_a_text_that_was_not_written_here_is_shortened_and_on_one_line():
    kept = CheckMemory.from_json(changed("flow", "fresh", value="\x1b[31m\n" * 1000))
    assert len(kept.flow.fresh) == memory.LONGEST_TEXT
    assert kept.flow.fresh.isprintable()


@pytest.mark.parametrize("text", ["2026-11-22T10:00:00", "soon"])
def test_a_time_without_a_zone_is_none(text: str):
    assert CheckMemory.from_json(changed("backlog", "at", value=text)) == memory.NOTHING


def test_fields_of_a_later_revision_are_ignored():
    data = {**json.loads(FULL.to_json()), "later": {"a": [1]}}
    assert CheckMemory.from_json(json.dumps(data)) == FULL


def test_four_hundred_hosts_with_long_names_do_not_blow_it_up():
    hosts = {f"{n}-{'h' * 250}": NOW - datetime.timedelta(minutes=n) for n in range(400)}
    text = CheckMemory(hosts=memory.HostsSeen(hosts, known=tuple(hosts))).to_json()
    assert len(text) < 64 * 1024
    kept = CheckMemory.from_json(text).hosts.silent
    assert len(kept) == memory.MOST_HOSTS
    assert min(kept.values()) == NOW - datetime.timedelta(minutes=399)  # the longest stay


def test_a_name_that_no_host_has_is_not_remembered():
    hosts = memory.HostsSeen({"h" * 256: NOW, "two\nlines": NOW, "": NOW}, "x" * 256)
    assert CheckMemory.from_json(CheckMemory(hosts=hosts).to_json()).hosts == memory.HostsSeen()


def test_long_texts_and_many_canaries_are_shortened():
    finding = Finding("metric", "canary", Severity.FAILED, "s" * 5000, None, "r" * 5000)
    many = tuple(msgspec.structs.replace(finding, service=f"service-{n}") for n in range(500))
    endpoints = {f"service-{n}": "http://" + "u" * 5000 for n in range(500)}
    text = CheckMemory(canaries=memory.CanaryRound(NOW, endpoints, endpoints, many)).to_json()
    assert len(text) < 64 * 1024
    kept = CheckMemory.from_json(text).canaries
    assert kept
    assert len(kept.findings) == memory.MOST_ITEMS
    assert kept.findings[0].summary == "s" * 297 + "..."


def test_a_number_beyond_all_measure_is_shortened():
    kept = CheckMemory(backlog=memory.BacklogTrend(10**400, NOW, 10**400)).to_json()
    assert CheckMemory.from_json(kept).backlog == memory.BacklogTrend(
        memory.LARGEST, NOW, memory.LARGEST
    )
