"""The sample in the README, held to what the rehearsal prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_BEGIN, _END = "<!-- real output: begin -->", "<!-- real output: end -->"
_CHANGES = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z"), "TIME"),
    (re.compile(r"since \d+ [A-Z][a-z]+ \d\d:\d\dZ"), "since TIME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"\d+(\.\d+)? s\b"), "N s"),
    (re.compile(r"backlog: \d+"), "backlog: N"),
)
"""What is another one in every rehearsal."""


def missing(readme: str, printed: Sequence[str]) -> list[str]:
    """The blocks of the README's sample that were not printed, apart from times and ports."""
    seen = _settle("\n".join(line.strip() for line in printed))
    return [block for block in _blocks(readme) if _settle(_stripped(block)) not in seen]


def _blocks(readme: str) -> Iterator[str]:
    sample = readme.partition(_BEGIN)[2].partition(_END)[0]
    yield from sample.split("```\n")[1::2]


def _stripped(block: str) -> str:
    """Without the indentation, which is another one on the screen."""
    return "\n".join(line.strip() for line in block.strip().splitlines())


def _settle(text: str) -> str:
    for pattern, word in _CHANGES:
        text = pattern.sub(word, text)
    return text
