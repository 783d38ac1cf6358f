"""YAML of an operator as plain values, each with the line where it stands.

A text may be hostile: its length and depth are bounded, and aliases are refused, since a few of
them stand for millions of values.
"""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from coordinator.blueprint.systems import BlueprintError
from coordinator.text import plain

LONGEST = 32768
"""Bytes of a text: it must fit into a databag, and is ten times what changes usually take."""

_DEEPEST = 12


class Value(msgspec.Struct, frozen=True):
    """A value in a text.

    Attributes:
        data: text of a scalar as it is written, items of a list, or values of a mapping by key.
        kind: `str`, `bool`, `int`, `null`, …: what YAML takes a scalar for.
        source: name of the text, for people.
        line: its line; that of its key where it has one.
        where: the keys that lead to it.
    """

    data: str | list[Value] | dict[str, Value]
    kind: str
    source: str
    line: int
    where: str = ""

    @property
    def is_empty(self) -> bool:
        """True if it is YAML's null."""
        return self.kind == "null"

    def described(self) -> str:
        """The value for a message."""
        if isinstance(self.data, str):
            return f"'{short(self.data)}'" if self.data else "nothing"
        return "a mapping" if isinstance(self.data, dict) else "a list"

    def invalid(self, fault: str, allowed: str = "") -> BlueprintError:
        """The error that this value is wrong."""
        return error(self.source, self.line, self.where, fault, allowed)


def error(source: str, line: int, where: str, fault: str, allowed: str = "") -> BlueprintError:
    """The error that something in a line is wrong."""
    told = f"{where}: {fault}" if where else fault
    return BlueprintError(f"{source} line {line}: {told}" + (f"; {allowed}" if allowed else ""))


def short(text: str, limit: int = 40) -> str:
    """A text for a message: short, on one line, and without what a status cannot hold."""
    return plain(text, limit)


def read(source: str, content: str, *, own: bool = False) -> Value | None:
    """Read a text; None where it says nothing.

    The charm's own is read by the parser in C, which is faster, and refuses nothing.

    Raises:
        BlueprintError: it is no YAML, or more than is taken.
    """
    size = len(content.encode(errors="replace"))
    if size > LONGEST:
        fault = f"is too long: {size} bytes"
        raise error(source, 1, "", fault, f"at most {LONGEST} are read")
    loader = yaml.CSafeLoader if own and yaml.__with_libyaml__ else _Loader
    try:
        root = loader(content).get_single_node()
    except _RefusedError as wrong:
        raise error(source, _line(wrong), "", str(wrong.problem)) from None
    except yaml.MarkedYAMLError as wrong:
        told = ", ".join(part for part in (wrong.context, wrong.problem) if part)
        raise error(source, _line(wrong), "", f"no YAML: {short(told, 200)}") from None
    except yaml.reader.ReaderError as wrong:
        line = content.count("\n", 0, wrong.position) + 1
        raise error(source, line, "", f"no YAML: {wrong.reason}") from None
    except (ValueError, OverflowError):  # an escape such as \UFFFFFFFF is no character
        raise error(source, 1, "", "no YAML: an escape that is no character") from None
    return _value(root, source, 1) if root is not None else None


class _RefusedError(yaml.MarkedYAMLError):
    """A text is YAML, and has what no blueprint needs."""


class _Loader(yaml.SafeLoader):
    """Refuses what makes few characters many values."""

    def __init__(self, content: str) -> None:
        super().__init__(content)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        stream: Any = self  # PyYAML's stubs leave the type of events open
        mark = stream.peek_event().start_mark
        if self.check_event(yaml.AliasEvent):
            raise _RefusedError(problem="aliases (*) are not taken", problem_mark=mark)
        if self._depth == _DEEPEST:
            raise _RefusedError(problem="is nested too deeply", problem_mark=mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _line(wrong: yaml.MarkedYAMLError) -> int:
    mark = wrong.problem_mark or wrong.context_mark
    return mark.line + 1 if mark else 1


def _value(node: yaml.Node, source: str, line: int, where: str = "") -> Value:
    data: str | list[Value] | dict[str, Value]
    if isinstance(node, yaml.MappingNode):
        data = _pairs(node, source, where)
    elif isinstance(node, yaml.SequenceNode):
        data = [_value(item, source, item.start_mark.line + 1, where) for item in node.value]
    else:
        data = str(node.value)
    return Value(data, node.tag.rpartition(":")[2], source, line, where)


def _pairs(node: yaml.MappingNode, source: str, where: str) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key_node, value in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise error(source, line, where, "a key must be text")
        key = str(key_node.value)
        if key in found:
            fault, allowed = f"duplicate key '{short(key)}'", f"it is in line {found[key].line}"
            raise error(source, line, where, fault, f"{allowed} already")
        inner = short(f"{where}: {key}" if where else key, 80)
        found[key] = _value(value, source, line, inner)
    return found
