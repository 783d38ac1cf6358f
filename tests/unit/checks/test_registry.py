"""Every check that a blueprint may name is there."""

from __future__ import annotations

import pytest

from coordinator.checks import registry
from coordinator.checks.base import Check


@pytest.mark.parametrize("name", registry.CHECKS)
def test_every_name_leads_to_a_check_that_asks_something(name: str):
    assert type(registry.check_of(name)) is not Check


def test_a_system_without_a_check_is_asked_nothing():
    check = registry.check_of("")
    assert type(check) is Check
    assert not check.inspections
    assert check.canary is None


def test_a_class_that_is_no_check_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(registry.CHECKS, "metric", ("coordinator.checks.memory", "CheckMemory"))
    with pytest.raises(TypeError, match="is no check"):
        registry.check_of("metric")
