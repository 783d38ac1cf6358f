"""Names and addresses blanked out, so that an output can be shown to everybody."""

from __future__ import annotations

import re
from collections.abc import Iterable

_HOST = r"(?<=://)(\[[^\]\s]+\]|[^/:\s?#'\",;)]+)"
_IPV4 = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\w)"
_IPV6 = r"(?<![\w:])(?=[0-9a-fA-F:]*::|(?:[0-9a-fA-F]{1,4}:){7})[0-9a-fA-F:]{3,39}(?![\w:])"
_UUID = r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
_QUOTED = r"(?<=(?<!\w)')[^'\n]{1,60}(?='(?!\w))"
_KINDS = {"host": _HOST, "address": f"{_IPV4}|{_IPV6}", "id": _UUID, "name": _QUOTED}


class Blanker:
    """Replaces each address and name by the same word wherever it stands."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        """Take what is to be blanked out.

        Args:
            names: words that nothing shows to be names, such as those of users and applications.
        """
        self._names = sorted({name for name in names if name}, key=lambda name: -len(name))
        self._words: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """The text without them."""
        for kind, pattern in _KINDS.items():
            text = re.sub(pattern, lambda match, kind=kind: self._word(kind, match[0]), text)
        for name in self._names:
            text = re.sub(
                rf"(?<![\w.-]){re.escape(name)}(?![\w-])",
                lambda match: self._word("name", match[0]),
                text,
            )
        return text

    def _word(self, kind: str, text: str) -> str:
        if text in self._words.values():
            return text  # blanked out already, as a host of a URL
        number = sum(word.startswith(f"{kind}-") for word in self._words.values()) + 1
        return self._words.setdefault(text, f"{kind}-{number}")
