"""Small changes to a module, as cosmic-ray makes them, without those that change nothing."""

from __future__ import annotations

import ast
import dataclasses
import difflib
import pathlib

from cosmic_ray import mutating, plugins


@dataclasses.dataclass(frozen=True)
class Mutant:
    """A module with one small change.

    Attributes:
        change: what was done: the operator of cosmic-ray.
        line: where, counted from 1.
        source: the whole module.
    """

    change: str
    line: int
    source: str

    def difference(self, original: str) -> str:
        """The lines that differ."""
        lines = difflib.unified_diff(original.splitlines(), self.source.splitlines(), n=0)
        return "\n".join(line for line in lines if not line.startswith(("---", "+++", "@@")))


def of_module(path: pathlib.Path) -> list[Mutant]:
    """All mutants of a module, in the order of lines."""
    original = path.read_text(encoding="utf-8")
    seen = {_meaning(original)}
    found: list[Mutant] = []
    for name in sorted(plugins.operator_names()):
        kind = plugins.get_operator(name)
        if kind.arguments():
            continue  # these want to be told names
        number = 0
        while source := mutating.mutate_code(original, kind(), number):
            number += 1
            meaning = _meaning(source)
            if meaning not in seen:
                seen.add(meaning)
                change = name.removeprefix("core/")
                found.append(Mutant(change, _first_difference(original, source), source))
    return sorted(found, key=lambda mutant: (mutant.line, mutant.change))


class _Normal(ast.NodeTransformer):
    """Leaves out what makes no difference here.

    Types are read by type checkers alone. `is` and `==` say the same of None, False and members of
    an enum, and nothing else is compared by `is`. That a class is frozen is held by pyright.
    """

    def visit_Compare(self, node: ast.Compare) -> ast.Compare:
        same: dict[type[ast.cmpop], ast.cmpop] = {ast.Is: ast.Eq(), ast.IsNot: ast.NotEq()}
        self.generic_visit(node)
        node.ops = [same.get(type(op), op) for op in node.ops]
        return node

    def visit_keyword(self, node: ast.keyword) -> ast.keyword | None:
        self.generic_visit(node)
        return None if node.arg in {"frozen", "slots"} else node

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        node.annotation = ast.Constant(None)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.returns = None
        self.generic_visit(node)
        return node


def _meaning(source: str) -> str:
    """What Python sees of a module, without places and types; its text where that is no Python."""
    try:
        return ast.dump(_Normal().visit(ast.parse(source)))
    except SyntaxError:
        return source


def _first_difference(one: str, other: str) -> int:
    pairs = zip(one.splitlines(), other.splitlines(), strict=False)
    return next(number for number, (a, b) in enumerate(pairs, start=1) if a != b)
