"""Whether measures arrive in Gnocchi, found out from a few of its resources.

The cost does not grow with the cloud: resources are drawn by the order of their random ids or
their hosts, each search is limited, and only the newest measures of a few metrics are read.
Requests that do not need each other's answers are sent together.

Any user of a cloud can make resources in Gnocchi. Only those count that a user of the project made
that the coordinator belongs to, too: the services' own, where Ceilometer's user is.
"""

from __future__ import annotations

import datetime
import functools
import math
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from coordinator.checks import base
from coordinator.checks.base import CheckContext, CheckResult
from coordinator.checks.memory import FlowTrend
from coordinator.checks.parallel import Once, gather
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
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
"""How many of them are read first; the others only where none of these is fresh."""

LOOK_BACK = 24 * 60
"""Minutes; older measures are not looked for."""

POLLING = 5
"""Minutes between two polls of Ceilometer's agents (option polling-interval of its charm)."""

YOUNGEST = 10
"""Instances that are asked when none that was drawn is fresh: of the youngest, most run."""

DRY_FAILS = 3
"""Verifications in a row without anything fresh that are a failure. One or two may be bad luck,
where most instances are shut off, or stay in Gnocchi since the notification of their end was lost.
"""

LONGEST = 300
"""Seconds that the option verify-timeout may have."""

RESERVE = 1.0
"""Seconds before the deadline after which nothing more is asked."""


class OutOfTimeError(UnusableAnswerError):
    """There was no time for another request."""

    def __init__(self) -> None:
        super().__init__(Cause.TIMEOUT, "could not be checked: no time was left to ask Gnocchi")


_Condition = Mapping[str, Mapping[str, object]]


class Resource(msgspec.Struct, frozen=True):
    """Something that is measured.

    Attributes:
        host: where it runs; empty for what runs nowhere.
        metrics: ids of its metrics by their names.
    """

    id: str
    host: str
    metrics: Mapping[str, str]


class Sampling:
    """What is asked of Gnocchi about Ceilometer in one verification, within limits.

    Its inspections share it, so that nothing is asked twice.

    Attributes:
        age: minutes that the newest measure may be old.
    """

    def __init__(self, context: CheckContext) -> None:
        self.age = context.request.thresholds.age
        self._gnocchi: Service = context.services["metric"]
        self._deadline: http.Deadline = context.deadline
        self._drawn: dict[str, Once[list[Resource]]] = {type_: Once() for type_ in DRAWN}
        self._waiting: Once[frozenset[str]] = Once()

    @property
    def grown_up(self) -> int:
        """Minutes after which something must have fresh measures: younger ones may have none."""
        return max(self.age, 2 * POLLING)

    def gather(self, jobs: Mapping[_Key, Callable[[], _Value]]) -> dict[_Key, _Value]:
        """Ask several things at the same time; gives the answers that came in time.

        Raises:
            OutOfTimeError: there is no time to begin with.
        """
        self._mind_the_time()
        return gather(jobs, http.Deadline(self._deadline.at - RESERVE / 2))

    def find(
        self, type_: str, conditions: Iterable[_Condition], sort: list[str], limit: int
    ) -> list[Resource]:
        """Resources of a type that live and are old enough; one request.

        Source: Gnocchi's REST API, "Searching for resources"; an unknown type is HTTP 404. The
        creator is user and project, with a colon between (gnocchi/rest/auth_helper.py).

        Raises:
            OutOfTimeError, or anything of the HTTP stack.
        """
        self._mind_the_time()
        query = [
            {"=": {"ended_at": None}},
            {"<": {"started_at": f"-{self.grown_up} minutes"}},
            {"like": {"creator": f"%:{self._gnocchi.cloud.project}"}},
            *conditions,
        ]
        try:
            found = self._gnocchi.search(
                "/v1/search/resource", {"and": query}, type_, sort=sort, limit=limit
            )
        except Exception as error:
            if errors.explain(error, self._gnocchi.url).cause is Cause.NOT_FOUND:
                return []
            raise
        return [_resource(record) for record in base.records(found, "resources")]

    def draw(self, type_: str) -> list[Resource]:
        """Some resources of a type, others each time; the same ones in one verification.

        Raises:
            OutOfTimeError, or anything of the HTTP stack.
        """
        return self._drawn[type_].get(lambda: self._draw(type_, DRAWN[type_]))

    def _draw(self, type_: str, limit: int) -> list[Resource]:
        """Those that follow a random id in the order of ids, from the first again at the end.

        Two requests: Nova's, Cinder's, Glance's and Neutron's ids are random. The searches read no
        more rows than they need.
        """
        begin = str(uuid.uuid4())
        found = self.gather(
            {
                sign: functools.partial(
                    self.find, type_, [{sign: {"id": begin}}], ["id:asc"], limit
                )
                for sign in (">", "<=")
            }
        )
        if len(found) < 2:
            raise OutOfTimeError
        return [*found[">"], *found["<="]][:limit]

    def silence(self, resource: Resource) -> float | None:
        """Minutes since its newest polled measure; infinite when it has none of the last day.

        None when that cannot be told. One request. The aggregate of a measure may be dated
        earlier by its granularity: that much is in a resource's favour.

        Raises:
            OutOfTimeError, or anything of the HTTP stack.
        """
        metric = _metric(resource)
        if not metric:
            return math.inf if resource.host else None
        try:
            answer = self._gnocchi.get(
                "/v1/metric",
                metric,
                "measures",
                start=f"-{LOOK_BACK} minutes",
                aggregation="mean",
            )
        except Exception as error:
            if errors.explain(error, self._gnocchi.url).cause is Cause.NOT_FOUND:
                return None  # removed meanwhile, or an archive policy of somebody's own
            raise
        now = datetime.datetime.now(datetime.timezone.utc)
        return max(0.0, (now - _newest(answer)).total_seconds() / 60) if answer else math.inf

    def unprocessed(self, resource: Resource) -> bool:
        """Whether it only seems silent: its measures wait for metricd."""
        return _metric(resource) in self._waiting.get(self._ask_waiting)

    def _ask_waiting(self) -> frozenset[str]:
        """The metrics whose measures wait for metricd, as far as that can be told; one request.

        A read with `refresh` would tell it, too, but by making what it looks for.
        """
        self._mind_the_time()
        try:
            storage = base.field(self._gnocchi.get("/v1/status"), "storage", "status")
            return frozenset(base.field(storage, "measures_to_process", "status"))
        except Exception:  # noqa: BLE001 - for administrators only, and not always
            return frozenset()

    def _mind_the_time(self) -> None:
        if self._deadline.left < RESERVE:
            raise OutOfTimeError


def _resource(record: Mapping[str, Json]) -> Resource:
    metrics = record.get("metrics")
    if not isinstance(metrics, Mapping):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers resources without metrics")
    return Resource(
        id=str(record.get("id")),
        host=str(record.get("host") or ""),
        metrics={str(name): str(id_) for name, id_ in metrics.items()},
    )


def _metric(resource: Resource) -> str:
    """Id of the metric that is read: a polled one if there is any; empty without metrics."""
    polled = [name for name in POLLED if name in resource.metrics]
    name = next(iter(polled or sorted(resource.metrics)), "")
    return resource.metrics.get(name, "")


def _newest(answer: Sequence[Sequence[Any]]) -> datetime.datetime:
    """The end of the newest aggregate of the finest granularity."""
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
    """How long ago, for people: `12 min`, `3 h`."""
    return (
        "more than a day" if minutes > LOOK_BACK else lasting(datetime.timedelta(minutes=minutes))
    )


def late(context: CheckContext) -> CheckResult:
    """The answer when there was no time to look: that says nothing against Ceilometer."""
    larger = min(LONGEST, math.ceil(2 * context.request.timeout))
    remedy = f"juju config {context.request.coordinator} verify-timeout={larger}"
    if larger <= context.request.timeout:  # Gnocchi is too slow
        remedy = f"juju status {context.request.applications.get('metric', 'gnocchi')}"
    return CheckResult(Severity.SKIPPED, OutOfTimeError().phrase, Cause.TIMEOUT, remedy)


class _Heard(msgspec.Struct):
    """What was heard in one verification.

    Attributes:
        newest: minutes since the newest measure, by type.
        fresh: type and id of the first that has fresh measures; empty when none has.
        waits: whether measures of an instance that was drawn wait for metricd.
    """

    sampling: Sampling
    newest: dict[str, float] = {}
    fresh: str = ""
    waits: bool = False

    def draw(self, last: str) -> None:
        """Listen to what is drawn; then to the likeliest, among them what was fresh last.

        Raises:
            OutOfTimeError: not all could be asked.
        """
        jobs = {type_: functools.partial(self.sampling.draw, type_) for type_ in DRAWN}
        drawn = self._complete(jobs)
        self._listen({type_: some[: FIRST[type_]] for type_, some in drawn.items()})
        if not self.fresh:
            self._listen({type_: some[FIRST[type_] :] for type_, some in drawn.items()})
        if not self.fresh:
            self._listen(self._likeliest(last, any_instances=bool(drawn["instance"])))
        if not self.fresh:
            self.waits = any(self.sampling.unprocessed(one) for one in drawn["instance"])

    def _likeliest(self, last: str, *, any_instances: bool) -> dict[str, list[Resource]]:
        """What was fresh last, and the youngest instances."""
        type_, _, id_ = last.partition("/")
        jobs: dict[str, Callable[[], list[Resource]]] = {}
        if id_:
            same: _Condition = {"=": {"id": id_}}
            jobs["last"] = functools.partial(self.sampling.find, type_, [same], ["id:asc"], 1)
        if any_instances:
            order = ["started_at:desc"]
            jobs["youngest"] = functools.partial(
                self.sampling.find, "instance", [], order, YOUNGEST
            )
        found = self._complete(jobs)
        likeliest = {type_: found.get("last", [])}
        likeliest["instance"] = [*likeliest.get("instance", []), *found.get("youngest", [])]
        return likeliest

    def _listen(self, resources: Mapping[str, list[Resource]]) -> None:
        jobs = {
            (type_, one.id): functools.partial(self.sampling.silence, one)
            for type_, some in resources.items()
            for one in some
        }
        for (type_, id_), minutes in self._complete(jobs).items():
            if minutes is None:
                continue
            self.newest[type_] = min(minutes, self.newest.get(type_, math.inf))
            if minutes <= self.sampling.age and not self.fresh:
                self.fresh = f"{type_}/{id_}"

    def _complete(self, jobs: Mapping[_Key, Callable[[], _Value]]) -> dict[_Key, _Value]:
        """All answers."""
        answers = self.sampling.gather(jobs) if jobs else {}
        if len(answers) < len(jobs):
            raise OutOfTimeError
        return answers


def inspect_flow(context: CheckContext, sampling: Sampling) -> CheckResult:
    """Tell whether anything fresh arrives: the newest measures of resources of several types.

    At most 51 requests: two for each type, one for each resource that was drawn, two and eleven
    for the likeliest, and one to tell a silent Ceilometer from a dead metricd. They take two
    rounds where the first that are read are fresh.

    That nothing fresh is found is a failure only where measures are known to have come, and only
    in the third verification in a row.
    """
    trend, heard = context.memory.flow, _Heard(sampling)
    try:
        heard.draw(trend.fresh)
    except OutOfTimeError:
        if not heard.fresh:
            return late(context)
    newest = heard.newest
    told = ", ".join(f"{type_} {ago(minutes)}" for type_, minutes in newest.items())
    if heard.fresh:
        trend = FlowTrend(0, heard.fresh)
        text = f"sends fresh measures to Gnocchi ({told})"
        return CheckResult(Severity.OK, text, memory=trend)
    if heard.waits:
        text = "sends fresh measures, but Gnocchi's metricd does not process them"
        gnocchi = msgspec.structs.replace(
            context.subject.names,
            application=context.request.applications.get("metric", "gnocchi"),
        )
        remedy = remedies.remedy(Cause.NOT_PROCESSED, gnocchi)
        return CheckResult(Severity.FAILED, text, Cause.NOT_PROCESSED, remedy)
    if "instance" in newest:
        # what came within a day came: shut off since, or no longer measured
        dry = 0 if trend.dry is None and min(newest.values()) <= LOOK_BACK else trend.dry
        trend = FlowTrend(None if dry is None else dry + 1, trend.fresh)
        severity = Severity.FAILED if (trend.dry or 0) >= DRY_FAILS else Severity.DEGRADED
        text = f"sends no fresh measures to Gnocchi ({told})"
        return CheckResult(severity, text, Cause.NO_FLOW, memory=trend)
    # what there is may be measured only when something happens to it
    text = f"has no instance older than {sampling.grown_up} min in Gnocchi"
    return CheckResult(Severity.SKIPPED, text)


def inspect_metrics(context: CheckContext, sampling: Sampling) -> CheckResult:
    """Tell whether instances have the metrics that alarms and Watcher need.

    Those that the flow draws, too; two requests at most. A metric that only some lack is no fault:
    not every guest tells its use of memory.
    """
    wanted = context.request.thresholds.metrics
    if not wanted:
        return CheckResult(Severity.SKIPPED, "metrics not checked: expected-metrics is empty")
    try:
        instances = sampling.draw("instance")
    except OutOfTimeError:
        return late(context)
    if not instances:
        text = f"has no instance older than {sampling.grown_up} min whose metrics could be checked"
        return CheckResult(Severity.SKIPPED, text)
    missing = [name for name in wanted if not any(name in one.metrics for one in instances)]
    number = counted(len(instances), "sampled instance")
    if missing:
        text = f"has no {', '.join(missing)} metric on any of {number}"
        return CheckResult(Severity.DEGRADED, text, Cause.METRICS_MISSING)
    return CheckResult(Severity.OK, f"sends the expected metrics of {number}")
