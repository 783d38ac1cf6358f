"""A canary metric in Gnocchi: made, given measures, read back, and removed.

It hangs on a resource of its own, whose name tells whose it is and whose age tells a left-over of
a crashed run from the canary of another unit; a metric alone has no age.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import time
import uuid
from collections.abc import Generator, Iterator

import msgspec

from coordinator.checks import base
from coordinator.checks.canaries import lifecycle
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import ApiError, UnusableAnswerError
from coordinator.report.finding import Cause
from coordinator.request import Request

AGGREGATION = "mean"
"""The method that is read back; Ceilometer's own archive policies have it, too."""

NAME = "canary"
"""The metric's name beside others of its resource."""

_SPAN = r"(?:(\d{1,5}) days?, )?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)"

_PATH = "/v1/resource/generic"


class CanaryMetric(msgspec.Struct, frozen=True):
    """A metric of the coordinator's own, as long as `canary_metric` is open.

    Attributes:
        resource: id of the resource that it hangs on.
        granularity: seconds that one aggregate is about.
    """

    gnocchi: Service
    id: str
    resource: str
    granularity: float

    def post(self, *values: float) -> None:
        """Send measures of now, which all belong to the same aggregate."""
        size = self.granularity
        begin = datetime.datetime.fromtimestamp(time.time() // size * size, datetime.timezone.utc)
        step = datetime.timedelta(seconds=size) / (len(values) + 1)
        measures = [
            {"timestamp": (begin + number * step).isoformat(), "value": value}
            for number, value in enumerate(values)
        ]
        try:
            self.gnocchi.post("/v1/metric", measures, self.id, "measures")
        except ApiError as error:
            if error.cause is not Cause.SERVER_ERROR:
                raise
            reason = errors.explain(error, self.gnocchi.url).text
            text = f"cannot store test measures: {reason}"
            raise UnusableAnswerError(Cause.NOT_STORED, text) from error

    def wait(self, patience: http.Deadline) -> list[float]:
        """The aggregates, as soon as there are any; none when patience ended before."""
        return lifecycle.wait(self._read, bool, patience)

    def _read(self) -> list[float]:
        """Read the aggregates so far; there are none before metricd has made any.

        Never with `refresh`: then the API aggregates by itself, and a dead metricd stays hidden.
        """
        granularity = f"{self.granularity:g}"
        answer = self.gnocchi.get(
            "/v1/metric", self.id, "measures", aggregation=AGGREGATION, granularity=granularity
        )
        try:
            return [float(value) for _, _, value in answer]
        except (TypeError, ValueError, OverflowError):
            raise UnusableAnswerError(Cause.UNEXPECTED, "answers no list of measures") from None


@contextlib.contextmanager
def canary_metric(gnocchi: Service, request: Request, span: float = 0) -> Generator[CanaryMetric]:
    """Make a canary metric, and remove it at the end with those of crashed runs.

    At most 5 requests of its own, and one more for each left-over. Source: Gnocchi's REST API,
    "Resources", "Search" and "Archive Policy".

    Args:
        gnocchi: the service; some time must be left of its deadline when the block ends.
        request: tells whose the canary is, and how long it lives.
        span: seconds that one aggregate must be about at least, if any archive policy has such.

    Raises:
        UnusableAnswerError: it cannot be made.
    """
    prefix = f"{lifecycle.name_of(request)}:"
    granularity, policy = _archive_policy(gnocchi, span)
    metrics = {NAME: {"archive_policy_name": policy}}
    with lifecycle.told_as("cannot make a test metric", gnocchi):
        made = gnocchi.post(_PATH, {"id": f"{prefix}{uuid.uuid4()}", "metrics": metrics})
    try:
        metric, resource = str(made["metrics"][NAME]), str(made["id"])
        creator = str(made["creator"])
    except (KeyError, TypeError):
        text = "answers no metric when one is made"
        raise UnusableAnswerError(Cause.UNEXPECTED, text) from None
    left_overs = _left_overs(gnocchi, prefix, creator, lifecycle.longest_life(request))
    with lifecycle.removing(gnocchi, _PATH, resource, left_overs):
        yield CanaryMetric(gnocchi, metric, resource, granularity)


def _archive_policy(gnocchi: Service, span: float) -> tuple[float, str]:
    """Find the archive policy with the finest aggregates, which are there first.

    Gives its granularity in seconds and its name.
    """
    found: list[tuple[float, str]] = []
    for policy in base.records(gnocchi.get("/v1/archive_policy"), "archive policies"):
        if AGGREGATION not in base.texts(policy.get("aggregation_methods")):
            continue
        try:
            name = str(policy["name"])
            found += [(_seconds(one["granularity"]), name) for one in policy["definition"]]
        except (KeyError, TypeError, ValueError):
            text = "answers no list of archive policies"
            raise UnusableAnswerError(Cause.UNEXPECTED, text) from None
    if not found:
        text = f"has no archive policy with the method {AGGREGATION}"
        raise UnusableAnswerError(Cause.NO_POLICY, text)
    least = min(span, max(granularity for granularity, _ in found))
    return min(one for one in found if one[0] >= least)


def _seconds(span: object) -> float:
    """Read a span of time of Gnocchi: `0:05:00`, `30 days, 0:00:00`, `0:00:00.500000`."""
    found = re.fullmatch(_SPAN, str(span), re.ASCII)
    if found is None:
        raise ValueError("no span of time")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _left_overs(
    gnocchi: Service, prefix: str, creator: str, age: datetime.timedelta
) -> Iterator[str]:
    conditions = [
        {"like": {"original_resource_id": f"{prefix}%"}},
        {"=": {"creator": creator}},
        {"<": {"started_at": f"-{age.total_seconds():.0f} seconds"}},
    ]
    path, limit = "/v1/search/resource/generic", lifecycle.MOST_LEFT_OVERS
    found = gnocchi.search(path, {"and": conditions}, limit=limit)
    for one in base.records(found, "resources"):
        # `_` in a name is a wildcard for `like`
        if str(one.get("original_resource_id")).startswith(prefix):
            yield str(one.get("id"))
