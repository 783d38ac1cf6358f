"""Data that nobody should send, at every place where the charm reads data."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import pathlib
import shutil
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from ops import testing

import unit_state
from coordinator import reconcile, status
from coordinator.blueprint import loader
from coordinator.checks import memory
from coordinator.juju import ceilometer, controller_back_off, discovery, foreign, sightings
from coordinator.juju import status as juju_status
from coordinator.report import kept
from coordinator.report.report import Report
from coordinator.upgrade import record
from relations import endpoints
from tests.reliability import hostile
from tests.reliability.soak import examples
from tests.unit import clouds, databags, model, reports
from tests.unit.juju import test_status

ROOT = pathlib.Path(__file__).parents[2]
OPTIONS = yaml.safe_load((ROOT / "config.yaml").read_text())["options"]
ACTIONS = yaml.safe_load((ROOT / "actions.yaml").read_text())

Context = testing.Context[Any]

RECORD = (
    record.Record()
    .succeeded(reports.NOW, reports.FINGERPRINT)
    .failed(reports.NOW, reports.FINGERPRINT, "HTTP 503")
    .started(record.Running(reports.NOW, reports.FINGERPRINT, "4", "ceilometer", True, True))
)
REPORT = reports.report(*reports.VERIFIED, reports.bad("metric"))
STATUS = status.blocked("Gnocchi is down", "juju status gnocchi")
MODEL = {"applications": {"compute": test_status.NOVA, "agent": test_status.AGENT}}
FILES = {
    "report.json": json.loads(REPORT.to_json()),
    "checks.json": json.loads(memory.CheckMemory().to_json()),
    "controller.json": {
        "where": ["192.0.2.1:17070"],
        "since": "2026-11-22T09:00:00+00:00",
        "until": "2026-11-22T10:00:00+00:00",
    },
    "units.json": {
        "ceilometer/0": {
            "level": "blocked",
            "digest": "0123abcd",
            "since": "2026-11-22T10:00:00+00:00",
        }
    },
    "juju-client.json": {"at": "2026-11-22T10:00:00+00:00", "problem": "no snap"},
    "verified": "0" * 64,
    "stack.json": {"ready": True, "message": "", "since": "2026-11-22T10:00:00Z"},
    "stack-status.json": json.loads(STATUS.to_json()),
}
"""What a unit keeps, as far as it is good."""


# What is read by one function


@examples(300, 20_000)
@given(text=hostile.written(json.loads(RECORD.to_json())))
def test_a_record_is_read_or_refused(text: str):
    with contextlib.suppress(record.RecordError):
        again = record.load_record(text).to_json()
        assert record.load_record(again).to_json() == again


@examples(300, 10_000)
@given(text=hostile.written(json.loads(STATUS.to_json())))
def test_a_kept_status_is_read_or_none(text: str):
    found = status.Status.from_json(text)
    if found is not None:
        assert found.message.isprintable() or not found.remedy.isprintable()
        assert status.Status.from_json(found.to_json()) is not None


@examples(300, 10_000)
@given(text=hostile.written(FILES["report.json"]))
def test_a_kept_report_is_read_or_none(text: str):
    found = Report.from_json(text)
    if found is not None:
        assert found.to_json()
        assert found.summary() is not None


@examples(300, 10_000)
@given(text=hostile.written(FILES["checks.json"]))
def test_what_checks_remember_is_read_or_forgotten(text: str):
    assert json.loads(memory.CheckMemory.from_json(text).to_json())


@examples(300, 10_000)
@given(text=hostile.written(FILES["controller.json"]))
def test_what_is_remembered_of_the_controller_is_read_or_forgotten(text: str):
    now = reports.NOW
    found = kept.loads(controller_back_off.BackOff, text)
    assert found is None or found.covers(found.where, now) in {True, False}
    assert kept.dumps(controller_back_off.extend(found, ("192.0.2.1:17070",), now))


@examples(300, 20_000)
@given(text=hostile.written(MODEL))
def test_a_status_of_the_model_is_read_or_not_understood(text: str):
    with contextlib.suppress(foreign.NotUnderstoodError):
        found = juju_status.parse(foreign.load(text))
        discovery.find(found, loader.load())
        for application in found.applications.values():
            assert application.name.isprintable()
            assert ceilometer.asks(application) in {True, False}
        for unit in found.units:
            assert unit.name.isprintable()
            assert unit.machine.isprintable()
        _, seen = sightings.watch(found, {}, reports.NOW)
        assert kept.loads(sightings.Sightings, kept.dumps(seen)) == seen


@examples(300, 10_000)
@given(text=hostile.written(FILES["units.json"]))
def test_what_is_remembered_of_units_is_read_or_forgotten(text: str):
    seen = kept.loads(sightings.Sightings, text)
    assert seen is None or kept.loads(sightings.Sightings, kept.dumps(seen)) == seen


# Whole hooks


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> model.Stage:
    """The cloud is well, whatever databags and options say."""
    stage = model.Stage()
    monkeypatch.setattr(reconcile, "reconcile", stage.take)
    monkeypatch.setattr(reconcile, "look", stage.look)
    return stage


RELATIONS = {
    endpoints.IDENTITY: databags.CREDENTIALS,
    endpoints.METRIC: {"gnocchi_url": databags.GNOCCHI_URL},
    endpoints.NOTIFICATIONS: databags.ANNOUNCEMENTS,
    endpoints.CERTIFICATES: {"ca": "-----BEGIN CERTIFICATE-----", "chain": ""},
    endpoints.TRANSFERS: {"ca": "-----BEGIN CERTIFICATE-----", "certificates": "[]"},
    endpoints.MEMBERS: {"egress-subnets": "192.0.2.0/24"},
}


@examples(25, 5_000)
@given(data=st.data())
def test_no_databag_breaks_a_hook(context: Context, stage: model.Stage, data: st.DataObject):
    hostile_one = data.draw(st.sampled_from(sorted(RELATIONS)))
    relations: list[testing.RelationBase] = []
    for endpoint, good in RELATIONS.items():
        units = good if endpoint != hostile_one else data.draw(hostile.bag(good))
        app = {} if endpoint != hostile_one else data.draw(hostile.bag(good))
        relations.append(
            testing.Relation(endpoint, remote_app_data=app, remote_units_data={0: units})
        )
    changed = next(r for r in relations if r.endpoint == hostile_one)
    assert isinstance(changed, testing.Relation)
    state = model.state(*relations, testing.Relation("telemetry-stack"))
    out = context.run(context.on.relation_changed(changed, remote_unit=0), state)
    hostile.assert_fit_to_be_shown(out)


def option(name: str) -> st.SearchStrategy[Any]:
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "string": hostile.TEXTS,
        "int": st.integers(-(2**70), 2**70),
        "boolean": st.booleans(),
        "secret": st.just("secret:cvq0c6rmp25c7f2sbtlg"),
    }
    return kinds[OPTIONS[name]["type"]]


@examples(25, 5_000)
@given(data=st.data())
def test_no_option_breaks_a_hook(context: Context, stage: model.Stage, data: st.DataObject):
    names = data.draw(st.sets(st.sampled_from(sorted(OPTIONS)), min_size=1, max_size=3))
    config = {name: data.draw(option(name)) for name in sorted(names)}
    state = dataclasses.replace(model.ready(testing.Relation("telemetry-stack")), config=config)
    out = context.run(context.on.config_changed(), state)
    hostile.assert_fit_to_be_shown(out)


ACCESS = {"username": "us", "password": "correct-horse", "endpoints": "192.0.2.1:17070"}


@examples(20, 5_000)
@given(
    content=st.dictionaries(
        st.sampled_from([*ACCESS, "ca-cert", "model", "other"]), hostile.TEXTS, min_size=1
    )
)
def test_no_secret_breaks_a_hook(context: Context, stage: model.Stage, content: dict[str, str]):
    secret = testing.Secret({**ACCESS, **content})
    state = model.ready(juju_access=secret.id, upgrade_method="action")
    state = dataclasses.replace(state, secrets={secret})
    out = context.run(context.on.update_status(), state)
    hostile.assert_fit_to_be_shown(out)


@examples(25, 5_000)
@given(
    key=st.sampled_from(["record", "status", "blueprint", "report", "client"]),
    text=hostile.written(json.loads(RECORD.to_json())) | hostile.written({"gnocchi": {}}),
    leader=st.booleans(),
)
def test_no_value_of_the_peers_breaks_a_hook(
    context: Context, stage: model.Stage, key: str, text: str, leader: bool
):
    peers = model.peers(**{key: text})
    out = context.run(context.on.update_status(), model.ready(peers, leader=leader))
    for told in (out.unit_status, out.app_status):
        assert told.message.isprintable()
    if key == "record" and model.kept(out)["record"] != text:
        record.load_record(text)  # only what could be read was replaced


@examples(15, 5_000)
@given(data=st.data())
def test_no_file_of_the_unit_breaks_a_hook(
    context: Context, cloud: clouds.Cloud, data: st.DataObject
):
    folder = pathlib.Path(context.charm_root or "") / unit_state.NAME
    shutil.rmtree(folder, ignore_errors=True)  # each example is a unit of its own
    folder.mkdir()
    name = data.draw(st.sampled_from(sorted(FILES)))
    raw = data.draw(hostile.written(FILES[name]).map(str.encode) | st.binary())
    (folder / name).write_bytes(raw)
    state = cloud.state(testing.Relation("telemetry-stack"))
    for event in (context.on.update_status(), context.on.config_changed()):
        state = context.run(event, state)
        hostile.assert_fit_to_be_shown(state)
    assert state.unit_status.name == "active"
    with contextlib.suppress(testing.ActionFailed):
        context.run(context.on.action("show-report", params={"format": "text"}), state)
    hostile.assert_fit_as_results(context.action_results or {})


@examples(25, 5_000)
@given(data=st.data())
def test_no_parameter_breaks_an_action(context: Context, stage: model.Stage, data: st.DataObject):
    name = data.draw(st.sampled_from(sorted(ACTIONS)))
    params: dict[str, Any] = {}
    for key, schema in ACTIONS[name].get("params", {}).items():
        if "enum" in schema:  # Juju itself refuses anything else
            values: st.SearchStrategy[Any] = st.sampled_from(schema["enum"])
        else:
            values = hostile.TEXTS if schema["type"] == "string" else st.booleans()
        if "default" in schema or data.draw(st.booleans()):
            params[key] = data.draw(values)
    try:
        out = context.run(context.on.action(name, params=params), model.ready())
        said = ""
    except testing.ActionFailed as failure:
        said, out = failure.message, model.state_of(failure)
    assert said.isprintable()
    hostile.assert_fit_to_be_shown(out)
    hostile.assert_fit_as_results(context.action_results or {})
