"""The `juju` command, as far as the coordinator uses it: output and exit codes of the real one.

Held to recordings of 4.0 (recordings/, tests/support/tests/test_juju_contract.py); what 3.6 says
instead is in versions.py. What the coordinator does not use is refused, not guessed.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time
from typing import Any, NoReturn

import yaml

from tests.support.juju import state, versions

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY = "invalid entity name or password (unauthorized access)"


class Client:
    """One call."""

    def __init__(self, file: pathlib.Path, words: list[str]) -> None:
        self.file = file
        self.words = words
        parser = argparse.ArgumentParser("juju")
        parser.add_argument("-m", "--model", default="")
        parser.add_argument("--format", choices=["json"], required=True)
        for option in ("--wait", "--apps", "--actions", "--status"):
            parser.add_argument(option, default="")
        parser.add_argument("names", nargs="*")
        self.asked = parser.parse_args(words[1:])

    def run(self) -> None:
        with state.opened(self.file) as known:
            known.calls.append(self.words)
            mood = known.mood
            self.said = versions.of(known.version)
        if mood in {"hangs", "refuses"}:  # the real client does not end by itself in either case
            time.sleep(600)
        commands = {
            "status": self.status,
            "run": self.action,
            "show-task": self.task,
            "operations": self.operations,
        }
        command = commands[self.words[0]]
        with state.opened(self.file) as known:
            user = self.log_in(known)
        command(user)

    def fail(self, text: str) -> NoReturn:
        """End as the real client does."""
        sys.stdout.write(self.said.empty_answer)
        print(f"ERROR {text}", file=sys.stderr)
        sys.exit(1)

    def refuse(self, text: str) -> NoReturn:
        """End as the real client does where the first thing that it asks for fails."""
        self.fail(f"refreshing models: {text}")

    def log_in(self, known: state.State) -> str:
        """What every command begins with: find the controller, log in, find the model."""
        data = pathlib.Path(os.environ["JUJU_DATA"])
        name, _, model = self.asked.model.partition(":")
        controllers = yaml.safe_load((data / "controllers.yaml").read_text())["controllers"]
        if name not in controllers:
            print(f"ERROR controller {name} not found", file=sys.stderr)
            sys.exit(2)
        controller = controllers[name]
        account = yaml.safe_load((data / "accounts.yaml").read_text())["controllers"][name]
        host = controller["api-endpoints"][0].rpartition(":")[0]
        if host.endswith(".invalid"):
            self.refuse(f'cannot resolve "{host}": lookup {host} on 192.0.2.53:53: no such host')
        if not set(controller["api-endpoints"]) & set(known.endpoints):
            time.sleep(600)
        if known.mood == "untrusted" or controller["ca-cert"].strip() != known.certificate.strip():
            self.refuse(self.said.untrusted)
        if self.said.checks_uuid and controller["uuid"] != known.uuid:
            self.fail(f"controller {name} not found")
        user = known.users.get(account["user"])
        if user is None or not user.enabled or user.password != account["password"]:
            self.refuse(NOBODY)
        if user.access == "none":
            self.fail(self.said.no_model.format(controller=name, model=model))
        if model not in {known.model, "admin/openstack"}:
            self.fail(f"model {name}:{model} not found")
        return account["user"]

    # Commands

    def status(self, _user: str) -> None:
        if self.asked.names:
            raise NotImplementedError("the coordinator reads whole models")
        with state.opened(self.file) as known:
            life = {"life": "alive"} if self.said.tells_life else {}
            own = {name: _application(name, a, life) for name, a in known.applications.items()}
            document = {
                "model": {
                    "name": "openstack",
                    "type": "iaas",
                    "controller": "controller",
                    "cloud": "maas",
                    "region": "default",
                    "version": known.version,
                    "model-status": {"current": "available", "since": SINCE},
                },
                "machines": {},
                "storage": {},
                "controller": {"timestamp": "10:00:00Z"},
                **known.document,
            }
            document["applications"] = {**document.get("applications", {}), **own}
            show(document)

    def action(self, user: str) -> None:
        target, action = self.asked.names
        with state.opened(self.file) as known:
            number, unit = self._enqueue(known, user, target, action)
            argv = known.commands.get(action)
            held = known.held
        operation = int(number) - 1
        lines = (
            f"Running operation {operation} with 1 task",
            f"  - task {number} on {_tag(unit)}",
        )
        for line in (*lines, ""):
            print(line, file=sys.stderr)
        if argv and not held:
            self._really_run(number, argv[0])
        print(f"Waiting for task {number}...", file=sys.stderr)
        end = time.monotonic() + float(self.asked.wait.removesuffix("s") or 60)
        while time.monotonic() < end:
            with state.opened(self.file) as known:
                task = known.tasks[number]
            if task.status not in ("pending", "running"):
                show({unit: _task(number, task)})
                if task.code:
                    print(_FAILED.format(number=number, code=task.code), file=sys.stderr)
                    sys.exit(1)
                return
            time.sleep(0.1)
        self.fail(f"timed out waiting for results from: unit {unit}")

    def _enqueue(self, known: state.State, user: str, target: str, action: str) -> tuple[str, str]:
        if known.users[user].access == "read":
            self.fail("permission denied (unauthorized access)")
        name, _, which = target.partition("/")
        application = known.applications.get(name)
        leader = application.leader if application else None
        if application is None or leader is None:
            self._not_scheduled(known, self.said.no_leader.format(application=name))
        unit = f"{name}/{leader}" if which == "leader" else target
        if not application.actions:
            self._not_scheduled(known, self.said.no_actions.format(charm=application.charm))
        if action not in application.actions:
            self._not_scheduled(known, self.said.no_action.format(action=action, unit=unit))
        number = str(2 * len(known.tasks) + self.said.first + 1)
        task = state.Task(name, unit, action, user)
        if known.next_end:
            task.status, task.message, task.code = known.next_end
            known.next_end = ()
        known.tasks[number] = task
        return number, unit

    def _not_scheduled(self, known: state.State, reason: str) -> NoReturn:
        if not self.said.schedules:
            self.fail(reason)
        operation = 2 * len(known.tasks) + self.said.first
        print(f"Operation {operation} failed to schedule any tasks:\n{reason}", file=sys.stderr)
        sys.exit(0)

    def _really_run(self, number: str, argv: list[str]) -> None:
        """The unit's part, which goes on when this command has ended."""
        subprocess.Popen(
            [sys.executable, "-m", "tests.support.juju.unit", str(self.file), number, *argv],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            # a machine of its own: nothing of the client's private folder, which goes away
            env={**os.environ, "HOME": str(self.file.parent)},
        )

    def task(self, _user: str) -> None:
        (number,) = self.asked.names
        with state.opened(self.file) as known:
            task = known.tasks.get(number)
        if task is None:
            self.fail(self.said.no_task.format(number=number))
        show(_task(number, task))

    def operations(self, _user: str) -> None:
        found = {}
        with state.opened(self.file) as known:
            for number, task in known.tasks.items():
                wanted = (
                    task.application in self.asked.apps.split(",")
                    and task.action in self.asked.actions.split(",")
                    and task.status in self.asked.status.split(",")
                )
                if wanted:
                    summary = self.said.summary.format(action=task.action, tag=_tag(task.unit))
                    timing = {"enqueued": WHEN}
                    shown = {"host": task.unit, "status": task.status, "timing": timing}
                    found[str(int(number) - 1)] = {
                        "summary": summary,
                        "status": task.status,
                        "action": {"name": task.action, "parameters": {}},
                        "timing": timing,
                        "tasks": {number: shown},
                    }
        if found:
            show(found)
        else:
            print("no matching operations", file=sys.stderr)


SINCE = "22 Nov 2026 10:00:00Z"
WHEN = "2026-11-22 10:00:00 +0000 UTC"
_FAILED = """ERROR the following task failed:
 - id "{number}" with return code {code}

use 'juju show-task' to inspect the failure
"""


def _application(
    name: str, application: state.Application, life: dict[str, str]
) -> dict[str, Any]:
    units = {
        unit: {
            "workload-status": {"current": level, "message": message, "since": SINCE},
            "juju-status": {"current": "idle", "since": SINCE, "version": "3.6.9"},
            **({"leader": True} if unit == f"{name}/{application.leader}" else {}),
            "machine": unit.partition("/")[2],
            "public-address": "192.0.2.1",
        }
        for unit, (level, message) in application.statuses.items()
    }
    return {
        "charm": f"ch:amd64/{application.charm}-500",
        "base": {"name": "ubuntu", "channel": "22.04"},
        "charm-origin": "charmhub",
        "charm-name": application.charm,
        "charm-rev": 500,
        "exposed": False,
        **life,
        "application-status": {"current": "unknown"},
        "relations": {
            endpoint: [{"related-application": name, "interface": "", "scope": "global"}]
            for endpoint, names in application.relations.items()
            for name in names
        },
        **({"units": units} if units else {}),
        **({"version": application.version} if application.version else {}),
    }


def _task(number: str, task: state.Task) -> dict[str, Any]:
    begun = {"started": WHEN} if task.status != "pending" else {}
    results = {"return-code": task.code}
    outcome = {"outcome": "success"} if task.status == "completed" else {}
    return {
        "id": number,
        **({"message": task.message} if task.message else {}),
        **({"results": {**outcome, **results}} if task.status in _ENDED else {}),
        "status": task.status,
        "timing": {"enqueued": WHEN, **begun},
        "unit": task.unit,
    }


_ENDED = {"completed", "failed"}


def _tag(unit: str) -> str:
    return f"unit-{unit.replace('/', '-')}"


def show(value: object) -> None:
    """Print JSON, as `--format json` does."""
    print(json.dumps(value))


if __name__ == "__main__":
    Client(pathlib.Path(sys.argv[1]), sys.argv[2:]).run()
