"""Models of real-world kinds, as `juju status --format json` shows them (README.md)."""

import json
import pathlib
from typing import Any

FOLDER = pathlib.Path(__file__).parent


def read(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
