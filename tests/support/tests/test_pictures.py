"""The dashboard as a page, of a Prometheus that answers as told."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.pictures import dashboard
from tests.support.monitoring.server import Prometheus

LABELS = {"service": "metric", "severity": "failed", "cause": "measures-not-processed"}


class Told(Prometheus):
    """Answers every query with the same value, and over time with a gap."""

    def query(self, expression: str) -> list[dict[str, Any]]:
        return [{"metric": LABELS, "value": [100, "1"]}]

    def query_range(
        self, expression: str, start: float, end: float, step: float
    ) -> list[dict[str, Any]]:
        assert "$" not in expression
        values = [[start, "2"], [start + step, "2"], [end, "0"]]
        return [{"metric": {**LABELS, "juju_model": "openstack"}, "values": values}]


@pytest.fixture(scope="module")
def page() -> str:
    return dashboard.page(Told("http://127.0.0.1:9"), 0, 100)


def test_values_are_named_as_the_dashboard_names_them(page: str):
    assert ">VERIFIED<" in page
    assert ">NEEDED<" in page
    assert ">failed<" in page


def test_a_gap_is_no_line(page: str):
    (path, *_) = re.findall(r'<path d="([^"]*)" fill', page)
    assert path.count("M") == 2


def test_the_page_loads_nothing(page: str):
    assert not re.search(r"https?:|<script|@import|url\(", page)
