"""How much is tried: a little in every run of the tests, much more with `make soak`."""

from __future__ import annotations

import os

import hypothesis

SOAK = os.environ.get("TELEMETRY_SOAK", "") not in {"", "0"}
"""Whether the long part is run."""


def amount(quick: int, long: int) -> int:
    """A number of tries."""
    return long if SOAK else quick


def examples(quick: int, long: int) -> hypothesis.settings:
    """So many examples; a busy machine is no fault of the code, and fixtures are overwritten."""
    return hypothesis.settings(
        max_examples=amount(quick, long),
        deadline=None,
        suppress_health_check=[
            hypothesis.HealthCheck.too_slow,
            hypothesis.HealthCheck.data_too_large,
            hypothesis.HealthCheck.function_scoped_fixture,
        ],
    )
