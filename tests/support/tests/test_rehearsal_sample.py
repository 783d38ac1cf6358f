"""The README's sample is held to what the rehearsal printed."""

from __future__ import annotations

from tests.rehearsal import sample

README = """text
```
other code
```
<!-- real output: begin -->
When Aodh is stopped:

```
Aodh refused the connection at http://127.0.0.1:44917
taken 2026-11-24T12:42:37Z
  failed    after 12 s (backlog: 2)
```
<!-- real output: end -->
"""
PRINTED = [
    "something before",
    "  Aodh refused the connection at http://127.0.0.1:1",
    "  taken 2027-01-01T00:00:00Z",
    "    failed    after 9.5 s (backlog: 1)",
]


def test_times_ports_and_measures_may_differ():
    assert sample.missing(README, PRINTED) == []


def test_a_line_that_was_not_printed_is_told_with_its_block():
    (lacking,) = sample.missing(README, [*PRINTED[:2], "  taken by storm", *PRINTED[2:]])
    assert lacking.startswith("Aodh refused the connection")
