"""A proxy before each service: it counts requests, notes them, and may delay every answer."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import http.client
import http.server
import threading
import time
import urllib.parse

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclasses.dataclass(frozen=True)
class Request:
    """One request that came through."""

    service: str
    method: str
    path: str
    client: str
    """What sent it, as it calls itself (User-Agent)."""


class Gateways:
    """Proxies before some services. Use as a context manager."""

    def __init__(self, targets: collections.abc.Mapping[str, str]) -> None:
        """Describe them: the URLs of services by their names."""
        self.latency = 0.0
        self.requests: list[Request] = []
        self._targets = dict(targets)
        self._servers: dict[str, http.server.ThreadingHTTPServer] = {}
        self._lock = threading.Lock()

    def __enter__(self) -> Gateways:
        for name, url in self._targets.items():
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self, name, url))
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            self._servers[name] = server
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def url(self, name: str) -> str:
        """Where the proxy of a service listens."""
        return f"http://127.0.0.1:{self.port(name)}"

    def port(self, name: str) -> int:
        """Its port."""
        return self._servers[name].server_address[1]

    def note(self, request: Request) -> None:
        """Keep a request."""
        with self._lock:
            self.requests.append(request)

    @contextlib.contextmanager
    def delayed(self, seconds: float) -> collections.abc.Iterator[None]:
        """Let every answer take so much longer."""
        self.latency = seconds
        try:
            yield
        finally:
            self.latency = 0.0


def _handler(gateways: Gateways, name: str, url: str) -> type[http.server.BaseHTTPRequestHandler]:
    target = urllib.parse.urlsplit(url).netloc

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        timeout = 60

        def handle_any(self) -> None:
            client = self.headers.get("User-Agent", "")
            gateways.note(Request(name, self.command, self.path, client))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            connection = http.client.HTTPConnection(target, timeout=60)
            with contextlib.closing(connection):
                kept = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
                connection.request(self.command, self.path, body or None, kept)
                answer = connection.getresponse()
                content = answer.read()
            time.sleep(gateways.latency)
            self.send_response_only(answer.status, answer.reason)
            for key, value in answer.getheaders():
                if key.lower() not in _HOP_BY_HOP:
                    self.send_header(key, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = handle_any  # noqa: N815

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - as in the base class
            """Say nothing."""

    return Handler
