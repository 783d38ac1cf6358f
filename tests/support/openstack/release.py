"""The sets of OpenStack releases that the stack can be booted from."""

import enum
import pathlib

_PINS = pathlib.Path(__file__).parent / "releases"


class Release(enum.Enum):
    """One set of exact versions; the value is its name on the command line."""

    BOBCAT = "2023.2"
    LATEST = "latest"

    @property
    def pins(self) -> pathlib.Path:
        """The requirements file with the exact versions of the set."""
        return _PINS / f"{self.value}.txt"

    def __str__(self) -> str:
        return self.value
