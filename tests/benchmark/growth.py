"""P6: what a verification costs in a larger cloud."""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import pathlib

from tests.benchmark.charms import FailedError, MeteredUnit
from tests.benchmark.figures import Figure, Series
from tests.benchmark.stage import KINDS, Stage
from tests.support.agent import unit_state
from tests.support.agent.agent import MODEL_UUID
from tests.support.juju import models
from tests.support.juju.controller import Controller

RUNS = 5
REGIONS = (1, 10, 50)
UNITS = (1, 100, 5000)
METRICS = (100, 1000, 10_000)
MODEL_UNITS = (30, 300, 3000)
FLAT = 1.25
"""Ratio of the largest to the smallest below which a curve counts as flat."""
SMALL = 3.0
"""The same for what may grow with a small slope: a hundred times the units and more."""


@dataclasses.dataclass(frozen=True)
class Point:
    """A verification in a cloud of one size."""

    size: int
    wall: float
    cpu: float
    memory: float
    requests: int


Curves = dict[str, list[Point]]
"""The points by what grows."""


def measure(stage: Stage) -> Curves:
    """Grow one thing after the other."""
    with stage.through_gateways():
        unit = stage.coordinator(deep="on-change", databag=stage.gateway_databag)
        return {
            "units in databags": _grow_units(stage),
            "metrics in Gnocchi": _grow_metrics(stage, unit),
            "units in the model": _grow_model(stage),
            "regions in the catalog": _grow_regions(stage, unit),
        }


def figures(curves: Curves) -> collections.abc.Iterator[Figure]:
    """Largest against smallest."""
    for what, points in curves.items():
        first, last = points[0], points[-1]
        goal = SMALL if "units" in what else FLAT
        made_of = {
            **{f"{point.size}": point.wall for point in points},
            "requests at most": float(max(point.requests for point in points)),
            "MB at most": max(point.memory for point in points),
        }
        text = f"`verify-stack` with {last.size} {what} against {first.size}"
        yield Figure("P6", text, last.wall / first.wall, goal=goal, made_of=made_of)


def _point(stage: Stage, unit: MeteredUnit, size: int) -> Point:
    asked = stage.requests_of(lambda: unit.action("verify-stack"))
    found: Series = stage.compare({"it": lambda: unit.action("verify-stack")}, RUNS)["it"]
    return Point(size, found.wall, found.cpu, found.memory, len(asked))


def _grow_units(stage: Stage) -> list[Point]:
    """Units of an application related over juju-info, as nova-compute may be."""
    points: list[Point] = []
    for size in UNITS:
        unit = stage.coordinator(databag=stage.gateway_databag)
        databags: dict[str, dict[str, str]] = {f"nova-compute/{n}": {} for n in range(size)}
        relation = unit.agent.relate("member", "nova-compute", databags)
        for name in databags:
            unit.agent.relation(relation).remote_units[name].presence = unit_state.Presence.MEMBER
        points.append(_point(stage, unit, size))
    return points


def _grow_metrics(stage: Stage, unit: MeteredUnit) -> list[Point]:
    """Instances with two metrics each."""
    points: list[Point] = []
    for size in METRICS:
        cloud = stage.stack.populate(hosts=max(size // 200, 1), instances=size // 2)
        metrics = cloud.metrics("cpu")
        for first in range(0, len(metrics), 500):  # all: which are sampled is left to chance
            stage.stack.measure(metrics[first : first + 500], age=60)
        points.append(_point(stage, unit, size))
        stage.stack.depopulate()
    return points


def _grow_regions(stage: Stage, unit: MeteredUnit) -> list[Point]:
    """The same services in more regions."""
    points: list[Point] = []
    known = 1
    for size in REGIONS:
        for number in range(known, size):
            for kind, name in KINDS.items():
                url = stage.stack.services[name].url
                stage.stack.catalog.add(kind, name, url, ("internal",), f"Region{number}")
        known = size
        points.append(_point(stage, unit, size))
    return points


def _grow_model(stage: Stage) -> list[Point]:
    """Compute hosts in the Juju model; the client prints a document that was made before."""
    return [_with_model(stage, size) for size in MODEL_UNITS]


def _with_model(stage: Stage, size: int) -> Point:
    unit = stage.coordinator(databag=stage.gateway_databag)
    folder = unit.agent.charm_dir.parent
    document = models.openstack(computes=size // 2).document  # each with a subordinate
    del document["applications"]["ceilometer"]["version"]  # that of the command counts
    controller = Controller(folder / "juju", unit.agent.juju_version, MODEL_UUID)
    asked = _replace_client(controller.bin, json.dumps(document))
    (folder / "agent.conf").write_text(controller.agent_conf())
    unit.agent.environment["PATH"] = f"{controller.bin}:{unit.agent.path}"
    secret = unit.agent.add_secret({"username": "someone", "password": "correct-horse"})
    unit.agent.config({"juju-access": secret})
    unit.hook("config-changed")
    asked.unlink()
    point = _point(stage, unit, size)
    if not asked.exists():
        raise FailedError("verify-stack did not ask for the model")
    return point


def _replace_client(folder: pathlib.Path, document: str) -> pathlib.Path:
    """A juju command that prints the model and costs next to nothing; its use leaves the file."""
    (folder / "document.json").write_text(document)
    asked = folder / "asked"
    (folder / "juju").write_text(
        f"#!/bin/sh\ncase $1 in status) : > '{asked}'; exec cat '{folder}/document.json';; esac\n"
    )
    return asked


def to_json(curves: Curves) -> dict[str, list[dict[str, float]]]:
    """The curves as plain values."""
    return {
        what: [dataclasses.asdict(point) for point in points] for what, points in curves.items()
    }
