"""Whether measures arrive in Gnocchi, found out from a few of its resources.

The cost does not grow with the cloud: resources are drawn by the order of their random ids or
their hosts, each search is limited, and only the newest measures of a few metrics are read.
"""

from __future__ import annotations

import dataclasses
import datetime
import functools
import math
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from coordinator import text as stack_text
from coordinator.checks import reading
from coordinator.checks.deep import CheckContext, CheckResult
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report import remedies
from coordinator.report.finding import Cause, Severity
from coordinator.report.report import Report

POLLED = ("cpu", "memory.usage", "volume.size", "image.size")
"""Metrics that Ceilometer's agents poll, so that their measures must be fresh; the first that a
resource has is read. Others come with notifications, when something happens."""

DRAWN: Mapping[str, int] = {"instance": 20, "volume": 3, "image": 3, "network": 3}
"""Resources that are drawn at most, by type; reading ends at the first with fresh measures. Many
instances, because those that are shut off have no fresh measures."""

LOOK_BACK = 24 * 60
"""Minutes; older measures are not looked for."""

POLLING = 5
"""Minutes between two polls of Ceilometer's agents (option polling-interval of its charm)."""

YOUNGEST = 10
"""Instances that are asked when none that was drawn is fresh: of the youngest, most run."""

DRY = 3
"""Reports in a row without anything fresh that are a failure. One or two may be bad luck, where
most instances are shut off, or stay in Gnocchi since the notification of their end was lost."""

LONGEST = 300
"""Seconds that the option verify-timeout may have."""

_DRY = "telemetry.flow.dry"
_FRESH = "telemetry.flow.fresh:"

RESERVE = 1.0
"""Seconds before the deadline after which nothing more is asked."""


class OutOfTimeError(UnusableAnswerError):
    """There was no time for another request."""

    def __init__(self) -> None:
        super().__init__(Cause.TIMEOUT, "could not be looked for in Gnocchi in time")


_Condition = Mapping[str, Mapping[str, object]]


@dataclasses.dataclass(frozen=True)
class Resource:
    """Something that is measured.

    Attributes:
        host: where it runs; empty for what runs nowhere.
        metrics: ids of its metrics by their names.
    """

    id: str
    host: str
    metrics: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Sampling:
    """What is asked of Gnocchi, within limits.

    Attributes:
        age: minutes that the newest measure may be old.
    """

    gnocchi: Service
    age: int
    deadline: http.Deadline

    @classmethod
    def of(cls, scene: CheckContext) -> Sampling:
        """The sampling of a question about Ceilometer."""
        return cls(scene.services["metric"], scene.request.thresholds.age, scene.deadline)

    @property
    def grown_up(self) -> int:
        """Minutes after which something must have fresh measures: younger ones may have none."""
        return max(self.age, 2 * POLLING)

    def find(
        self, type_: str, conditions: Iterable[_Condition], sort: list[str], limit: int
    ) -> list[Resource]:
        """Resources of a type that live and are old enough; one request.

        Source: Gnocchi's REST API, "Searching for resources"; an unknown type is HTTP 404.

        Raises:
            OutOfTimeError, or anything of the HTTP stack.
        """
        self._mind_the_time()
        query = [
            {"=": {"ended_at": None}},
            {"<": {"started_at": f"-{self.grown_up} minutes"}},
            *conditions,
        ]
        try:
            found = self.gnocchi.search(
                "/v1/search/resource", {"and": query}, type_, sort=sort, limit=limit
            )
        except errors.NotFoundError:
            return []
        return [_resource(record) for record in reading.records(found, "resources")]

    def draw(self, type_: str, limit: int) -> list[Resource]:
        """Some resources of a type, others each time; two requests at most.

        Those that follow a random id in the order of ids: Nova's, Cinder's, Glance's and
        Neutron's ids are random. The search reads no more rows than it needs.
        """
        begin = str(uuid.uuid4())
        drawn = self.find(type_, [{">": {"id": begin}}], ["id:asc"], limit)
        if len(drawn) < limit:
            drawn += self.find(type_, [{"<=": {"id": begin}}], ["id:asc"], limit - len(drawn))
        return drawn

    def silence(self, resource: Resource) -> float | None:
        """Minutes since its newest polled measure; infinite when it has none of the last day.

        None when that cannot be told. One request. The aggregate of a measure may be dated
        earlier by its granularity: that much is in a resource's favour.

        Raises:
            OutOfTimeError, or anything of the HTTP stack.
        """
        self._mind_the_time()
        metric = _metric(resource)
        if not metric:
            return math.inf if resource.host else None
        try:
            answer = self.gnocchi.get(
                "/v1/metric",
                metric,
                "measures",
                start=f"-{LOOK_BACK} minutes",
                aggregation="mean",
            )
        except errors.NotFoundError:
            return None  # removed meanwhile, or an archive policy of somebody's own
        now = datetime.datetime.now(datetime.timezone.utc)
        return max(0.0, (now - _newest(answer)).total_seconds() / 60) if answer else math.inf

    def silences(self, resources: Iterable[Resource]) -> dict[str, float]:
        """How long resources have been silent, by their ids, up to the first that is not."""
        known: dict[str, float] = {}
        for resource in resources:
            minutes = self.silence(resource)
            if minutes is not None:
                known[resource.id] = minutes
                if minutes <= self.age:
                    break
        return known

    def unprocessed(self, resource: Resource) -> bool:
        """Whether it only seems silent: its measures wait for metricd."""
        return _metric(resource) in self._waiting

    @functools.cached_property
    def _waiting(self) -> frozenset[str]:
        """The metrics whose measures wait for metricd, as far as that can be told; one request.

        A read with `refresh` would tell it, too, but by making what it looks for.
        """
        self._mind_the_time()
        try:
            storage = reading.field(self.gnocchi.get("/v1/status"), "storage", "status")
            return frozenset(reading.field(storage, "measures_to_process", "status"))
        except Exception:  # noqa: BLE001 - for administrators only, and not always
            return frozenset()

    def _mind_the_time(self) -> None:
        if self.deadline.left < RESERVE:
            raise OutOfTimeError


def _resource(record: Mapping[str, Any]) -> Resource:
    metrics = record.get("metrics")
    if not isinstance(metrics, dict):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers resources without metrics")
    ids = cast("dict[str, str]", metrics)
    return Resource(str(record.get("id")), str(record.get("host") or ""), ids)


def _metric(resource: Resource) -> str:
    """Id of the metric that is read: a polled one if there is any; empty without metrics."""
    polled = [name for name in POLLED if name in resource.metrics]
    name = next(iter(polled or sorted(resource.metrics)), "")
    return resource.metrics.get(name, "")


def _newest(answer: Sequence[Sequence[Any]]) -> datetime.datetime:
    """The end of the newest aggregate of the finest granularity."""
    try:
        finest = min(float(granularity) for _, granularity, _ in answer)
        newest = max(
            datetime.datetime.fromisoformat(str(time))
            for time, granularity, _ in answer
            if float(granularity) == finest
        )
        return newest + datetime.timedelta(seconds=finest)
    except (TypeError, ValueError):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no list of measures") from None


def ago(minutes: float) -> str:
    """How long ago, for people: `12 min`, `3 h`."""
    if minutes > LOOK_BACK:
        return "more than a day"
    return f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"


def host_name(host: str) -> str:
    """A host for people: whoever may write to Gnocchi can call it what they like."""
    return stack_text.plain(host, 60)


def late(scene: CheckContext, figures: Mapping[str, float] | None = None) -> CheckResult:
    """The answer when there was no time to look: that says nothing against Ceilometer."""
    larger = min(LONGEST, math.ceil(2 * scene.request.timeout))
    remedy = f"juju config {scene.request.coordinator} verify-timeout={larger}"
    if larger <= scene.request.timeout:  # Gnocchi is too slow
        remedy = f"juju status {scene.request.applications.get('metric', 'gnocchi')}"
    text = OutOfTimeError().fault.text
    return CheckResult(Severity.SKIPPED, text, Cause.TIMEOUT, remedy, figures or {})


@dataclasses.dataclass(frozen=True)
class Course:
    """What is remembered of the flow from report to report.

    Attributes:
        dry: reports in a row without anything fresh; None when nothing fresh was ever seen.
        fresh: type and id of what had fresh measures last, such as `instance/ID`.
    """

    dry: float | None = None
    fresh: str = ""

    @classmethod
    def of(cls, earlier: Report | None) -> Course:
        """What the last report says."""
        if earlier is None:
            return cls()
        figures = earlier.figures
        fresh = (name.removeprefix(_FRESH) for name in figures if name.startswith(_FRESH))
        return cls(figures.get(_DRY), next(fresh, ""))

    @property
    def figures(self) -> dict[str, float]:
        """The memory as figures of a report."""
        figures = {} if self.dry is None else {_DRY: self.dry}
        return {**figures, f"{_FRESH}{self.fresh}": 0.0} if self.fresh else figures


@dataclasses.dataclass
class _Hearing:
    """What was heard in one verification.

    Attributes:
        newest: minutes since the newest measure, by type.
        fresh: type and id of the first that has fresh measures; empty when none has.
        waits: whether measures of an instance that was drawn wait for metricd.
    """

    sampling: Sampling
    newest: dict[str, float] = dataclasses.field(default_factory=dict[str, float])
    fresh: str = ""
    waits: bool = False

    def draw(self, last: str) -> None:
        """Listen to what is drawn; then to the likeliest, among them what was fresh last."""
        instances: list[Resource] = []
        for type_, limit in DRAWN.items():
            drawn = self.sampling.draw(type_, limit)
            self._listen(type_, drawn)
            instances += drawn if type_ == "instance" else []
        type_, _, id_ = last.partition("/")
        if id_ and not self.fresh:
            self._listen(type_, self.sampling.find(type_, [{"=": {"id": id_}}], ["id:asc"], 1))
        if instances and not self.fresh:
            request = ["started_at:desc"]
            self._listen("instance", self.sampling.find("instance", [], request, YOUNGEST))
        if not self.fresh:
            self.waits = any(self.sampling.unprocessed(one) for one in instances)

    def _listen(self, type_: str, resources: Iterable[Resource]) -> None:
        for id_, minutes in self.sampling.silences(resources).items():
            self.newest[type_] = min(minutes, self.newest.get(type_, math.inf))
            if minutes <= self.sampling.age and not self.fresh:
                self.fresh = f"{type_}/{id_}"


def flow(scene: CheckContext) -> CheckResult:
    """Whether anything fresh arrives: the newest measures of a few resources of several types.

    At most 51 requests: two for each type, one for each resource that was drawn, two and eleven
    for the likeliest, and one to tell a silent Ceilometer from a dead metricd.

    That nothing fresh is found is a failure only where measures are known to have come, and only
    in the third report in a row.
    """
    sampling, course = Sampling.of(scene), Course.of(scene.request.earlier)
    hearing = _Hearing(sampling)
    try:
        hearing.draw(course.fresh)
    except OutOfTimeError:
        if not hearing.fresh:
            return late(scene, course.figures)
    newest = hearing.newest
    told = ", ".join(f"{type_} {ago(minutes)}" for type_, minutes in newest.items())
    if hearing.fresh:
        text = f"brings fresh measures to Gnocchi ({told})"
        return CheckResult(Severity.OK, text, figures=Course(0, hearing.fresh).figures)
    if hearing.waits:
        text = "brings fresh measures, and Gnocchi's metricd does not process them"
        gnocchi = dataclasses.replace(
            scene.subject.names, application=scene.request.applications.get("metric", "gnocchi")
        )
        remedy = remedies.remedy(Cause.NOT_PROCESSED, gnocchi)
        return CheckResult(
            Severity.FAILED, text, Cause.NOT_PROCESSED, remedy, figures=course.figures
        )
    if "instance" in newest:
        # what came within a day came: shut off since, or no longer measured
        dry = 0 if course.dry is None and min(newest.values()) <= LOOK_BACK else course.dry
        course = Course(None if dry is None else dry + 1, course.fresh)
        severity = Severity.FAILED if (course.dry or 0) >= DRY else Severity.DEGRADED
        text = f"brings no fresh measures to Gnocchi ({told})"
        return CheckResult(severity, text, Cause.NO_FLOW, figures=course.figures)
    # what there is may be measured only when something happens to it
    text = f"has no instance in Gnocchi that lives for {sampling.grown_up} min"
    return CheckResult(Severity.SKIPPED, text, figures=course.figures)


def metrics(scene: CheckContext) -> CheckResult:
    """Whether instances have the metrics that alarms and Watcher need; two requests at most.

    A metric that only some lack is no fault: not every guest tells its use of memory.
    """
    sampling, wanted = Sampling.of(scene), scene.request.thresholds.metrics
    if not wanted:
        return CheckResult(Severity.SKIPPED, "is expected to bring no metric in particular")
    try:
        instances = sampling.draw("instance", DRAWN["instance"])
    except OutOfTimeError:
        return late(scene)
    if not instances:
        return CheckResult(Severity.SKIPPED, "has no instance whose metrics could be looked at")
    missing = [name for name in wanted if not any(name in one.metrics for one in instances)]
    number = reading.count(len(instances), "instance")
    if missing:
        text = f"brings no {', '.join(missing)} of any of {number}"
        return CheckResult(Severity.DEGRADED, text, Cause.METRICS_MISSING)
    return CheckResult(Severity.OK, f"brings the expected metrics of {number}")
