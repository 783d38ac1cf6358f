"""Fills Gnocchi with what Ceilometer would have put there for a cloud of some size."""

import dataclasses
import datetime
import itertools
import json
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence

from tests.support.openstack import postgres
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import Site

# As Ceilometer's gnocchi_resources.yaml has them; its publisher makes them at its first sample.
ARCHIVE_POLICIES: Mapping[str, Sequence[str]] = {
    "ceilometer-low": ("mean",),
    "ceilometer-low-rate": ("mean", "rate:mean"),
}
POLICY_DEFINITION = {"granularity": "0:05:00", "timespan": "30 days, 0:00:00"}
_AS_RATES = ("cpu",)  # metrics that only grow
_DAY = datetime.timedelta(days=1)
_NULL = r"\N"  # in PostgreSQL's COPY


@dataclasses.dataclass(frozen=True)
class Instance:
    """An instance of Nova as Gnocchi knows it."""

    id: str
    host: str
    name: str
    ended: bool
    metrics: Mapping[str, str]  # id by name


@dataclasses.dataclass(frozen=True)
class Population:
    """The instances of a cloud."""

    instances: Sequence[Instance]

    @property
    def hosts(self) -> list[str]:
        """The compute hosts that have instances, in order."""
        return sorted({instance.host for instance in self.instances})

    def metrics(self, name: str, hosts: Collection[str] | None = None) -> list[str]:
        """Ids of the metrics of this name, of instances that live, on some hosts or on all."""
        return [
            instance.metrics[name]
            for instance in self.instances
            if not instance.ended and (hosts is None or instance.host in hosts)
        ]


def imagine(hosts: int, instances: int, ended: int, metrics: Sequence[str]) -> Population:
    """Think of so many instances that live and so many that ended, spread over the hosts."""
    return Population(
        tuple(
            Instance(
                id=str(uuid.uuid4()),
                host=f"compute-{number % hosts:03}.example.com",
                name=f"instance-{number:05}",
                ended=number >= instances,
                metrics={name: str(uuid.uuid4()) for name in metrics},
            )
            for number in range(instances + ended)
        )
    )


def insert(site: Site, population: Population, creator: str, project: str) -> None:
    """Write a population to Gnocchi's database, which its API would take minutes to do.

    Raises StackError when there is no resource type for instances.
    """
    found = postgres.query(
        site, "SELECT tablename, attributes FROM resource_type WHERE name = 'instance'"
    )
    if not found:
        raise StackError("Gnocchi has no resource type `instance`: run ceilometer-upgrade first")
    table, _, attributes = found.partition("|")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    started, ended = str(now - 30 * _DAY), str(now - _DAY)
    everyone = population.instances
    resource = {
        "id": [one.id for one in everyone],
        "type": itertools.repeat("instance"),
        "creator": itertools.repeat(creator),
        "started_at": itertools.repeat(started),
        "revision_start": itertools.repeat(started),
        "ended_at": [ended if one.ended else _NULL for one in everyone],
        "project_id": itertools.repeat(project),
        "original_resource_id": [one.id for one in everyone],
    }
    told: dict[str, Iterable[str]] = {
        "host": [one.host for one in everyone],
        "display_name": [one.name for one in everyone],
        "flavor_id": itertools.repeat("1"),
        "flavor_name": itertools.repeat("m1.small"),
    }
    known = json.loads(attributes)
    instance = {name: values for name, values in told.items() if name in known}
    missing = {name for name, options in known.items() if options["required"]} - set(instance)
    if missing:
        raise StackError(f"instances need the attributes {', '.join(sorted(missing))}")
    measured = [(one, name) for one in everyone for name in one.metrics]
    metric = {
        "id": [one.metrics[name] for one, name in measured],
        "archive_policy_name": [
            "ceilometer-low-rate" if name in _AS_RATES else "ceilometer-low"
            for _, name in measured
        ],
        "creator": itertools.repeat(creator),
        "resource_id": [one.id for one, _ in measured],
        "name": [name for _, name in measured],
        "status": itertools.repeat("active"),
    }
    script = _copy("resource", resource)
    script += _copy(table, {"id": resource["id"], **instance})
    script += _copy("metric", metric)
    # without it, queries are planned for the few rows that there were, and take seconds
    postgres.run_script(site, f"BEGIN;\n{script}COMMIT;\nANALYZE;\n")


def remove(site: Site) -> None:
    """Remove all resources and metrics from Gnocchi's database, of whomever."""
    script = "DELETE FROM metric; DELETE FROM resource_history; DELETE FROM resource;\n"
    postgres.run_script(site, f"BEGIN;\n{script}COMMIT;\n")


def _copy(table: str, columns: Mapping[str, Iterable[str]]) -> str:
    """SQL that adds rows to a table. Columns of one value are endless, one at least is not."""
    rows = ["\t".join(row) for row in zip(*columns.values())]  # noqa: B905 - endless ones
    return "\n".join([f"COPY {table} ({', '.join(columns)}) FROM STDIN;", *rows, "\\.", ""])
