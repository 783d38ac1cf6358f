"""The stand-in for Juju says what Juju 4.0.14 was recorded to say."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import re
import subprocess
from typing import Any

import pytest
import yaml

from tests.support.juju import models, recordings
from tests.support.juju.controller import Controller
from tests.support.juju.recordings import Recording

UUID = "f905939d-2477-4263-804f-cb9508aeb952"
HANGS = 124
"""Exit code of timeout(1)."""


class Stand:
    """A stand-in in the state in which Juju was when it was recorded."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.juju = Controller(folder / "juju", "4.0.14", UUID)
        for name, access in (("writer", "write"), ("reader", "read"), ("stranger", "none")):
            self.juju.add_user(name, "right", access)
        self.juju.add_user("wrongpw", "right")
        actions = ("ok", "bad", "exit1", "slow")
        self.juju.deploy("acts", "probe", actions=actions)
        self.juju.deploy("rabbitmq-server", "rabbitmq-server", actions=())

    def say(self, user: str, words: tuple[str, ...]) -> Recording:
        """What the stand-in prints."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        endpoints = {"nohost": "juju.example.invalid:17070", "badport": "192.0.2.9:1"}
        controller = {
            "uuid": self.juju.uuid,
            "api-endpoints": [endpoints.get(user, "192.0.2.1:17070")],
            "ca-cert": "of another" if user == "wrongca" else self.juju.certificate,
        }
        account = {"user": user, "password": "wrong" if user == "wrongpw" else "right"}
        for file, entry in (("controllers", controller), ("accounts", account)):
            text = yaml.safe_dump({"controllers": {"controller": entry}})
            (data / f"{file}.yaml").write_text(text)
        if user in {"hang", "noroute"}:
            self.juju.behave("refuses")
        try:
            ended = subprocess.run(
                [self.juju.bin / "juju", *words],
                env={**os.environ, "JUJU_DATA": str(data)},
                capture_output=True,
                text=True,
                timeout=60 if user in {"writer", "reader"} else 4,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return Recording(user, words, HANGS, "", "")
        return Recording(user, words, ended.returncode, ended.stdout, ended.stderr)


@pytest.fixture
def stand(tmp_path: pathlib.Path) -> Stand:
    return Stand(tmp_path)


def is_used(recording: Recording) -> bool:
    """Whether the coordinator uses the command: other options are not modelled."""
    words = recording.words
    used = "json" in words and "--background" not in words and "seconds=15" not in words
    whole = words[0] != "status" or "acts" not in words
    waits = words[0] != "show-task" or "--wait" not in words
    disabled_since = recording.stderr.startswith("ERROR invalid entity")  # while it was asked
    return used and whole and waits and not disabled_since


USED = [recording for recording in recordings.commands() if is_used(recording)]
TASKS = ("run", "show-task", "operations")
STILL = [r for r in USED if not (r.words[0] in TASKS and r.stdout.strip() not in ("", "{}"))]
"""Commands whose output does not tell of tasks."""


def named(recording: Recording) -> str:
    return f"{recording.user} {' '.join(recording.words)}".replace(UUID, "UUID")


def plainly(text: str) -> str:
    """Without numbers of tasks and operations, and what an action said."""
    lines = [line for line in text.splitlines() if not re.match(r"\d\d:\d\d:\d\d ", line)]
    plain = re.sub(r"\b(operation|task|id \"|show-task) ?(\d+)", r"\1 N", "\n".join(lines))
    return plain.strip()


@pytest.mark.parametrize("recorded", STILL, ids=named)
def test_a_command_ends_as_recorded(stand: Stand, recorded: Recording):
    if "slow" in recorded.words:
        stand.juju.hold()
    words = tuple(word for word in recorded.words if "=" not in word)  # no parameters here
    said = stand.say(recorded.user, words)
    assert dataclasses.replace(said, words=recorded.words, stderr=plainly(said.stderr)) == (
        dataclasses.replace(recorded, stderr=plainly(recorded.stderr))
    )


# Tasks


def shape(value: Any) -> Any:
    """Keys and types."""
    if isinstance(value, dict):
        return {key: shape(below) for key, below in sorted(value.items())}
    if isinstance(value, list):
        return [shape(below) for below in value[:1]]
    return type(value).__name__


def recorded_output(user: str, *words: str) -> Recording:
    """The first recording of such words."""
    return next(
        r for r in USED if r.user == user and r.stdout.strip("{}\n") and set(words) <= set(r.words)
    )


IGNORED = {"log", "json", "nested", "got", "stdout", "stderr", "slept"}
"""What the recorded actions made themselves."""


def without_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_own(below) for key, below in value.items() if key not in IGNORED}
    return value


@pytest.mark.parametrize(
    ("action", "status", "message", "code"),
    [
        ("ok", "completed", "", 0),
        ("bad", "failed", "it would not", 0),
        ("exit1", "failed", "exit status 1", 1),
    ],
)
def test_a_run_prints_its_task_as_recorded(
    stand: Stand, action: str, status: str, message: str, code: int
):
    recorded = recorded_output("writer", "run", action)
    stand.juju.hold()
    stand.juju.finish_next(status, message, code)
    said = stand.say("writer", recorded.words)
    assert said.exit == recorded.exit
    assert plainly(said.stderr) == plainly(recorded.stderr)
    (mine,), (theirs,) = json.loads(said.stdout).values(), json.loads(recorded.stdout).values()
    assert shape(mine) == shape(without_own(theirs))
    assert (mine["status"], mine.get("message")) == (theirs["status"], theirs.get("message"))


def test_tasks_are_numbered_as_recorded(stand: Stand):
    recorded = recorded_output("writer", "run", "ok")
    stand.juju.hold()
    stand.juju.finish_next()
    first = stand.say("writer", recorded.words)
    assert first.stderr.splitlines()[:2] == recorded.stderr.splitlines()[:2]
    stand.juju.finish_next()
    second = stand.say("writer", recorded.words)
    assert second.stderr.splitlines()[:2] == [
        "Running operation 2 with 1 task",
        "  - task 3 on unit-acts-0",
    ]


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [("1", "completed", ""), ("5", "failed", "it would not"), ("38", "pending", "")],
)
def test_a_task_is_shown_as_recorded(stand: Stand, number: str, status: str, message: str):
    recorded = recorded_output("writer", "show-task", number)
    stand.juju.hold()
    run = ("run", "-m", f"controller:{UUID}", "--format", "json", "--wait", "1s", "acts/0", "ok")
    stand.say("writer", run)
    stand.juju.finish("1", status, message)
    words = tuple("1" if word == number else word for word in recorded.words)
    said = stand.say("writer", words)
    theirs = without_own(json.loads(recorded.stdout))
    assert shape(json.loads(said.stdout)) == shape(theirs)
    assert json.loads(said.stdout)["status"] == theirs["status"]


def test_a_waiting_task_is_listed_as_recorded(stand: Stand):
    recorded = recorded_output("writer", "operations", "slow", "json")
    stand.juju.hold()
    run = ("run", "-m", f"controller:{UUID}", "--format", "json", "--wait", "1s", "acts/0", "slow")
    stand.say("writer", run)
    said = stand.say("writer", recorded.words)
    (mine,), (theirs,) = json.loads(said.stdout).values(), json.loads(recorded.stdout).values()
    mine["tasks"], theirs["tasks"] = list(mine["tasks"].values()), list(theirs["tasks"].values())
    theirs["action"]["parameters"] = {}
    assert shape(mine) == shape(theirs)
    assert (mine["summary"], mine["status"]) == (theirs["summary"], theirs["status"])


# Models

CUT = {"endpoint-bindings", "hostname", "dns-name", "ip-addresses"}
"""Left out of the recordings, or of a stand-in that nobody asks for it."""
CHARMHUB = {"charm-channel"}
"""Told of charms that come from Charmhub only: those of the recording are local."""


def trimmed(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in CUT | CHARMHUB}


@pytest.fixture(scope="module")
def cloud() -> models.Model:
    return models.openstack(version="4.0.14")


@pytest.mark.parametrize("name", ["gnocchi", "aodh", "nova-compute", "memcached"])
def test_an_application_has_the_recorded_form(cloud: models.Model, name: str):
    mine = trimmed(cloud.document["applications"][name])
    theirs = trimmed(recordings.status("healthy")["applications"][name])
    for entry in (mine, theirs):
        entry["units"] = next(iter(entry["units"].values()))
        entry["units"].pop("subordinates", None)
        entry["relations"] = {k: v[:1] for k, v in entry["relations"].items() if k in COMMON}
    assert shape(mine) == shape(theirs)


COMMON = {"cluster", "shared-db", "identity-service", "nova-ceilometer"}


def test_peers_are_told_as_recorded(cloud: models.Model):
    theirs = recordings.status("healthy")["applications"]
    for charm, (endpoint, _) in models.PEERS.items():
        mine = cloud.document["applications"][charm]["relations"][endpoint]
        assert mine == theirs[charm]["relations"][endpoint]


def test_a_subordinate_has_the_recorded_form(cloud: models.Model):
    theirs = recordings.status("healthy")["applications"]
    mine = cloud.document["applications"]
    assert shape(trimmed(mine["gnocchi-mysql-router"])) == shape(
        trimmed(theirs["gnocchi-mysql-router"])
    )
    (one,) = mine["gnocchi"]["units"]["gnocchi/0"]["subordinates"].values()
    (other,) = theirs["gnocchi"]["units"]["gnocchi/0"]["subordinates"].values()
    assert shape(one) == shape(other)


def test_a_machine_has_the_recorded_form(cloud: models.Model):
    mine = cloud.document["machines"]["0"]
    theirs = recordings.status("healthy")["machines"]["0"]
    assert shape(trimmed(mine)) == shape(trimmed(theirs))


def test_a_model_has_the_recorded_form(cloud: models.Model):
    assert cloud.document.keys() == recordings.status("healthy").keys()
    assert shape(cloud.document["model"]) == shape(recordings.status("healthy")["model"])


def test_a_remote_application_has_the_recorded_form():
    cloud = models.Model("4.0.14")
    cloud.deploy("nova-compute")
    cloud.consume("rabbitmq-remote")
    cloud.integrate("nova-compute:amqp", "rabbitmq-remote:amqp", "rabbitmq")
    mine = cloud.document["application-endpoints"]["rabbitmq-remote"]
    theirs = recordings.status("cross-model-consumer")["application-endpoints"]["rabbitmq-remote"]
    assert shape(mine) == shape(theirs)
    assert mine["relations"] == theirs["relations"]


def test_a_stopped_machine_is_told_as_recorded():
    cloud = models.openstack(version="4.0.14")
    place = cloud.units("gnocchi")["gnocchi/0"]["machine"]
    cloud.stop(place)
    theirs = recordings.status("fault-agents-lost")
    mine = cloud.document
    lost, recorded = (d["applications"]["gnocchi"]["units"]["gnocchi/0"] for d in (mine, theirs))
    for key in ("workload-status", "juju-status"):
        assert shape(lost[key]) == shape(recorded[key])
        assert (lost[key]["current"], lost[key]["message"]) == (
            recorded[key]["current"],
            recorded[key]["message"],
        )
    said = mine["machines"][place]["juju-status"]
    assert {**said, "since": ""} == {**theirs["machines"]["1"]["juju-status"], "since": ""}
