"""Runs the real ceilometer-upgrade for the tester charm: its units have no such packages."""

from __future__ import annotations

import contextlib
import http.server
import json
import secrets
import subprocess
import threading
from collections.abc import Generator


class UpgradeServer:
    """Runs a command for every POST to its URL, one at a time.

    Attributes:
        url: with a path that only the test knows.
        runs: exit codes, in their order.
    """

    def __init__(self, command: list[str], address: str) -> None:
        self.runs: list[int] = []
        path = f"/{secrets.token_urlsafe(16)}"
        lock = threading.Lock()
        runs = self.runs

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if self.path != path:
                    self.send_error(404)
                    return
                with lock:
                    ended = subprocess.run(
                        command, capture_output=True, text=True, timeout=120, check=False
                    )
                    runs.append(ended.returncode)
                lines = (ended.stdout + ended.stderr).strip().splitlines()
                answer = {"code": ended.returncode, "line": lines[-1] if lines else ""}
                body = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer((address, 0), Handler)
        self.url = f"http://{address}:{self.server.server_port}{path}"


@contextlib.contextmanager
def serving(command: list[str], address: str) -> Generator[UpgradeServer]:
    """A server that runs until the end of the context."""
    made = UpgradeServer(command, address)
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
