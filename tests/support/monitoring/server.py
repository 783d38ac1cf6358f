"""A Prometheus of a test's own, which scrapes one target and evaluates rules."""

from __future__ import annotations

import contextlib
import json
import pathlib
import shlex
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator, Mapping, Sequence
from typing import Any

import yaml

from tests.support.monitoring import programs


class Prometheus:
    """A running Prometheus, asked over its API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query: labels and values."""
        return self._get("query", query=expression)["result"]

    def query_range(
        self, expression: str, start: float, end: float, step: float
    ) -> list[dict[str, Any]]:
        """The result over a time: labels and, for each moment, a value."""
        times = {"start": str(start), "end": str(end), "step": str(step)}
        return self._get("query_range", query=expression, **times)["result"]

    def alerts(self) -> set[tuple[str, str]]:
        """Name and state of the alerts that wait or fire."""
        alerts = self._get("alerts")["alerts"]
        return {(alert["labels"]["alertname"], alert["state"]) for alert in alerts}

    def firing(self) -> set[str]:
        """Names of the alerts that fire."""
        return {name for name, state in self.alerts() if state == "firing"}

    def await_firing(self, *names: str, seconds: float = 30.0) -> None:
        """Wait until these alerts fire and no others."""
        until = time.monotonic() + seconds
        while (firing := self.firing()) != set(names):
            assert time.monotonic() < until, f"{sorted(firing)} fire, not {sorted(names)}"
            time.sleep(0.2)

    def ready(self) -> bool:
        """Whether it takes queries."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=5) as answer:
                return answer.status == 200
        except OSError:
            return False

    def _get(self, path: str, **parameters: str) -> Any:
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]


def wait_until(condition: Any, seconds: float = 30.0) -> None:
    """Wait for a condition, and fail when it does not come true."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"not true within {seconds} s"
        time.sleep(0.2)


def impatient(rules: Mapping[str, Any]) -> dict[str, Any]:
    """The rules as they are, but without the time for which a fault must last."""
    groups = [
        {**group, "rules": [{**rule, "for": "0s"} for rule in group["rules"]]}
        for group in rules["groups"]
    ]
    return {"groups": groups}


@contextlib.contextmanager
def started(unit: pathlib.Path) -> Generator[None]:
    """Run what a systemd unit starts, by the same command line, where no systemd is."""
    (start,) = (line for line in unit.read_text().splitlines() if line.startswith("ExecStart="))
    command = shlex.split(start.removeprefix("ExecStart="))
    if not pathlib.Path(command[0]).exists():
        command[0] = sys.executable
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextlib.contextmanager
def running(
    folder: pathlib.Path,
    port: int,
    jobs: Sequence[Mapping[str, Any]],
    rules: Mapping[str, Any],
    labels: Mapping[str, str],
) -> Generator[Prometheus]:
    """Prometheus with these jobs and rules, scraping and evaluating every half second.

    Args:
        folder: for its configuration and data.
        port: where it listens on loopback.
        jobs: scrape jobs in Prometheus' form.
        rules: a file of rules in Prometheus' form.
        labels: what the collector gives to every series.
    """
    labelled = [
        {
            **job,
            "static_configs": [
                {**static, "labels": dict(labels)} for static in job["static_configs"]
            ],
        }
        for job in jobs
    ]
    settings = {
        "global": {"scrape_interval": "500ms", "evaluation_interval": "500ms"},
        "rule_files": ["rules.yaml"],
        "scrape_configs": labelled,
    }
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    command = [
        str(programs.ensure("prometheus")),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--query.lookback-delta=5s",
        "--log.level=warn",
    ]
    with (folder / "prometheus.log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        prometheus = Prometheus(f"http://127.0.0.1:{port}")
        wait_until(prometheus.ready)
        yield prometheus
    finally:
        process.terminate()
        process.wait(timeout=20)
