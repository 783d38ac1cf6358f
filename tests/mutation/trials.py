"""The tests of a module in processes of their own: once as it is, then with one mutant in each.

All that tests need is loaded once. Each trial is forked off from there, and changes functions of
the module in its own memory alone: no file is written. What stands outside of functions takes
effect when a module is loaded; such a trial loads everything anew. What tests made while they were
loaded was made without the mutant, so a mutant may be said to live that is killed, never the other
way round.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import importlib.abc
import importlib.machinery
import inspect
import json
import os
import pathlib
import signal
import sys
import tempfile
import time
import traceback
import types
from collections.abc import Callable, Generator, Sequence

import coverage
import hypothesis
import pytest

from tests.mutation.mutants import Mutant

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = ROOT / "src"

EXAMPLES = 10
"""Of each test with Hypothesis; the same ones each time, so that a result can be repeated."""

SLOWER = 5
"""Tests of a mutant may take so many times as long as without it, and `GRACE` seconds more."""

GRACE = 20.0

_OPTIONS = ("-x", "-q", "-s", "--assert=plain", "-p", "no:xdist", "--timeout=0")


@dataclasses.dataclass(frozen=True)
class Baseline:
    """The tests of a module as it is.

    Attributes:
        seconds: how long each test took, by its id.
        lines: lines of the module that each test ran.
    """

    seconds: dict[str, float]
    lines: dict[str, list[int]]

    def of_lines(self, wanted: range) -> list[str]:
        """The tests that run one of these lines, the fastest first."""
        found = [test for test, lines in self.lines.items() if set(lines) & set(wanted)]
        return sorted(found, key=lambda test: self.seconds[test])


class Trials:
    """What pytest does with the tests of a module in place of running them once.

    Attributes:
        tried: how many mutants have been tried.
        survivors: those that no test has noticed.
    """

    def __init__(
        self, path: pathlib.Path, files: Sequence[str], mutants: Sequence[Mutant]
    ) -> None:
        self._path = path
        self._files = files
        self._mutants = mutants
        self._original = path.read_text(encoding="utf-8")
        self.tried = 0
        self.survivors: list[Mutant] = []

    def run(self) -> None:
        """Try all mutants.

        Raises:
            ValueError: tests fail without any mutant.
        """
        if pytest.main([*self._files, *_OPTIONS], plugins=[self]) != 0:
            raise ValueError(f"tests fail without a mutant: {' '.join(self._files)}")

    def pytest_collection_modifyitems(self) -> None:
        """After the tests' own profile was loaded: few examples, and none made small."""
        hypothesis.settings.register_profile(
            "mutation",
            hypothesis.settings(),
            max_examples=EXAMPLES,
            derandomize=True,
            database=None,
            phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate),
        )
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Try one mutant after the other."""
        with tempfile.TemporaryDirectory() as folder:
            noted = pathlib.Path(folder, "noted.json")
            if _forked(lambda: self._note(session, noted), timeout=1800) != 0:
                session.testsfailed = 1
                return True
            baseline = Baseline(**json.loads(noted.read_text()))
        items = {item.nodeid: item for item in session.items}
        whole = sum(baseline.seconds.values())
        for mutant in self._mutants:
            around = _function_around(self._original, mutant.line)
            if around is None:
                ended = _forked(lambda m=mutant: self._load_anew(m), whole * SLOWER + 2 * GRACE)
            else:
                tests = baseline.of_lines(around)
                usual = sum(baseline.seconds[test] for test in tests)
                chosen = [items[test] for test in tests]
                ended = _forked(
                    lambda m=mutant, c=chosen: self._swap(session, m, c), usual * SLOWER + GRACE
                )
            self.tried += 1
            if ended == 0:
                self.survivors.append(mutant)
                where = f"{self._path.name}:{mutant.line} {mutant.change}"
                print(f"\n{where}\n{mutant.difference(self._original)}", flush=True)
        return True

    def _note(self, session: pytest.Session, noted: pathlib.Path) -> int:
        """Run the tests, and note what they run of the module."""
        measured = coverage.Coverage(data_file=None, include=[str(self._path)], config_file=False)
        seconds: dict[str, float] = {}
        measured.start()
        for item, following in _with_next(session.items):
            _forget(sys.modules[_module_name(self._path)])
            measured.switch_context(item.nodeid)
            began = time.monotonic()
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            seconds[item.nodeid] = time.monotonic() - began
        measured.stop()
        lines: dict[str, list[int]] = {test: [] for test in seconds}
        for line, tests in measured.get_data().contexts_by_lineno(str(self._path)).items():
            for test in filter(None, tests):
                lines[test].append(line)
        noted.write_text(json.dumps(dataclasses.asdict(Baseline(seconds, lines))))
        return session.testsfailed

    def _swap(self, session: pytest.Session, mutant: Mutant, items: Sequence[pytest.Item]) -> int:
        """Put the mutant's functions in place of the module's, and run tests until one fails."""
        live = sys.modules[_module_name(self._path)]
        changed = types.ModuleType(live.__name__)
        changed.__file__ = live.__file__
        exec(_compiled(mutant.source, self._path), vars(changed))  # noqa: S102 - it is our own
        others = dict(_functions(changed))
        for name, function in _functions(live):
            other = others[name]
            function.__code__ = other.__code__
            function.__defaults__ = other.__defaults__
            function.__kwdefaults__ = other.__kwdefaults__
        _forget(live)
        for item, following in _with_next(items):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return 1
        return 0

    def _load_anew(self, mutant: Mutant) -> int:
        """Load the project again with the mutant in place of the module, and run all its tests."""
        for name, module in list(sys.modules.items()):
            place = pathlib.Path(getattr(module, "__file__", None) or "/")
            if ROOT in place.parents and ".tools" not in place.parts:
                del sys.modules[name]
        sys.meta_path.insert(0, _Loader(self._path, mutant.source))
        return int(pytest.main([*self._files, *_OPTIONS], plugins=[_FewExamples(self)]))


class _FewExamples:
    """The same few examples as in all trials."""

    def __init__(self, trials: Trials) -> None:
        self.pytest_collection_modifyitems = trials.pytest_collection_modifyitems


class _Loader(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Loads one module from another source."""

    def __init__(self, path: pathlib.Path, source: str) -> None:
        super().__init__(_module_name(path), str(path))
        self._source = source

    def find_spec(
        self, fullname: str, path: object = None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname != self.name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.path)

    def get_code(self, fullname: str) -> types.CodeType:
        return _compiled(self._source, pathlib.Path(self.path))


def _module_name(path: pathlib.Path) -> str:
    return ".".join(path.relative_to(SOURCES).with_suffix("").parts)


def _compiled(source: str, path: pathlib.Path) -> types.CodeType:
    return compile(source, str(path), "exec", dont_inherit=True)


def _functions(module: types.ModuleType) -> Generator[tuple[str, types.FunctionType]]:
    """The functions and methods of a module that stand in its file, by name."""
    for holder in (module, *(v for v in vars(module).values() if isinstance(v, type))):
        for name, value in vars(holder).items():
            held = value.fget if isinstance(value, property) else value
            held = getattr(held, "__func__", held)
            bare = inspect.unwrap(held) if callable(held) else held
            if not isinstance(bare, types.FunctionType) or bare.__module__ != module.__name__:
                continue
            if bare.__code__.co_filename == module.__file__:  # not what dataclasses made
                yield f"{getattr(holder, '__qualname__', '')}.{name}", bare


def _forget(module: types.ModuleType) -> None:
    """Empty the module's caches: what is in them was computed for another test, or mutant."""
    for value in vars(module).values():
        if empty := getattr(value, "cache_clear", None):
            empty()


def _function_around(source: str, line: int) -> range | None:
    """The lines of the body of the innermost function around a line; None outside of all."""
    bodies = [
        range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    ]
    return min((body for body in bodies if line in body), key=len, default=None)


def _with_next(items: Sequence[pytest.Item]) -> list[tuple[pytest.Item, pytest.Item | None]]:
    return list(zip(items, [*items[1:], None], strict=True))


def _forked(work: Callable[[], int], timeout: float) -> int:
    """What a process of its own ends with; not 0 where it does not end in time."""
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _work_in_silence(work)
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return -signal.SIGKILL


def _work_in_silence(work: Callable[[], int]) -> None:
    """Work and end; MUTATION_LOG names a file for what is said meanwhile."""
    ended = 70
    place = os.environ.get("MUTATION_LOG", os.devnull)
    said = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(said, 1)
    os.dup2(said, 2)
    try:
        ended = work()
    except BaseException:  # noqa: BLE001 - whatever it was: this process ends here
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(ended)
