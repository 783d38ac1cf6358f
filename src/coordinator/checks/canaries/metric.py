"""A canary metric in Gnocchi: made, given measures, read back, and removed whatever happens.

It hangs on a resource of its own, whose name tells whose it is and whose age tells a left-over of
a crashed run from the canary of another unit; a metric alone has no age. Both belong to the
coordinator's own user and project.
"""

from __future__ import annotations

import contextlib
import datetime
import re
import time
import uuid
from collections.abc import Generator, Iterator
from typing import Any, NoReturn

import msgspec

from coordinator.checks import base
from coordinator.checks.canaries import cleanup
from coordinator.openstack import errors, http
from coordinator.openstack.client import Service
from coordinator.openstack.errors import UnusableAnswerError
from coordinator.report.finding import Cause

AGGREGATION = "mean"
"""What is read back: the method that Ceilometer's own archive policies have, too."""

_SPAN = r"(?:(\d{1,5}) days?, )?(\d{1,2}):(\d{1,2}):(\d{1,2}(?:\.\d{1,9})?)"

_METRIC = "canary"
_PATH = "/v1/resource/generic"


class Policy(msgspec.Struct, frozen=True):
    """An archive policy: how Gnocchi aggregates the measures of a metric.

    Attributes:
        granularity: seconds that each of the aggregates is about that are looked at.
    """

    name: str
    granularity: float


class CanaryMetric(msgspec.Struct, frozen=True):
    """A metric of the coordinator's own, as long as `canary_metric` is open.

    Attributes:
        gnocchi: where it is.
        id: the metric's.
        resource: id of the resource that it hangs on.
        creator: whose it is, as Gnocchi says it: user and project.
        name: the metric's, beside others of its resource.
    """

    gnocchi: Service
    id: str
    resource: str
    creator: str
    policy: Policy
    name: str = _METRIC

    def post(self, *values: float) -> None:
        """Send measures of now, which all belong to the same aggregate.

        Raises:
            UnusableAnswerError: Gnocchi does not take them.
        """
        size = self.policy.granularity
        begin = datetime.datetime.now(datetime.timezone.utc).timestamp() // size * size
        step = size / (len(values) + 1)
        measures = [
            {"timestamp": _moment(begin + step * number), "value": value}
            for number, value in enumerate(values)
        ]
        try:
            self.gnocchi.post("/v1/metric", measures, self.id, "measures")
        except Exception as error:
            fault = errors.explain(error, self.gnocchi.url)
            if fault.cause is Cause.SERVER_ERROR:
                fault = errors.ApiFault(
                    Cause.NOT_STORED, f"cannot store test measures: {fault.text}"
                )
            raise UnusableAnswerError(fault.cause, fault.text) from error

    def read(self) -> tuple[float, ...]:
        """The aggregates so far, the newest last; empty before metricd has made any.

        Never with `refresh`: then the API aggregates by itself, and a dead metricd stays hidden.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        granularity = f"{self.policy.granularity:g}"
        answer = self.gnocchi.get(
            "/v1/metric", self.id, "measures", aggregation=AGGREGATION, granularity=granularity
        )
        return tuple(value for _, value in newest_last(answer))

    def wait(self, patience: http.Deadline) -> tuple[float, ...]:
        """The aggregates, as soon as there are any; empty when patience ended before.

        Raises:
            Exception: anything of the HTTP stack; `errors.explain` tells what it means.
        """
        pause = 0.1
        while not (values := self.read()):
            if patience.passed:
                return ()
            time.sleep(min(pause, patience.left))
            pause = min(2.0, pause * 1.5)
        return values


@contextlib.contextmanager
def canary_metric(
    gnocchi: Service, coordinator: str, seconds: float, span: float = 0
) -> Generator[CanaryMetric]:
    """Make a canary metric, remove what crashed runs left behind, and remove it at the end.

    At most 5 requests of its own, and one more for each left-over. Source: Gnocchi's REST API,
    "Resources", "Search" and "Archive Policy".

    Args:
        gnocchi: the service; some time must be left of its deadline when the block ends.
        coordinator: name of the coordinator's own application.
        seconds: how long a canary lives at most: older ones are left-overs.
        span: seconds that one aggregate must be about at least, if any archive policy has such.

    Raises:
        UnusableAnswerError: it cannot be made.
    """
    prefix = f"telemetry-coordinator:{coordinator}:canary:"
    policy = _policy(gnocchi, span)
    resource, metric = f"{prefix}{uuid.uuid4()}", {"archive_policy_name": policy.name}
    try:
        made = gnocchi.post(_PATH, {"id": resource, "metrics": {_METRIC: metric}})
        canary = CanaryMetric(
            gnocchi,
            str(made["metrics"][_METRIC]),
            str(made["id"]),
            str(made["creator"]),
            policy,
        )
    except (KeyError, TypeError) as error:
        raise UnusableAnswerError(
            Cause.UNEXPECTED, "answers no metric when one is made"
        ) from error
    except Exception as error:  # noqa: BLE001 - any failure is the answer
        _raise_from(error, "cannot make a test metric", gnocchi)
    try:
        age = seconds + cleanup.MARGIN
        cleanup.sweep(gnocchi, _PATH, lambda: _left_overs(canary, prefix, age))
        yield canary
    finally:
        cleanup.remove(gnocchi, _PATH, canary.resource)


def newest_last(answer: Any) -> list[tuple[str, float]]:
    """Time and value of measures as Gnocchi lists them: time, granularity, value.

    Raises:
        UnusableAnswerError: these are none.
    """
    try:
        return [(str(time), float(value)) for time, _, value in answer]
    except (TypeError, ValueError, OverflowError):
        raise UnusableAnswerError(Cause.UNEXPECTED, "answers no list of measures") from None


def _policy(gnocchi: Service, span: float) -> Policy:
    """The archive policy with the finest aggregates: these are there first."""
    policies = base.records(gnocchi.get("/v1/archive_policy"), "archive policies")
    able = [p for p in policies if AGGREGATION in base.texts(p.get("aggregation_methods"))]
    fit = [one for policy in able for one in _parsed(policy)]
    if not fit:
        raise UnusableAnswerError(
            Cause.NO_POLICY, f"has no archive policy with the method {AGGREGATION}"
        )
    most = max(policy.granularity for policy in fit)
    enough = [policy for policy in fit if policy.granularity >= min(span, most)]
    return min(enough, key=lambda policy: (policy.granularity, policy.name))


def _parsed(policy: dict[str, Any]) -> list[Policy]:
    try:
        name, spans = (
            str(policy["name"]),
            [_seconds(i["granularity"]) for i in policy["definition"]],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UnusableAnswerError(
            Cause.UNEXPECTED, "answers no list of archive policies"
        ) from error
    if not spans:
        raise UnusableAnswerError(
            Cause.UNEXPECTED, "answers an archive policy without granularities"
        )
    return [Policy(name, span) for span in spans]


def _seconds(span: object) -> float:
    """A span of time as Gnocchi writes it: `0:05:00`, `30 days, 0:00:00`, `0:00:00.500000`."""
    found = re.fullmatch(_SPAN, str(span), re.ASCII)
    if found is None:
        raise ValueError("no span of time")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _moment(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat()


def _left_overs(canary: CanaryMetric, prefix: str, age: float) -> Iterator[str]:
    """Ids of what is ours, and too old for a canary that another unit sends right now."""
    conditions = [
        {"like": {"original_resource_id": f"{prefix}%"}},
        {"=": {"creator": canary.creator}},
        {"<": {"started_at": f"-{age:.0f} seconds"}},
    ]
    found = canary.gnocchi.search(
        "/v1/search/resource/generic", {"and": conditions}, limit=cleanup.MOST
    )
    for one in base.records(found, "resources"):
        # `_` in a name is a wildcard for `like`
        if str(one.get("original_resource_id")).startswith(prefix):
            yield str(one.get("id"))


def _raise_from(error: BaseException, phrase: str, gnocchi: Service) -> NoReturn:
    fault = errors.explain(error, gnocchi.url)
    raise UnusableAnswerError(fault.cause, f"{phrase}: {fault.text}") from error
