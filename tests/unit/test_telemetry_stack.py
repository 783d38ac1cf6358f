"""The library of the interface telemetry_stack, on both sides, and what the coordinator tells."""

import dataclasses
import datetime
import json
import pathlib
import re
from typing import Any

import jsonschema
import ops
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ops import testing

import charm
from charms.telemetry_coordinator.v0 import telemetry_stack
from charms.telemetry_coordinator.v0.telemetry_stack import Service, Stack
from coordinator.report.finding import Severity
from coordinator.upgrade.decision import Step
from coordinator.upgrade.record import Record, Running
from tests.unit import model, reports

ROOT = pathlib.Path(__file__).parents[2]
INTERFACE = ROOT / "docs/reference/interface/telemetry_stack/v1"
SCHEMA = json.loads((INTERFACE / "schema.json").read_text(encoding="utf-8"))
NOW = reports.NOW
GOOD = Stack(
    ready=True,
    message="metric verified",
    since=NOW,
    services={"metric": Service("ok", "http://192.0.2.30:8041")},
    upgrade="done",
)
BAD = Stack(ready=False, message="Aodh refused the connection", since=NOW)
Context = testing.Context[charm.TelemetryCoordinatorCharm]


# The status as JSON


@pytest.mark.parametrize("stack", [GOOD, BAD, Stack(ready=False)])
def test_a_status_survives_json_and_fits_the_schema(stack: Stack):
    jsonschema.validate(json.loads(stack.to_json()), SCHEMA)
    assert Stack.from_json(stack.to_json()) == stack


def test_the_example_of_the_interface_fits_the_schema():
    text = (INTERFACE / "README.md").read_text(encoding="utf-8")
    example = text.partition("stack: |")[2].partition("```")[0]
    jsonschema.validate(json.loads(example), SCHEMA)
    stack = Stack.from_json(example)
    assert stack is not None
    assert stack.ready


def test_the_interface_is_that_of_the_charm_and_its_library():
    interface = yaml.safe_load((INTERFACE / "interface.yaml").read_text(encoding="utf-8"))
    assert (
        interface["version"] == telemetry_stack.VERSION == SCHEMA["properties"]["version"]["const"]
    )
    assert interface["lib"] == telemetry_stack.__name__
    metadata = yaml.safe_load((ROOT / "metadata.yaml").read_text(encoding="utf-8"))
    assert metadata["provides"]["telemetry-stack"]["interface"] == interface["name"]


def test_what_a_databag_lacks_has_the_defaults_of_the_schema():
    defaults = {
        name: entry["default"]
        for name, entry in SCHEMA["properties"].items()
        if "default" in entry
    }
    least = {"version": 1, "ready": True}
    assert Stack.from_json(json.dumps(least)) == Stack.from_json(json.dumps({**least, **defaults}))


def test_fields_that_are_not_known_are_passed_over():
    data = {**json.loads(GOOD.to_json()), "colour": "green"}
    data["services"]["metric"]["mood"] = "fine"
    assert Stack.from_json(json.dumps(data)) == GOOD


def test_fields_that_an_older_coordinator_lacks_have_defaults():
    assert Stack.from_json('{"version": 1, "ready": true}') == Stack(ready=True)


def test_a_newer_version_is_not_ready_and_says_why():
    data = {**json.loads(GOOD.to_json()), "version": 2}
    assert Stack.from_json(json.dumps(data)) == Stack(
        ready=False, message="the coordinator speaks version 2 of telemetry_stack"
    )


def test_an_older_version_is_read():
    assert Stack.from_json('{"version": 0, "ready": true}') == Stack(ready=True)


@pytest.mark.parametrize("since", ["2026-11-22T10:00:00Z", "2026-11-22T10:00:00"])
def test_a_time_is_read_in_other_spellings_of_utc(since: str):
    stack = Stack.from_json(json.dumps({**json.loads(GOOD.to_json()), "since": since}))
    assert stack == GOOD


@pytest.mark.parametrize("text", ["[" * 100_000, '{"version": 1e999, "ready": true}'])
def test_hostile_json_is_not_ready(text: str):
    assert Stack.from_json(text) == Stack(False, "the coordinator's status cannot be read")


@given(st.text(min_size=1) | st.builds(json.dumps, st.dictionaries(st.text(), st.integers())))
def test_what_cannot_be_read_is_not_ready(text: str):
    stack = Stack.from_json(text)
    assert stack is not None
    assert not stack.ready
    assert stack.message


@pytest.mark.parametrize(
    "changes",
    [{"since": "yesterday"}, {"services": []}, {"services": {"metric": {}}}, {"services": 5}],
)
def test_a_value_of_the_wrong_form_is_not_ready(changes: dict[str, Any]):
    stack = Stack.from_json(json.dumps({**json.loads(GOOD.to_json()), **changes}))
    assert stack == Stack(ready=False, message="the coordinator's status cannot be read")


# A charm that waits


class Waiter(ops.CharmBase):
    """Shows what it was told last."""

    def __init__(self, framework: ops.Framework) -> None:
        super().__init__(framework)
        self.telemetry = telemetry_stack.TelemetryStackRequirer(self, "telemetry")
        for event in (self.telemetry.on.ready, self.telemetry.on.degraded, self.telemetry.on.gone):
            framework.observe(event, self._on_news)

    def _on_news(self, event: ops.RelationEvent) -> None:
        self.unit.status = ops.ActiveStatus(
            f"{type(event).__name__}: {self.telemetry.stack.message}"
        )


@pytest.fixture
def waiter() -> testing.Context[Waiter]:
    meta = {"name": "waiter", "requires": {"telemetry": {"interface": "telemetry_stack"}}}
    return testing.Context(Waiter, meta=meta)


def told(waiter: testing.Context[Waiter], event: str, **databag: str) -> str:
    relation = testing.Relation("telemetry", remote_app_data=databag)
    happening = getattr(waiter.on, event)(relation)
    out = waiter.run(happening, testing.State(relations={relation}))
    return out.unit_status.message


def test_a_verified_stack_is_ready(waiter: testing.Context[Waiter]):
    assert told(waiter, "relation_changed", stack=GOOD.to_json()) == "ReadyEvent: metric verified"


def test_a_stack_with_a_fault_is_degraded(waiter: testing.Context[Waiter]):
    news = told(waiter, "relation_changed", stack=BAD.to_json())
    assert news == "DegradedEvent: Aodh refused the connection"


def test_a_status_that_cannot_be_read_is_degraded(waiter: testing.Context[Waiter]):
    news = told(waiter, "relation_changed", stack="{")
    assert news == "DegradedEvent: the coordinator's status cannot be read"


def test_without_a_status_nothing_is_told(waiter: testing.Context[Waiter]):
    assert told(waiter, "relation_changed") == ""


def test_the_end_of_the_relation_is_told(waiter: testing.Context[Waiter]):
    news = told(waiter, "relation_broken", stack=GOOD.to_json())
    assert news == "GoneEvent: the telemetry coordinator has not published a status yet"


def test_without_a_relation_the_stack_is_not_ready(waiter: testing.Context[Waiter]):
    with waiter(waiter.on.update_status(), testing.State()) as manager:
        assert not manager.charm.telemetry.is_ready


# The examples of the library's docstring


def example(part: str) -> tuple[dict[str, Any], type[ops.CharmBase]]:
    """Metadata and charm of an example, executed as it is written."""
    text = (telemetry_stack.__doc__ or "").partition(f"## {part}")[2]
    metadata, code = re.findall(r"```(?:yaml|python)\n(.*?)```", text, re.DOTALL)[:2]
    namespace: dict[str, Any] = {"__name__": "example"}
    exec(code, namespace)  # noqa: S102 - our own documentation
    (charm_type,) = (
        thing
        for thing in namespace.values()
        if isinstance(thing, type) and issubclass(thing, ops.CharmBase)
    )
    return {"name": "example", **yaml.safe_load(metadata)}, charm_type


@pytest.mark.parametrize(
    ("event", "stack", "status"),
    [
        ("relation_changed", GOOD, ops.ActiveStatus("metrics from http://192.0.2.30:8041")),
        ("relation_changed", BAD, ops.WaitingStatus("Aodh refused the connection")),
        ("relation_broken", GOOD, ops.BlockedStatus("missing relation telemetry")),
    ],
)
def test_the_example_of_a_charm_that_waits_works_as_written(
    event: str, stack: Stack, status: ops.StatusBase
):
    meta, charm_type = example("A charm that waits")
    context = testing.Context(charm_type, meta=meta)
    relation = testing.Relation("telemetry", remote_app_data={"stack": stack.to_json()})
    out = context.run(getattr(context.on, event)(relation), testing.State(relations={relation}))
    assert out.unit_status == status


def test_the_examples_understand_each_other():
    meta, charm_type = example("A charm that publishes")
    context = testing.Context(charm_type, meta=meta)
    relation = testing.Relation("telemetry-stack")
    state = testing.State(leader=True, relations={relation})
    stack = published(context.run(context.on.relation_created(relation), state))
    assert stack.ready
    assert stack.services == GOOD.services


def test_the_example_that_publishes_leaves_that_to_the_leader():
    meta, charm_type = example("A charm that publishes")
    context = testing.Context(charm_type, meta=meta)
    relation = testing.Relation("telemetry-stack")
    out = context.run(context.on.update_status(), testing.State(relations={relation}))
    assert out.get_relation(relation.id).local_app_data == {}


def test_the_library_declares_what_charmcraft_reads():
    source = pathlib.Path(telemetry_stack.__file__).read_text(encoding="utf-8")
    assert re.search(r'^LIBID = "[0-9a-f]{32}"$', source, re.MULTILINE)
    assert re.search(r"^LIBAPI = 0$", source, re.MULTILINE)
    assert re.search(r"^LIBPATCH = [1-9]\d*$", source, re.MULTILINE)
    assert telemetry_stack.PYDEPS == []


# The coordinator


def published(out: testing.State) -> Stack:
    (relation,) = out.get_relations("telemetry-stack")
    text = relation.local_app_data["stack"]
    jsonschema.validate(json.loads(text), SCHEMA)
    stack = Stack.from_json(text)
    assert stack is not None
    return stack


def test_a_verified_stack_is_published(context: Context, stage: model.Stage):
    relation = testing.Relation("telemetry-stack")
    out = context.run(context.on.update_status(), model.ready(relation))
    stack = published(out)
    assert stack.ready
    assert stack.message == out.unit_status.message
    assert stack.services["metric"] == Service("ok", "http://192.0.2.30:8041")
    assert stack.upgrade == "done"


def test_a_failed_stack_is_published(context: Context, stage: model.Stage):
    stage.turn = reports.turn(reports.bad("alarming"))
    out = context.run(context.on.update_status(), model.ready(testing.Relation("telemetry-stack")))
    assert not published(out).ready
    assert published(out).message == out.unit_status.message


def test_an_obstacle_is_published(context: Context):
    out = context.run(context.on.update_status(), model.state(testing.Relation("telemetry-stack")))
    assert not published(out).ready
    assert published(out).message.startswith("missing relation identity-credentials")


def test_a_unit_that_does_not_lead_publishes_nothing(context: Context, stage: model.Stage):
    state = model.ready(testing.Relation("telemetry-stack"), leader=False)
    out = context.run(context.on.update_status(), state)
    (relation,) = out.get_relations("telemetry-stack")
    assert relation.local_app_data == {}


@pytest.mark.parametrize("ready", [True, False])
def test_since_is_kept_as_long_as_nothing_changes(
    context: Context, stage: model.Stage, ready: bool
):
    earlier = NOW - datetime.timedelta(days=1)
    before = Stack(ready=ready, since=earlier)
    relation = testing.Relation("telemetry-stack", local_app_data={"stack": before.to_json()})
    out = context.run(context.on.update_status(), model.ready(relation))
    assert published(out).since == (earlier if ready else stage.turn.report.taken_at)


def test_a_charm_that_is_related_later_is_told_the_same_time(context: Context, stage: model.Stage):
    earlier = Stack(ready=True, since=NOW - datetime.timedelta(days=1))
    first = testing.Relation("telemetry-stack", local_app_data={"stack": earlier.to_json()})
    led = context.run(context.on.update_status(), model.ready(first))
    second = testing.Relation("telemetry-stack")
    later = dataclasses.replace(led, relations={*led.relations, second})
    out = context.run(context.on.relation_created(second), later)
    one, other = (r.local_app_data["stack"] for r in out.get_relations("telemetry-stack"))
    assert one == other
    assert json.loads(one)["since"] == "2026-11-21T10:00:00+00:00"


def test_a_leader_of_long_ago_does_not_tell_what_it_knew_then(
    context: Context, stage: model.Stage
):
    led = context.run(context.on.update_status(), model.ready())
    context.run(context.on.update_status(), dataclasses.replace(led, leader=False))
    relation = testing.Relation("telemetry-stack")
    again = dataclasses.replace(led, relations={*led.relations, relation})
    out = context.run(context.on.relation_created(relation), again)
    assert not published(out).ready


def test_a_charm_that_comes_is_told_what_another_leader_told_the_others(
    context: Context, stage: model.Stage
):
    led = context.run(context.on.update_status(), model.ready())
    told = Stack(ready=False, message="alarming refused the connection", since=NOW).to_json()
    first = testing.Relation("telemetry-stack", local_app_data={"stack": told})
    second = testing.Relation("telemetry-stack")
    later = dataclasses.replace(led, relations={*led.relations, first, second})
    out = context.run(context.on.relation_created(second), later)
    assert [r.local_app_data["stack"] for r in out.get_relations("telemetry-stack")] == [told] * 2


def test_since_survives_a_refresh_of_the_charm(context: Context, stage: model.Stage):
    before = Stack(ready=True, since=NOW - datetime.timedelta(days=1))
    relation = testing.Relation("telemetry-stack", local_app_data={"stack": before.to_json()})
    out = context.run(context.on.upgrade_charm(), model.ready(relation))
    assert published(out).since == before.since


def test_a_service_that_is_missing_from_the_catalog_has_a_state(
    context: Context, stage: model.Stage
):
    missing = reports.bad("key-manager", "catalog")
    stage.turn = reports.turn(missing, reports.bad("vault", "application"))
    out = context.run(context.on.update_status(), model.ready(testing.Relation("telemetry-stack")))
    assert published(out).services["key-manager"] == Service("failed", "")
    assert "vault" not in published(out).services


def test_a_service_that_works_but_not_well_leaves_the_stack_ready(
    context: Context, stage: model.Stage
):
    slow = reports.bad("metric", "backlog", Severity.DEGRADED)
    stage.turn = reports.turn(*reports.VERIFIED, slow)
    out = context.run(context.on.update_status(), model.ready(testing.Relation("telemetry-stack")))
    assert published(out).ready
    assert published(out).services["metric"].state == "degraded"


RUNNING = Running(NOW, reports.FINGERPRINT, "12", "ceilometer", behind=True, asked=True)


@pytest.mark.parametrize(
    ("record", "step", "word"),
    [
        (Record().succeeded(NOW, reports.FINGERPRINT), Step.NOTHING, "done"),
        (Record(), Step.ADVISE, "needed"),
        (Record().failed(NOW, reports.FINGERPRINT, "HTTP 503"), Step.WAIT, "failed"),
        (Record().started(RUNNING), Step.POLL, "running"),
        (Record().succeeded(NOW, reports.FINGERPRINT), Step.IMPOSSIBLE, "unknown"),
    ],
)
def test_what_became_of_the_upgrade_is_told_in_one_word(
    context: Context, stage: model.Stage, record: Record, step: Step, word: str
):
    stage.turn = reports.turn(record=record, step=step)
    out = context.run(context.on.update_status(), model.ready(testing.Relation("telemetry-stack")))
    assert published(out).upgrade == word


def test_a_relation_that_comes_gets_a_status_at_once(context: Context, stage: model.Stage):
    led = context.run(context.on.update_status(), model.ready())
    relation = testing.Relation("telemetry-stack")
    later = dataclasses.replace(led, relations={*led.relations, relation})
    out = context.run(context.on.relation_created(relation), later)
    assert published(out).ready
    assert len(stage.requests) == 1
