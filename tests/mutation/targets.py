"""The decision code, and the tests that are to notice a change of it."""

from __future__ import annotations

GOAL = 85
"""Mutants in a hundred that must be killed."""

_UPGRADE = (
    "tests/unit/upgrade/test_decision.py",
    "tests/unit/upgrade/test_decision_lives.py",
    "tests/unit/upgrade/test_fingerprint.py",
    "tests/unit/upgrade/test_lives.py",
    "tests/unit/upgrade/test_record.py",
)
_MODEL = ("tests/unit/checks/model",)

TESTS: dict[str, tuple[str, ...]] = {
    "coordinator/upgrade/decision.py": (*_UPGRADE, "tests/unit/test_reconcile.py"),
    "coordinator/upgrade/record.py": (*_UPGRADE, "tests/unit/upgrade/test_remembered.py"),
    "coordinator/upgrade/policy.py": _UPGRADE,
    "coordinator/upgrade/run.py": (
        *_UPGRADE,
        "tests/unit/upgrade/test_run.py",
        "tests/unit/test_reconcile.py",
    ),
    "coordinator/status.py": ("tests/unit/test_status.py",),
    "coordinator/report/root_causes.py": ("tests/unit/report/test_root_causes.py",),
    "coordinator/openstack/catalog.py": ("tests/unit/openstack/test_catalog.py",),
    "coordinator/checks/model/certificates.py": (*_MODEL, "tests/unit/plan"),
    **{
        f"coordinator/checks/model/{name}.py": _MODEL
        for name in (
            "applications",
            "case",
            "evidence",
            "integrations",
            "machines",
            "needs",
            "releases",
            "scope",
            "status_words",
            "subordinates",
            "systems",
            "unit_status",
        )
    },
}
