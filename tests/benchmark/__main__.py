"""`python -m tests.benchmark [P1 …]`: measures the packed charm on real services.

Prints a table and writes the same as JSON. Exit code 0 also where a goal is missed: a machine that
is busy proves nothing. `--strict` makes it 1.
"""

from __future__ import annotations

import argparse
import collections.abc
import dataclasses
import datetime
import json
import os
import pathlib
import platform
import signal
import sys
import tempfile
import time

from tests.benchmark import comparisons, growth, packages, plot
from tests.benchmark.figures import Figure, table
from tests.benchmark.gateway import Gateways
from tests.benchmark.stage import KINDS, Stage
from tests.support.openstack import Release, Stack
from tests.support.packing import charmcraft_tool, packing

Measure = collections.abc.Callable[[Stage], collections.abc.Iterator[Figure]]
PARTS: dict[str, Measure] = {
    "P1": comparisons.verification_against_commands,
    "P2": comparisons.verification_against_requests,
    "P3": comparisons.quiet_hook,
    "P4": packages.first_dispatch,
    "P5": comparisons.rounds,
    "P7": packages.size,
    "P8": comparisons.unchanged_hook,
    "P9": comparisons.deployment,
}
"""What is measured by a function of figures alone; P6 is drawn as well."""
GROWTH = "P6"
OUTPUT = charmcraft_tool.CHECKOUT / ".tools" / "benchmark"
LIMIT = 600
"""Seconds for all parts; what has not begun by then is left out and named."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmark", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help="P1 to P9 (default: all)")
    parser.add_argument(
        "--output", type=pathlib.Path, default=OUTPUT, help="folder for the results"
    )
    parser.add_argument("--strict", action="store_true", help="fail where a goal is missed")
    asked = parser.parse_args()
    every = sorted([*PARTS, GROWTH])
    unknown = set(asked.parts) - set(every)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))} (there are {', '.join(every)})")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    asked.output.mkdir(parents=True, exist_ok=True)
    print("packing the charm", flush=True)
    charm = packing.pack()
    figures, curves = _measure_all(charm, asked.parts or every)
    text = table(figures)
    print(f"\n{_circumstances()}\n\n{text}")
    _write(asked.output, figures, curves)
    return 1 if asked.strict and not all(figure.met for figure in figures) else 0


def _measure_all(
    charm: pathlib.Path, parts: collections.abc.Sequence[str]
) -> tuple[list[Figure], growth.Curves]:
    """Boot the services and measure part after part."""
    figures: list[Figure] = []
    curves: growth.Curves = {}
    with (
        Stack(Release.LATEST) as stack,
        Gateways(
            {name: stack.services[name].url for name in ("keystone", *KINDS.values())}
        ) as doors,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        stack.upgrade_ceilometer()
        stage = Stage(stack, doors, charm, pathlib.Path(folder))
        started = time.monotonic()
        try:
            for part in parts:
                if time.monotonic() - started > LIMIT:
                    print(f"{part} was left out: {LIMIT} seconds are over", flush=True)
                    continue
                if part == GROWTH:
                    curves = growth.measure(stage)
                    found = list(growth.figures(curves))
                else:
                    found = list(PARTS[part](stage))
                figures += found
                seconds = time.monotonic() - started
                print(f"[{seconds:.0f} s] {part} measured", flush=True)
        finally:
            stage.close()
    return figures, curves


def _circumstances() -> str:
    """When and on what it was measured."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    release = platform.freedesktop_os_release()["PRETTY_NAME"]
    load = os.getloadavg()[0]
    cores = f"{os.cpu_count()} cores ({platform.machine()})"
    return f"{today}, {cores}, {release}, load {load:.1f}"


def _write(folder: pathlib.Path, figures: list[Figure], curves: growth.Curves) -> None:
    document = {
        "circumstances": _circumstances(),
        "figures": [{**dataclasses.asdict(figure), "met": figure.met} for figure in figures],
        "growth": growth.to_json(curves),
    }
    (folder / "benchmark.json").write_text(json.dumps(document, indent=2) + "\n")
    if curves:
        plot.draw(curves, folder / "growth.svg")
    print(f"\nwritten to {folder}")


if __name__ == "__main__":
    sys.exit(main())
