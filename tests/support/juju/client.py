"""The `juju` command, as far as the coordinator uses it: output and exit codes of the real one.

Read in juju/juju: cmd/juju/action (common.go, showtask.go, listoperations_test.go), cmd/modelcmd
(base.go, modelcommand.go), jujuclient (validation.go, accountsfile_test.go), and the facade of
actions of the API server; for the names that `juju status` takes see selection.py.
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

from tests.support.juju import selection, state

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOBODY = "invalid entity name or password (unauthorized access)"


def fail(text: str, code: int = 1) -> NoReturn:
    """End as the real client does."""
    print(f"ERROR {text}", file=sys.stderr)
    sys.exit(code)


def refuse(text: str) -> NoReturn:
    """End as the real client does where the first thing that it asks for fails."""
    fail(f"refreshing models: {text}")


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
        if mood == "hangs":
            time.sleep(600)
        commands = {
            "status": self.status,
            "run": self.action,
            "show-task": self.task,
            "operations": self.operations,
        }
        command = commands.get(self.words[0])
        if command is None:
            fail(f'juju: {self.words[0]!r} is not a juju command. See "juju --help".', 2)
        with state.opened(self.file) as known:
            user = self.log_in(known)
        command(user)

    def log_in(self, known: state.State) -> str:
        """What every command begins with: find the controller, log in, find the model."""
        data = pathlib.Path(os.environ["JUJU_DATA"])
        name, _, model = self.asked.model.partition(":")
        controller = yaml.safe_load((data / "controllers.yaml").read_text())["controllers"][name]
        account = yaml.safe_load((data / "accounts.yaml").read_text())["controllers"][name]
        endpoint = controller["api-endpoints"][0]
        if known.mood == "refuses" or endpoint not in known.endpoints:
            refuse(f"unable to connect to API: dial tcp {endpoint}: connect: connection refused")
        if known.mood == "untrusted" or controller["ca-cert"].strip() != known.certificate.strip():
            refuse("unable to connect to API: x509: certificate signed by unknown authority")
        if controller["uuid"] != known.uuid:
            fail(f"controller {name} not found")
        user = known.users.get(account["user"])
        if user is None or not user.enabled or user.password != account["password"]:
            refuse(NOBODY)
        if "/" not in model and not _UUID.fullmatch(model):  # a name alone is the user's own
            model = f"{account['user']}/{model}"
        if user.access == "none" or model not in {known.model, "admin/openstack"}:
            fail(f"model {name}:{model} not found")
        return account["user"]

    # Commands

    def status(self, _user: str) -> None:
        with state.opened(self.file) as known:
            own = {name: _application(name, app) for name, app in known.applications.items()}
            document = {
                "model": {"name": "openstack", "type": "iaas", "version": known.version},
                "machines": {},
                "controller": {"timestamp": "10:00:00Z"},
                **known.document,
            }
            document["applications"] = {**document.get("applications", {}), **own}
            try:
                show(selection.select(document, self.asked.names, known.version))
            except selection.Unsupported as refusal:
                fail(str(refusal))

    def action(self, user: str) -> None:
        target, action = self.asked.names
        with state.opened(self.file) as known:
            number, unit = self._enqueue(known, user, target, action)
            argv = known.commands.get(action)
            held = known.held
        for line in ("Running operation 1 with 1 task", f"  - task {number} on {_tag(unit)}", ""):
            print(line, file=sys.stderr)
        if argv and not held:
            self._really_run(number, argv[0])
        print(f"Waiting for task {number}...", file=sys.stderr)
        end = time.monotonic() + float(self.asked.wait.removesuffix("s") or 60)
        while time.monotonic() < end:
            with state.opened(self.file) as known:
                task = known.tasks[number]
            if task.status not in ("pending", "running"):
                show({unit: {"id": number, **_task(task)}})
                if task.status == "failed":
                    fail(f'the following task failed:\n - id "{number}" with return code 1\n')
                return
            time.sleep(0.1)
        fail(f"timed out waiting for results from: unit {unit}")

    def _enqueue(self, known: state.State, user: str, target: str, action: str) -> tuple[str, str]:
        if known.users[user].access == "read":
            fail("permission denied (unauthorized access)")
        name, _, which = target.partition("/")
        application = known.applications.get(name)
        leader = application.leader if application else None
        if application is None or leader is None:
            self._not_scheduled(known, f'could not determine leader for "{name}"')
        unit = f"{name}/{leader}" if which == "leader" else target
        if action not in application.actions:
            self._not_scheduled(known, f'action "{action}" not defined on unit "{unit}"')
        number = str(2 * len(known.tasks) + 2)
        known.tasks[number] = state.Task(name, unit, action, user)
        return number, unit

    def _not_scheduled(self, known: state.State, reason: str) -> NoReturn:
        """Since 4.0 this is an error; before, it is told and the exit code is 0."""
        if known.version.startswith("4"):
            fail(f"{reason} (not found)")
        print(f"Operation 1 failed to schedule any tasks:\n{reason}", file=sys.stderr)
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
            fail(f"task {number} not found")
        show({"id": number, **_task(task)})

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
                    found[str(int(number) - 1)] = {
                        "summary": f"{task.action} run on {_tag(task.unit)}",
                        "status": task.status,
                        "action": {"name": task.action, "parameters": {}},
                        "timing": {"enqueued": "2026-11-22 10:00:00 +0000 UTC"},
                        "tasks": {number: {"host": task.unit, "status": task.status}},
                    }
        if found:
            show(found)
        else:
            print("no matching operations", file=sys.stderr)


def _application(name: str, application: state.Application) -> dict[str, Any]:
    units = {
        unit: {
            "workload-status": {"current": level, "message": message},
            "juju-status": {"current": "idle"},
            "machine": unit.partition("/")[2],
            **({"leader": True} if unit == f"{name}/{application.leader}" else {}),
        }
        for unit, (level, message) in application.statuses.items()
    }
    return {
        "charm": f"ch:amd64/{application.charm}-500",
        "charm-origin": "charmhub",
        "charm-name": application.charm,
        "charm-rev": 500,
        "exposed": False,
        "application-status": {"current": "unknown", "message": ""},
        **({"units": units} if units else {}),
        **({"version": application.version} if application.version else {}),
        "relations": {
            endpoint: [{"related-application": name, "interface": "", "scope": "global"}]
            for endpoint, names in application.relations.items()
            for name in names
        },
    }


def _task(task: state.Task) -> dict[str, Any]:
    return {
        "status": task.status,
        "unit": task.unit,
        "timing": {"enqueued": "2026-11-22 10:00:00 +0000 UTC"},
        **({"message": task.message} if task.message else {}),
        **({"results": {"outcome": "success"}} if task.status == "completed" else {}),
    }


def _tag(unit: str) -> str:
    return f"unit-{unit.replace('/', '-')}"


def show(value: object) -> None:
    """Print JSON, as `--format json` does."""
    print(json.dumps(value))


if __name__ == "__main__":
    Client(pathlib.Path(sys.argv[1]), sys.argv[2:]).run()
