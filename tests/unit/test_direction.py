"""Imports run one way through the rooms of src/: docs/explanation/architecture.md draws them."""

import ast
import pathlib
from collections.abc import Iterator

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = ROOT / "src"
FLOORS = (
    ("charm",),
    ("actions",),
    ("wiring", "planning"),
    ("hook",),
    ("juju_access", "monitoring", "stack_status"),
    ("inputs", "peer_state"),
    ("relations", "config", "unit_state"),
    ("coordinator.reconcile",),
    ("coordinator.upgrade",),
    ("coordinator.checks", "coordinator.plan"),
    ("coordinator.juju",),
    ("coordinator.request",),
    ("coordinator.openstack",),
    ("coordinator.status",),
    ("coordinator.report",),
    ("coordinator.blueprint",),
    ("coordinator.private_files",),
    ("coordinator.text",),
)
"""Rooms from the top down: a package is one room, and so is a module elsewhere."""

FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def room_of(module: str) -> str:
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] == "coordinator" else parts[0]


def modules() -> dict[str, pathlib.Path]:
    found = {
        ".".join(p.relative_to(SOURCE).with_suffix("").parts): p for p in SOURCE.rglob("*.py")
    }
    return {name: path for name, path in found.items() if not name.endswith("__init__")}


def imported(path: pathlib.Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_every_module_is_in_a_room():
    assert {room_of(module) for module in modules()} <= FLOOR.keys()


def test_there_are_few_rooms():
    assert len({room_of(module) for module in modules()}) <= 25


def test_no_import_runs_upward():
    upward = {
        f"{room_of(module)} -> {room_of(name)} ({module})"
        for module, path in modules().items()
        for name in imported(path)
        if room_of(name) in FLOOR and FLOOR[room_of(name)] < FLOOR[room_of(module)]
    }
    assert upward == set()


def test_rooms_of_one_floor_do_not_import_each_other_in_circles():
    arrows = {
        (room_of(module), room_of(name))
        for module, path in modules().items()
        for name in imported(path)
        if room_of(name) in FLOOR and room_of(name) != room_of(module)
    }
    level = {(a, b) for a, b in arrows if FLOOR[a] == FLOOR[b]}
    assert {(a, b) for a, b in level if (b, a) in level} == set()


def test_the_domain_knows_no_ops():
    domain = {m: p for m, p in modules().items() if m.startswith("coordinator.")}
    knowing = {m for m, p in domain.items() for name in imported(p) if name.split(".")[0] == "ops"}
    assert knowing == set()
