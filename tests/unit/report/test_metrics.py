"""Metrics as text, judged by a parser of Prometheus' own client."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import parser

from coordinator.report.metrics import LONGEST, Metric, Sample, text_of


def parsed(*samples: Sample) -> dict[tuple[str, tuple[str, ...]], float]:
    families = parser.text_string_to_metric_families(text_of(samples))
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def test_a_sample_is_read_as_it_was_written():
    assert parsed(Sample(Metric.BACKLOG, 12.5)) == {("telemetry_backlog_measures", ()): 12.5}


def test_times_keep_their_seconds():
    (value,) = parsed(Sample(Metric.TAKEN_AT, 1795341600.0)).values()
    assert value == 1795341600


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\\n", 'x"} 1', "ü", "\\"])
def test_names_of_hosts_cannot_break_the_text(name: str):
    assert parsed(Sample(Metric.HOST_SILENCE, 1, (name,))) == {
        ("telemetry_host_silence_seconds", (name,)): 1
    }


@given(st.lists(st.text(), max_size=5))
def test_no_series_comes_twice_whatever_hosts_are_called(names: list[str]):
    text = text_of(Sample(Metric.HOST_SILENCE, 1, (name,)) for name in names)
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    assert len(lines) == len(set(lines)) <= len(names)
    assert all(line.startswith("telemetry_host_silence_seconds{") for line in lines)


def test_a_label_is_cut():
    ((_, (host,)),) = parsed(Sample(Metric.HOST_SILENCE, 1, ("x" * 500,)))
    assert len(host) == LONGEST


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_left_out(value: float):
    assert text_of([Sample(Metric.BACKLOG, value)]) == ""


def test_each_metric_is_explained_once():
    text = text_of(Sample(Metric.ENDPOINT_TOOK, n, (f"s{n}",)) for n in range(3))
    assert text.count("# HELP telemetry_endpoint_duration_seconds ") == 1
    assert text.count("# TYPE telemetry_endpoint_duration_seconds gauge\n") == 1


def test_a_label_too_few_is_an_error():
    with pytest.raises(ValueError, match="shorter"):
        text_of([Sample(Metric.ENDPOINT_TOOK, 1)])


@pytest.mark.parametrize("metric", Metric)
def test_names_follow_the_conventions(metric: Metric):
    described = metric.value
    assert re.fullmatch(r"telemetry(_[a-z]+)+", described.name)
    assert not described.name.endswith(("_total", "_count", "_sum", "_minutes", "_days", "_ms"))
    assert described.meaning.endswith(".")


def test_names_are_unique():
    assert len({metric.value.name for metric in Metric}) == len(Metric)
