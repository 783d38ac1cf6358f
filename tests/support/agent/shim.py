"""A hook command as the charm sees it: passes its arguments to the agent, prints the answer.

Runs under `python -I -S` for a fast start, once per hook command: it imports nothing else.
Usage: shim.py COMMAND [ARGUMENT...], with the socket's path in JUJU_AGENT_SOCKET_ADDRESS.
"""

import os
import socket
import sys

SEPARATOR = b"\0"


def ask(
    address: str, context: str, arguments: list[str], stdin: bytes
) -> tuple[int, bytes, bytes]:
    """Send one command and wait for its exit code, output and error output."""
    head = SEPARATOR.join(os.fsencode(word) for word in (context, *arguments))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(60)
        connection.connect(address)
        connection.sendall(b"%d %d\n" % (len(head), len(stdin)) + head + stdin)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    first, body = answer.split(b"\n", 1)
    code, length = (int(word) for word in first.split())
    return code, body[:length], body[length:]


def main() -> int:
    """Run the hook command named by the first argument."""
    arguments = sys.argv[1:]
    stdin = sys.stdin.buffer.read() if "-" in arguments and "--file" in arguments else b""
    try:
        address = os.environ["JUJU_AGENT_SOCKET_ADDRESS"]
        code, output, error = ask(address, os.environ["JUJU_CONTEXT_ID"], arguments, stdin)
    except (KeyError, OSError, ValueError) as problem:
        sys.stderr.write(f"ERROR {arguments[0]}: the agent does not answer: {problem!r}\n")
        return 1
    sys.stdout.buffer.write(output)
    sys.stderr.buffer.write(error)
    return code


if __name__ == "__main__":
    sys.exit(main())
