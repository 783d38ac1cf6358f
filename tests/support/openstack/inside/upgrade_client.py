"""In the place of ceilometer-upgrade: has the daemon `upgrades` run it, and ends as it did.

Started as `python -I -S upgrade_client.py SOCKET ARGUMENT...`, which takes 20 ms.
"""

import json
import os
import socket
import sys
import time

_READY_TIME = 60.0  # seconds; the daemon has its imports to do


def main() -> int:
    """Hand over arguments, environment and standard streams; return the exit code."""
    request = {
        "words": ["ceilometer-upgrade", *sys.argv[2:]],
        "variables": dict(os.environ),
    }
    with _connected(sys.argv[1]) as daemon:
        socket.send_fds(daemon, [json.dumps(request).encode() + b"\n"], [0, 1, 2])
        return daemon.recv(1)[0]


def _connected(path: str) -> socket.socket:
    deadline = time.monotonic() + _READY_TIME
    while True:
        daemon = socket.socket(socket.AF_UNIX)
        try:
            daemon.connect(path)
        except OSError:
            daemon.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return daemon


if __name__ == "__main__":
    sys.exit(main())
