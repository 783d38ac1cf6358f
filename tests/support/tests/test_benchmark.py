"""What the benchmark measures with, measured."""

from __future__ import annotations

import http.server
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator

import pytest

from tests.benchmark import meter
from tests.benchmark.figures import Figure, Sample, Series, table
from tests.benchmark.gateway import Gateways, Request
from tests.benchmark.measuring import interleave


def test_the_first_run_of_each_only_warms_up():
    walls = iter([9.0, 9.0, 1.0, 2.0, 3.0, 4.0])
    found = interleave({"a": lambda: Sample(next(walls)), "b": lambda: Sample(next(walls))}, 2)
    assert [sample.wall for sample in found["a"].samples] == [1.0, 3.0]
    assert [sample.wall for sample in found["b"].samples] == [2.0, 4.0]


def test_what_hook_commands_cost_is_taken_out_by_their_number():
    series = Series([Sample(wall=1.0, cpu=0.5, commands=10)])
    assert series.without_commands(0.02, 0.01).wall == pytest.approx(0.8)
    assert series.without_commands(0.02, 0.01).cpu == pytest.approx(0.4)


@pytest.mark.parametrize(("value", "at_least", "met"), [(2, False, False), (2, True, True)])
def test_a_goal_may_be_a_bound_from_either_side(value: float, at_least: bool, met: bool):
    figure = Figure("P0", "something", value, goal=1, at_least=at_least)
    assert figure.met is met
    assert ("missed" in table([figure])) is not met


def test_the_meter_passes_the_exit_code_on_and_writes_the_cost(tmp_path: pathlib.Path):
    program, cost = tmp_path / "program", tmp_path / "cost.json"
    program.write_text("#!/bin/sh\nsleep 0.2\nexit 3\n")
    program.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-I", "-S", meter.__file__, cost, program], timeout=30, check=False
    )
    assert done.returncode == 3
    told = json.loads(cost.read_text())
    assert told["wall"] >= 0.2
    assert told["cpu"] < told["wall"]
    assert told["memory"] > 0.5


@pytest.fixture
def gateways() -> Iterator[Gateways]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - as in the base
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with Gateways({"a": f"http://127.0.0.1:{server.server_address[1]}"}) as doors:
            yield doors
        server.shutdown()


def get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()


def test_a_gateway_passes_requests_on_and_notes_them(gateways: Gateways):
    assert get(f"{gateways.url('a')}/v1/x?y=1") == b"/v1/x?y=1"
    (asked,) = gateways.requests
    assert asked == Request("a", "GET", "/v1/x?y=1", asked.client)
    assert asked.client.startswith("Python-urllib")


def test_a_gateway_delays_answers_while_it_is_told_to(gateways: Gateways):
    with gateways.delayed(0.3):
        started = time.monotonic()
        get(gateways.url("a"))
        assert time.monotonic() - started >= 0.3
    assert gateways.latency == 0
