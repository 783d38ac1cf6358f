"""Blueprints as text: what they say, or in which line they are wrong and what is allowed there.

YAML is composed to nodes, not to values, since nodes know their lines.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, cast

import yaml

from coordinator.blueprint import channels
from coordinator.blueprint import systems as blueprint_systems
from coordinator.blueprint.systems import (
    BlueprintError,
    Deployment,
    Integration,
    Registration,
    System,
)

RESERVED = ("identity", "model", "report", "status", "summary", "telemetry", "trust")
"""What cannot be a catalog type: reports and results of actions have these keys already."""

FIXED = ("keystone", "ceilometer")
"""Systems that every verification looks at, whatever is ordered."""

_INTERFACES = ("public", "internal", "admin")
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST = 200


@dataclasses.dataclass(frozen=True)
class Text:
    """A blueprint as it was written.

    Attributes:
        source: where it stands, for people.
    """

    source: str
    content: str


@dataclasses.dataclass(frozen=True)
class _Value:
    """A part of a text.

    Attributes:
        source: where it stands.
        line: its line there; that of its key where it has one.
        where: the keys that lead to it.
    """

    node: yaml.Node
    source: str
    line: int
    where: str = ""

    def invalid(self, problem: str, allowed: str = "") -> BlueprintError:
        """The error that this part is wrong."""
        return _invalid(self.source, self.line, self.where, problem, allowed)

    def pairs(self) -> dict[str, _Value]:
        """Values of a mapping by their keys."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.invalid(f"must be KEY: VALUE lines, not {_kind(self.node)}")
        found: dict[str, _Value] = {}
        for key_node, value in cast("list[tuple[yaml.Node, yaml.Node]]", self.node.value):
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise _invalid(self.source, line, self.where, "a key must be text")
            key = str(key_node.value)
            if key in found:
                problem = f"duplicate key '{_short(key)}'"
                allowed = f"it is in line {found[key].line} already"
                raise _invalid(self.source, line, self.where, problem, allowed)
            where = f"{self.where}: {key}" if self.where else key
            found[key] = _Value(value, self.source, line, _short(where, 80))
        return found

    def items(self) -> list[_Value]:
        """Values of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.invalid(f"must be a list, not {_kind(self.node)}")
        return [
            dataclasses.replace(self, node=node, line=node.start_mark.line + 1)
            for node in cast("list[yaml.Node]", self.node.value)
        ]

    @property
    def empty(self) -> bool:
        """Whether it is YAML's null."""
        return self.node.tag == "tag:yaml.org,2002:null"


def read(*texts: Text) -> blueprint_systems.Blueprint:
    """Read blueprints, each of which extends and overrides those before.

    The keys of a system replace those that it had, a key without a value takes one away, and a
    system without keys is removed.

    Raises:
        Invalid: a text is wrong.
    """
    entries: dict[str, dict[str, _Value]] = {}
    heads: dict[str, _Value] = {}
    removed: dict[str, _Value] = {}
    for text in texts:
        for key, value in _systems(text).items():
            heads[key] = value
            if value.empty:
                if key not in entries:
                    raise value.invalid("there is no such system", _listed("systems", entries))
                if key in FIXED:
                    raise value.invalid("cannot be removed, since the coordinator asks it itself")
                removed[key] = value
                del entries[key]
            else:
                entries[key] = {**entries.get(key, {}), **value.pairs()}
    context = _Context(frozenset(entries), _checks(texts[0]), removed)
    systems = {key: _system(heads[key], entry, context) for key, entry in entries.items()}
    _check_types(systems, entries)
    _check_charms(systems, entries)
    return blueprint_systems.Blueprint(
        {key: _spread(one, systems) for key, one in systems.items()}
    )


def _checks(text: Text) -> tuple[str, ...]:
    """The checks that the first blueprint, the charm's own, uses: others it does not have."""
    named = (value.pairs().get("check") for value in _systems(text).values() if not value.empty)
    return tuple(sorted(_text(value) for value in named if value is not None))


def _spread(system: System, systems: Mapping[str, System]) -> System:
    """A system of which each other has an application for itself is beside all that need it."""
    if not system.apart:
        return system
    needing = (other.key for other in systems.values() if system.key in other.needs)
    return dataclasses.replace(system, beside=tuple(dict.fromkeys((*system.beside, *needing))))


def _systems(text: Text) -> dict[str, _Value]:
    root = _composed(text)
    if root is None:
        return {}
    found = _Value(root, text.source, 1).pairs()
    for key, value in found.items():
        if not _NAME.fullmatch(key):
            raise value.invalid("is no name of a system", "use small letters, digits and dashes")
    return found


def _composed(text: Text) -> yaml.Node | None:
    try:
        # the stubs of PyYAML leave the type of this function open
        compose: Callable[..., yaml.Node | None] = cast("Any", yaml).compose
        return compose(text.content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        told = ", ".join(part for part in (error.context, error.problem) if part)
        raise _invalid(text.source, line, "", f"no YAML: {told}") from None
    except yaml.reader.ReaderError as error:
        line = text.content.count("\n", 0, error.position) + 1
        raise _invalid(text.source, line, "", f"no YAML: {error.reason}") from None
    except RecursionError:
        raise _invalid(text.source, 1, "", "is nested too deeply") from None


@dataclasses.dataclass(frozen=True)
class _Context:
    """What a system may refer to.

    Attributes:
        known: keys of all systems.
        removed: systems that were taken out, with the place where.
        checks: names of checks.
    """

    known: frozenset[str]
    checks: tuple[str, ...]
    removed: Mapping[str, _Value]


_Parser = Callable[[_Value], Any]


def _system(head: _Value, entry: Mapping[str, _Value], context: _Context) -> System:
    def needs(value: _Value) -> list[Integration]:
        return _integrations(value, context, head.where, optional=False)

    def may(value: _Value) -> list[Integration]:
        return _integrations(value, context, head.where, optional=True)

    def beside(value: _Value) -> tuple[str, ...]:
        return tuple(
            key for item in value.items() if (key := _reference(item, _text(item), context))
        )

    parsers: dict[str, _Parser] = {
        "title": _text,
        "charms": _charms,
        "catalog": _registration,
        "check": lambda value: _check(value, context.checks),
        "optional": _flag,
        "beside": beside,
        "apart": _flag,
        "needs": needs,
        "may": may,
        "deploy": _deployment,
    }
    fields = _fields(head, entry, parsers, ("title", "charms"))
    integrations = (*fields.pop("needs", ()), *fields.pop("may", ()))
    return System(key=head.where, integrations=integrations, **fields)


def _fields(
    head: _Value,
    entry: Mapping[str, _Value],
    parsers: Mapping[str, _Parser],
    required: Iterable[str] = (),
) -> dict[str, Any]:
    """The values of a mapping; those that are empty are left out."""
    for key, value in entry.items():
        if key not in parsers:
            problem, allowed = f"unknown key '{_short(key)}'", _listed("keys", parsers)
            raise _invalid(value.source, value.line, head.where, problem, allowed)
    present = {key: value for key, value in entry.items() if not value.empty}
    for key in required:
        if key not in present:
            raise head.invalid(f"missing key '{key}'")
    return {key: parsers[key](value) for key, value in present.items()}


def _text(value: _Value) -> str:
    node = value.node
    if not isinstance(node, yaml.ScalarNode) or node.tag != "tag:yaml.org,2002:str":
        raise value.invalid(f"must be text, not {_kind(node)}")
    text = str(node.value).strip()
    if not text or not text.isprintable() or len(text) > _LONGEST:
        raise value.invalid(f"must be one line of text, at most {_LONGEST} characters")
    return text


def _name(value: _Value) -> str:
    text = _text(value)
    if not _NAME.fullmatch(text):
        problem = f"'{_short(text)}' is no name"
        raise value.invalid(problem, "use small letters, digits and dashes")
    return text


def _flag(value: _Value) -> bool:
    if value.node.tag != "tag:yaml.org,2002:bool":
        raise value.invalid(f"must be true or false, not {_kind(value.node)}")
    return bool(yaml.SafeLoader.bool_values[str(value.node.value).lower()])


def _number(value: _Value, most: int) -> int:
    text = str(value.node.value)
    if not re.fullmatch(r"[1-9]\d{0,4}", text) or int(text) > most:
        raise value.invalid(f"must be a number from 1 to {most}, not {_kind(value.node)}")
    return int(text)


def _charms(value: _Value) -> tuple[str, ...]:
    charms = tuple(_name(item) for item in value.items())
    if not charms:
        raise value.invalid("must name at least one charm")
    return charms


def _registration(value: _Value) -> Registration:
    parsers = {"type": _type, "name": _text, "api": _api, "ports": _ports}
    return Registration(**_fields(value, value.pairs(), parsers, ("type", "name")))


def _type(value: _Value) -> str:
    text = _name(value)
    if text in RESERVED:
        raise value.invalid(f"'{text}' is reserved", f"so are {', '.join(RESERVED)}")
    return text


def _api(value: _Value) -> str:
    text = _text(value)
    if not re.fullmatch(r"v\d+", text):
        raise value.invalid(f"'{_short(text)}' is no version", "write it as v1")
    return text


def _ports(value: _Value) -> dict[str, int]:
    def port(found: _Value) -> int:
        return _number(found, 65535)

    return _fields(value, value.pairs(), dict.fromkeys(_INTERFACES, port))


def _check(value: _Value, known: Collection[str]) -> str:
    text = _text(value)
    if text not in known:
        raise value.invalid(f"there is no check '{_short(text)}'", _listed("checks", known))
    return text


def _integrations(
    value: _Value, context: _Context, system: str, *, optional: bool
) -> list[Integration]:
    found: list[Integration] = []
    for item in value.items():
        endpoint, other, target = _integration(item)
        if other in context.removed and not optional:
            problem = f"cannot be removed, since {system} needs it"
            raise context.removed[other].invalid(problem, f"remove {system} too")
        if _reference(item, other, context):
            found.append(Integration(endpoint, other, target, optional))
    return found


def _integration(item: _Value) -> tuple[str, str, str]:
    """Our endpoint, the other system and its endpoint."""
    form = "write it as OUR-ENDPOINT: SYSTEM:ENDPOINT"
    pairs = item.pairs() if isinstance(item.node, yaml.MappingNode) else {}
    if len(pairs) != 1:
        raise item.invalid(f"{_kind(item.node)} is no integration", form)
    ((endpoint, target),) = pairs.items()
    other, colon, theirs = str(target.node.value).partition(":")
    if not colon or not all(_NAME.fullmatch(name) for name in (endpoint, other, theirs)):
        raise item.invalid(f"'{_short(endpoint)}' is no integration", form)
    return endpoint, other, theirs


def _reference(value: _Value, key: str, context: _Context) -> str:
    """The key of another system; nothing when that was removed."""
    if key in context.removed:
        return ""
    if key not in context.known:
        problem = f"unknown system '{_short(key)}'"
        raise value.invalid(problem, _listed("systems", sorted(context.known)))
    return key


def _deployment(value: _Value) -> Deployment:
    parsers: dict[str, _Parser] = {
        "base": _flag,
        "units": lambda found: _number(found, 99),
        "track": _track,
        "origin": _text,
        "options": _options,
        "metal": _flag,
        "person": _text,
    }
    return Deployment(**_fields(value, value.pairs(), parsers))


def _track(value: _Value) -> str:
    text, known = _text(value), channels.families()
    if text not in known:
        raise value.invalid(f"unknown track '{_short(text)}'", _listed("tracks", known))
    return text


def _options(value: _Value) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, option in value.pairs().items():
        if not isinstance(option.node, yaml.ScalarNode):
            raise option.invalid(f"must be text or a number, not {_kind(option.node)}")
        found[key] = str(option.node.value)
    return found


def _check_types(
    systems: Mapping[str, System], entries: Mapping[str, Mapping[str, _Value]]
) -> None:
    """Two systems cannot be told apart by one catalog type."""
    owners: dict[str, str] = {}
    for system in systems.values():
        if system.catalog is None:
            continue
        owner = owners.setdefault(system.catalog.type, system.key)
        if owner != system.key:
            place = entries[system.key]["catalog"]
            problem = f"type '{system.catalog.type}' is that of {owner} already"
            raise place.invalid(problem, "give each system a type of its own")


def _check_charms(
    systems: Mapping[str, System], entries: Mapping[str, Mapping[str, _Value]]
) -> None:
    """An application is of one system, which is told by its charm."""
    owners: dict[str, str] = {}
    for system in systems.values():
        for charm in system.charms:
            owner = owners.setdefault(charm, system.key)
            if owner != system.key:
                problem = f"charm '{charm}' is that of {owner} already"
                place = entries[system.key]["charms"]
                raise place.invalid(problem, "a charm brings one system only")


def _invalid(
    source: str, line: int, where: str, problem: str, allowed: str = ""
) -> BlueprintError:
    told = f"{where}: {problem}" if where else problem
    return BlueprintError(f"{source} line {line}: {told}" + (f"; {allowed}" if allowed else ""))


def _listed(what: str, names: Iterable[str]) -> str:
    return f"{what} are {', '.join(names)}"


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    text = str(node.value)
    return f"'{_short(text)}'" if text else "nothing"


def _short(text: str, limit: int = 40) -> str:
    """A text for a message: short, and on one line."""
    line = " ".join(text.split())
    return f"{line[: limit - 3]}..." if len(line) > limit else line
