"""The agent's side of hook commands: a unix socket that serves them, and the tools on PATH."""

from __future__ import annotations

import collections.abc
import pathlib
import socketserver
import threading
import types
import typing

TOOL = pathlib.Path(__file__).with_name("hook_tool.pl").resolve()
"""The program behind every hook command."""
Handler = collections.abc.Callable[[list[str], bytes], tuple[int, str, str]]
"""Gets the command's words (its own name first) and stdin; gives exit code, stdout, stderr."""

LONGEST_SOCKET_PATH = 107
"""Linux: sun_path holds 108 bytes including the final NUL (unix(7))."""


def install_tools(folder: pathlib.Path, names: collections.abc.Iterable[str]) -> None:
    """Put one executable per hook command into the folder."""
    folder.mkdir(mode=0o700)
    for name in names:
        (folder / name).symlink_to(TOOL)


@typing.final
class HookServer:
    """Serves hook commands while a hook runs; one at a time, as Juju does.

    An exception of the handler is answered with exit code 1 and kept in `problems`: it is a
    fault of the stand-in and must not pass for one of the charm.
    """

    def __init__(self, path: pathlib.Path, context: str, handler: Handler) -> None:
        if len(str(path)) > LONGEST_SOCKET_PATH:
            raise ValueError(f"{path} is too long for a unix socket: set TMPDIR to a short path")
        self.problems: list[Exception] = []
        self._path = path
        self._context = context
        self._handler = handler

    def __enter__(self) -> HookServer:
        self._server = socketserver.UnixStreamServer(str(self._path), _connection_class(self))
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.005}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)
        self._path.unlink(missing_ok=True)

    def answer(self, words: list[str], stdin: bytes) -> tuple[int, str, str]:
        """Answer one command; `words` begin with the context id that the hook was given."""
        context, *command = words
        if context != self._context:
            return 1, "", "ERROR this hook has ended\n"
        try:
            return self._handler(command, stdin)
        except Exception as problem:  # noqa: BLE001 - kept, and raised by the agent
            self.problems.append(problem)
            return 1, "", f"ERROR the agent failed at {command[0]}: {problem!r}\n"


def _connection_class(server: HookServer) -> type[socketserver.StreamRequestHandler]:
    class Connection(socketserver.StreamRequestHandler):
        timeout = 30

        def handle(self) -> None:
            head_size, stdin_size = (int(word) for word in self.rfile.readline().split())
            head = self.rfile.read(head_size)
            stdin = self.rfile.read(stdin_size)
            words = head.decode("utf-8", "surrogateescape").split("\0")
            code, output, error = server.answer(words, stdin)
            body = output.encode("utf-8", "surrogateescape")
            self.wfile.write(b"%d %d\n" % (code, len(body)) + body + error.encode())

    return Connection
