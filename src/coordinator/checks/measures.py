"""The arrival of measures in Gnocchi, found out from a few of its resources.

The cost does not grow with the cloud: each search is limited, and only the newest measures of a
few metrics are read. Requests that do not need each other's answers are sent together.

Any user of a cloud can make resources in Gnocchi. Only those count that a user of the project made
that the coordinator belongs to, too: the services' own, where Ceilometer's user is.
"""

from __future__ import annotations

import datetime
import functools
import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from coordinator.checks import base, parallel
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.memory import FlowTrend
from coordinator.openstack import http
from coordinator.openstack.errors import ApiError, UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from coordinator.report.kept import Json
from coordinator.text import counted, lasting

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

POLLED = ("cpu", "memory.usage", "volume.size", "image.size")
"""Metrics that Ceilometer's agents poll, so that their measures must be fresh; the first that a
resource has is read. Others come with notifications, when something happens."""

DRAWN: Mapping[str, int] = {"instance": 20, "volume": 3, "image": 3, "network": 3}
"""Resources that are drawn at most, by type. Many instances, because those that are shut off have
no fresh measures."""

FIRST: Mapping[str, int] = {"instance": 4, "volume": 1, "image": 1, "network": 1}
"""Resources of these that are read first; the others only where none of these is fresh."""

LOOK_BACK = 24 * 60
"""Minutes for which measures are looked for."""

POLLING = 5
"""Minutes between two polls of Ceilometer's agents (option polling-interval of its charm)."""

YOUNGEST = 10
"""Instances that are asked when none that was drawn is fresh: of the youngest, most run."""

FAILS_AFTER = 3
"""Verifications in a row without fresh measures that are a failure. One or two may be bad luck,
where most instances are shut off, or stay in Gnocchi since the notification of their end was lost.
"""

RESERVE = 0.5
"""Seconds before the deadline after which no answer is waited for."""


class OutOfTimeError(UnusableAnswerError):
    """There was no time for another request."""

    def __init__(self) -> None:
        super().__init__(Cause.TIMEOUT, "could not be checked: no time was left to ask Gnocchi")


class Resource(msgspec.Struct, frozen=True):
    """Something that is measured.

    Attributes:
        host: where it runs; empty for what runs nowhere.
        metrics: ids of its metrics by their names.
    """

    type: str
    id: str
    host: str
    metrics: Mapping[str, str]

    @property
    def metric(self) -> str:
        """Id of the metric that is read: a polled one if there is any; empty without metrics."""
        names = [*(name for name in POLLED if name in self.metrics), *sorted(self.metrics)]
        return self.metrics[names[0]] if names else ""


class Sampling:
    """All that is asked of Gnocchi about Ceilometer in one verification, within limits.

    Its inspections share it, so that nothing is asked twice. What is asked may raise
    `OutOfTimeError`, or another `ApiError`.

    Attributes:
        age: minutes that the newest measure may be old.
        minimum_age: minutes after which a resource must have fresh measures.
    """

    def __init__(self, context: CheckContext) -> None:
        self.age = context.request.thresholds.age
        self.minimum_age = max(self.age, 2 * POLLING)
        self._gnocchi = context.services["metric"]
        self._deadline = http.Deadline(context.deadline.at - RESERVE)
        self._drawn = {type_: parallel.Once[list[Resource]]() for type_ in DRAWN}
        self._waiting = parallel.Once[frozenset[str]]()

    def gather(self, jobs: Mapping[_Key, Callable[[], _Value]]) -> dict[_Key, _Value]:
        """Ask several things at the same time; gives all answers."""
        answers = parallel.gather(jobs, self._deadline)
        if len(answers) < len(jobs):
            raise OutOfTimeError
        return answers

    def find(
        self,
        type_: str,
        sort: Sequence[str],
        limit: int,
        conditions: Iterable[Mapping[str, Mapping[str, object]]] = (),
    ) -> list[Resource]:
        """Find resources of a type that live and are old enough; one request.

        Source: Gnocchi's REST API, "Searching for resources"; an unknown type is HTTP 404. The
        creator is user and project, with a colon between (gnocchi/rest/auth_helper.py).
        """
        query = [
            {"=": {"ended_at": None}},
            {"<": {"started_at": f"-{self.minimum_age} minutes"}},
            {"like": {"creator": f"%:{self._gnocchi.cloud.project}"}},
            *conditions,
        ]
        try:
            found = self._gnocchi.search(
                "/v1/search/resource", {"and": query}, type_, sort=list(sort), limit=limit
            )
        except ApiError as error:
            if error.cause is not Cause.NOT_FOUND:
                raise
            return []
        return [_resource(type_, record) for record in base.records(found, "resources")]

    def draw(self, type_: str) -> list[Resource]:
        """Draw some resources of a type: others each time, the same ones in one verification."""
        return self._drawn[type_].get(lambda: self._draw(type_))

    def _draw(self, type_: str) -> list[Resource]:
        """Find those that follow a random id in the order of ids, and after the last the first.

        Two requests: Nova's, Cinder's, Glance's and Neutron's ids are random. The searches read no
        more rows than they need.
        """
        begin, limit = str(uuid.uuid4()), DRAWN[type_]
        find = functools.partial(self.find, type_, ["id:asc"], limit)
        found = self.gather(
            {sign: functools.partial(find, [{sign: {"id": begin}}]) for sign in (">", "<=")}
        )
        return [*found[">"], *found["<="]][:limit]

    def read(self, resources: Sequence[Resource]) -> list[tuple[Resource, float | None]]:
        """Ask for how many minutes resources have been silent; gives what came in time.

        That is infinite for one without a polled measure in the last day, and None where it
        cannot be told. One request for each.
        """
        jobs = {n: functools.partial(self._silence, one) for n, one in enumerate(resources)}
        answers = parallel.gather(jobs, self._deadline)
        return [(resources[n], minutes) for n, minutes in answers.items()]

    def _silence(self, resource: Resource) -> float | None:
        if not resource.metric:
            return math.inf if resource.host else None
        try:
            answer = self._gnocchi.get(
                "/v1/metric",
                resource.metric,
                "measures",
                start=f"-{LOOK_BACK} minutes",
                aggregation="mean",
            )
        except ApiError as error:
            if error.cause is not Cause.NOT_FOUND:
                raise
            return None  # removed meanwhile, or an archive policy of somebody's own
        now = datetime.datetime.now(datetime.timezone.utc)
        return max(0.0, (now - _newest(answer)).total_seconds() / 60) if answer else math.inf

    def is_unprocessed(self, resource: Resource) -> bool:
        """True if it only seems silent: its measures wait for metricd."""
        waiting = self._waiting.get(lambda: self.gather({"": self._ask_waiting})[""])
        return resource.metric in waiting

    def _ask_waiting(self) -> frozenset[str]:
        """Ask which metrics have measures that wait for metricd; none where that is not told.

        One request. A read with `refresh` would tell it, too, but by making what it looks for.
        """
        try:
            storage = base.field(self._gnocchi.get("/v1/status"), "storage", "status")
            return frozenset(base.field(storage, "measures_to_process", "status"))
        except Exception:  # noqa: BLE001 - for administrators only, and not always
            return frozenset()


def _resource(type_: str, record: Mapping[str, Json]) -> Resource:
    metrics = record.get("metrics")
    if not isinstance(metrics, Mapping):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers resources without metrics")
    return Resource(
        type=type_,
        id=str(record.get("id")),
        host=str(record.get("host") or ""),
        metrics={str(name): str(id_) for name, id_ in metrics.items()},
    )


def _newest(answer: Sequence[Sequence[Any]]) -> datetime.datetime:
    """The end of the newest aggregate of the finest granularity.

    A measure may be that much older: this is in a resource's favour.
    """
    try:
        finest = min(base.number(granularity, base.COARSEST) for _, granularity, _ in answer)
        newest = max(
            datetime.datetime.fromisoformat(str(time))
            for time, granularity, _ in answer
            if float(granularity) == finest
        )
        return newest.astimezone(datetime.timezone.utc) + datetime.timedelta(seconds=finest)
    except (TypeError, ValueError, OverflowError):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no list of measures") from None


def ago(minutes: float) -> str:
    """The time since something, for people: `12 min`, `3 h`."""
    if minutes > LOOK_BACK:
        return "more than a day"
    return lasting(datetime.timedelta(minutes=minutes))


def inspect_flow(context: CheckContext, sampling: Sampling) -> CheckResult:
    """Tell if anything fresh arrives: the newest measures of resources of several types.

    At most 51 requests: two for each type, one for each resource that was drawn, two and eleven
    for the likeliest, and one to tell a silent Ceilometer from a dead metricd. They take two
    rounds where the first that are read are fresh.

    That nothing fresh is found is a failure only where measures are known to have come, and only
    in the third verification in a row.

    Raises:
        OutOfTimeError, or another ApiError.
    """
    trend = context.memory.flow
    newest: dict[str, float] = {}
    for resources in _rounds(sampling, trend.fresh):
        read = sampling.read(resources)
        if len(read) < len(resources):
            raise OutOfTimeError
        known = [(one, minutes) for one, minutes in read if minutes is not None]
        for one, minutes in known:
            newest[one.type] = min(minutes, newest.get(one.type, math.inf))
        fresh = [f"{one.type}/{one.id}" for one, minutes in known if minutes <= sampling.age]
        if fresh:
            text = f"sends fresh measures to Gnocchi ({_told(newest)})"
            return CheckResult(Severity.OK, text, memory=FlowTrend(0, fresh[0]))
    if any(sampling.is_unprocessed(one) for one in sampling.draw("instance")):
        text = "sends fresh measures, but Gnocchi's metricd does not process them"
        gnocchi = msgspec.structs.replace(
            context.subject.names,
            application=context.request.applications.get("metric", "gnocchi"),
        )
        remedy = remedies.remedy(Cause.NOT_PROCESSED, gnocchi)
        return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED, remedy)
    if "instance" not in newest:
        # what there is may be measured only when something happens to it
        text = f"has no instance older than {sampling.minimum_age} min in Gnocchi"
        return CheckResult(Severity.SKIPPED, text)
    misses = trend.misses
    if misses is None and min(newest.values()) <= LOOK_BACK:
        misses = 0  # what came within a day came: shut off since, or no longer measured
    trend = FlowTrend(None if misses is None else misses + 1, trend.fresh)
    severity = Severity.FAILED if (trend.misses or 0) >= FAILS_AFTER else Severity.DEGRADED
    text = f"sends no fresh measures to Gnocchi ({_told(newest)})"
    return CheckResult(severity, text, Cause.NO_FLOW, memory=trend)


def _rounds(sampling: Sampling, last: str) -> Iterator[list[Resource]]:
    """Resources to read, round by round: some that are drawn, the others, then the likeliest.

    These are the one that was fresh last, such as `instance/ID`, and the youngest instances.
    """
    drawn = sampling.gather({type_: functools.partial(sampling.draw, type_) for type_ in DRAWN})
    yield [one for type_, some in drawn.items() for one in some[: FIRST[type_]]]
    yield [one for type_, some in drawn.items() for one in some[FIRST[type_] :]]
    jobs: dict[str, Callable[[], list[Resource]]] = {}
    type_, _, id_ = last.partition("/")
    if id_:
        same = {"=": {"id": id_}}
        jobs["last"] = functools.partial(sampling.find, type_, ["id:asc"], 1, [same])
    if drawn["instance"]:
        order = ["started_at:desc"]
        jobs["youngest"] = functools.partial(sampling.find, "instance", order, YOUNGEST)
    yield [one for some in sampling.gather(jobs).values() for one in some]


def _told(newest: Mapping[str, float]) -> str:
    return ", ".join(f"{type_} {ago(minutes)}" for type_, minutes in newest.items())


def inspect_metrics(context: CheckContext, sampling: Sampling) -> CheckResult:
    """Tell if instances have the metrics that alarms and Watcher need.

    Those that the flow draws, too; two requests at most. A metric that only some lack is no fault:
    not every guest tells its use of memory.

    Raises:
        OutOfTimeError, or another ApiError.
    """
    wanted = context.request.thresholds.metrics
    if not wanted:
        return CheckResult(Severity.SKIPPED, "metrics not checked: expected-metrics is empty")
    instances = sampling.draw("instance")
    if not instances:
        text = (
            f"has no instance older than {sampling.minimum_age} min whose metrics could be checked"
        )
        return CheckResult(Severity.SKIPPED, text)
    missing = [name for name in wanted if not any(name in one.metrics for one in instances)]
    number = counted(len(instances), "sampled instance")
    if missing:
        text = f"has no {', '.join(missing)} metric on any of {number}"
        return CheckResult(Severity.DEGRADED, text, Cause.METRICS_MISSING)
    return CheckResult(Severity.OK, f"sends the expected metrics of {number}")
