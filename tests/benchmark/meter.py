"""Runs a program and writes what it cost into a file.

Usage: meter.py FILE PROGRAM. It stands in a charm in the place of dispatch, so that the cost of
the agent around it is not counted. Runs under `python3 -I -S`, and imports nothing of its own.
"""

import json
import os
import sys
import time


def main(file: str, program: str) -> int:
    """Run it and pass its exit code on."""
    started = time.monotonic()
    process = os.posix_spawn(program, [program], os.environ)
    _, status, used = os.wait4(process, 0)
    cost = {
        "wall": time.monotonic() - started,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / 1024,
    }
    with open(file, "w", encoding="utf-8") as written:  # noqa: PTH123 - pathlib costs 10 ms
        json.dump(cost, written)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
