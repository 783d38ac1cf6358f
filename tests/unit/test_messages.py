"""Every message of the charm's status is in the documentation, with what to do.

The texts are read from the source: each literal with a blank in it is a message, unless it is
plainly something else (a docstring, a line of a log, a pattern, a command, an answer that is ok)
or is named below. So a new message fails here until it is documented, and a new module until it
has a place.
"""

import ast
import fnmatch
import functools
import pathlib
import re
from collections.abc import Iterator, Sequence

import pytest

from coordinator.report.finding import Cause

ROOT = pathlib.Path(__file__).parents[2]
SOURCE = ROOT / "src"
PAGES = [ROOT / "docs" / "reference" / name for name in ("statuses.md", "causes.md")]

SPEAKING = (
    "actions.py",
    "charm.py",
    "config.py",
    "hook.py",
    "inputs.py",
    "juju_access.py",
    "peer_state.py",
    "planning.py",
    "relations/*.py",
    "wiring.py",
    "coordinator/status.py",
    "coordinator/blueprint/*.py",
    "coordinator/checks/*.py",
    "coordinator/juju/*.py",
    "coordinator/openstack/*.py",
    "coordinator/plan/*.py",
    "coordinator/report/*.py",
    "coordinator/upgrade/*.py",
)
"""Modules whose texts reach a status, a finding or a failed action."""

SILENT = (
    # metrics and alerts have a page of their own, which is made from them
    "coordinator/report/metrics.py",
    # the words of a report around its findings
    "coordinator/report/render.py",
    # what happened, as reports tell it; nobody has to act on it
    "coordinator/report/history.py",
    "coordinator/report/kept.py",
    "monitoring/__init__.py",
    "monitoring/cos.py",
    "monitoring/exporter.py",
    "monitoring/samples.py",
    "stack_status.py",  # hands on the message of the status
    "unit_state.py",  # logs alone
    "coordinator/__init__.py",
    "coordinator/private_files.py",
    "coordinator/reconcile.py",
    "coordinator/request.py",
    "coordinator/text.py",
    "coordinator/blueprint/__init__.py",
    "coordinator/blueprint/systems.py",
    # what cannot be read is passed over, or told in words of another module
    "coordinator/checks/memory.py",
    "coordinator/juju/foreign.py",
    "coordinator/juju/sightings.py",
    "coordinator/juju/status.py",
)
"""Modules without such texts."""

COMMANDS = (
    r"juju (add-unit|cancel-task|change-user-password|config|debug-log|exec|grant|grant-secret|"
    r"integrate|refresh|remove-relation|resolved|run|show-\w+|ssh|status|update-secret|version)\b|"
    r"juju \{\} |(openstack|sudo) |Acquire::|VAULT_ADDR=| ?username=| \{\}=\{\}"
)
"""What to type, which the pages tell beside the messages."""

WELL = {
    "lists {}",
    "lists alarms",
    "lists secrets",
    "lists its services",
    "has alarms",
    "{} could not be looked at",
    "all have data",
    "sampled alarm",
    "{} {} no data in Gnocchi either",
    "Gnocchi has the resource types of {}",
    "changes of an operator are respected: {}",
    "ceilometer-upgrade cannot add: {}",
    "has published to Gnocchi ({})",
    "has a certificate for {} more days at {}",
    "'s clock and all others agree with this unit's within {} s",
    "sends measures from {} that were sampled",
    "(besides {})",
    "issued a token at {}",
    "sends fresh measures to Gnocchi ({})",
    "all well",
    "{} at work or waiting",
    "the charm of {} asks for its own action until that has run once",
    "the charm of {} does not ask for ceilometer-upgrade",
    "the charm of {} runs ceilometer-upgrade as task {}",
    # resource types that differ without harm
    "made optional",
    "made required",
    "type {} added",
}
"""Parts of answers that are ok, put together before they are said to be."""

PLANS = {
    "Telemetry Coordinator",
    "The model's own charms are for {}, and run OpenStack {}",
    "The model's own charms are for {}, not for {}",
    "{}: there are {}; {} is taken",
    "{}: end that upgrade first",
    "Juju could not tell about {}: nothing is deployed",
    "{} ({} would have to be deployed first)",
    "{} (after this plan has deployed {})",
    "{} is content without it",
    "{} is left out, since there is no charm of {}: {}",
    "{} runs without it: its data are elsewhere, and this would not move them",
    "no channel of the charm {}",
    "{} is documented for {}",
    "{} must be deployed first",
    "{}: being removed, so nothing is planned for it",
    "{} --wait=10m",
}
"""Comments in a plan."""

FOREIGN = {
    "Run the ceilometer-upgrade action",
    "agent initiali",
    "installing agent",
    "waiting for agent",
    "waiting for machine",
    "insufficient data",
    "major version",
    "not found",
    "{} {} HTTP/1.1",
    "Basic {}",
    "-{} minutes",
    "-{} seconds",
}
"""What others say, and what they are asked."""

WITHIN = {
    # faults of the charm itself, which are told as internal-error
    "without a request there is nothing to verify",
    "without valid options there is nothing to do",
    "{} has no entry in the service catalog",
    "{}.{} is no check",
    "an application was seen without a way to see it",
    "ceilometer-upgrade cannot run without credentials",
    "a header holds control characters",
    # a record that is damaged, whatever the reason
    # why an answer is not the API's: the finding says what was asked
    "a catalog is a list",
    "a longer query than is asked",
    "a name with a slash",
    "more metrics than are asked for",
    "no span of time",
    "no status of a task",
    "running tasks",
    "the task that was begun",
    "list of {}",
    "a resource type",
    "attributes of {}",
    "the answer",
    "the name of a resource type",
    "the type of {}",
    "{}: no JSON {}",
    "a malformed URL",
    "not a list of texts",
    "({} is not known)",
    # parts of a time
    "%Y-%m-%d %H:%M UTC",
    # lines of a log
    "canary {}/{} is left behind",
    "left-overs of canaries were not found",
}
"""Details that the message leaves out, or has as its REASON."""

NO_MESSAGES = WELL | PLANS | FOREIGN | WITHIN


@functools.cache
def documented() -> tuple[str, ...]:
    """Everything that the pages write as code, on one line each."""
    spans: list[str] = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        spans += [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]
    return tuple(spans)


def modules() -> list[pathlib.Path]:
    return sorted(SOURCE.rglob("*.py"))


def place(module: pathlib.Path) -> str:
    return module.relative_to(SOURCE).as_posix()


def speaks(module: pathlib.Path) -> bool:
    name = place(module)
    return name not in SILENT and any(fnmatch.fnmatch(name, pattern) for pattern in SPEAKING)


def is_well(call: ast.Call) -> bool:
    """Whether a call makes an answer that is ok."""
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return any(ast.unparse(value) == "Severity.OK" for value in values)


def says_nothing(node: ast.AST) -> Sequence[ast.AST]:
    """Parts of a node that hold no message."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return [node.value]
    if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        return [node.format_spec]
    if isinstance(node, ast.arg | ast.AnnAssign) and node.annotation is not None:
        return [node.annotation]
    if isinstance(node, ast.Call):
        name = ast.unparse(node.func)
        if name.startswith(("logger.", "re.")) or is_well(node):
            return node.args
        return node.args[:1] if name == "cast" else []
    return []


def texts(node: ast.AST) -> Iterator[str]:
    """Literals with a blank below a node; what is put into them is `{}`."""
    quiet = [*says_nothing(node)]
    if isinstance(node, ast.JoinedStr):
        parts = [v.value if isinstance(v, ast.Constant) else "{}" for v in node.values]
        yield "".join(map(str, parts))
        quiet += [value for value in node.values if isinstance(value, ast.Constant)]
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield re.sub(r"\{\w*\}", "{}", node.value)
    for child in ast.iter_child_nodes(node):
        if child not in quiet:
            yield from texts(child)


def messages(source: str) -> list[str]:
    """The messages that some source can give."""
    found = (" ".join(text.split()) for text in texts(ast.parse(source)))
    return sorted(
        {
            text
            for text in found
            if " " in text
            and re.search(r"[A-Za-z]{3}", text.replace("{}", ""))
            and not re.match(COMMANDS, text)
            and not re.search(r"[|\\]|^# ", text)  # patterns, and comments of a plan
        }
    )


def pattern_of(message: str) -> re.Pattern[str]:
    """Finds the fixed words of a message, in their order."""
    pieces = [piece.strip(" ,;:") for piece in message.split("{}")]
    return re.compile(".*".join(re.escape(piece) for piece in pieces if piece.strip("()'")))


def is_documented(message: str) -> bool:
    """Whether the fixed words of a message stand in this order in one entry."""
    pattern = pattern_of(message)
    return any(pattern.search(span) for span in documented())


def told_lines() -> Iterator[str]:
    """Where the pages tell messages: the first cells of tables, and the lists below causes."""
    statuses, causes = (page.read_text(encoding="utf-8") for page in PAGES)
    yield from re.findall(r"^\| (`.*?) \| ", statuses, re.MULTILINE)
    for told in re.findall(r"^- \*\*Messages\*\*: (.*?)(?=^- )", causes, re.MULTILINE | re.DOTALL):
        yield " ".join(told.split())


def test_every_module_has_a_place():
    assert [place(m) for m in modules() if not speaks(m) and place(m) not in SILENT] == []


@pytest.mark.parametrize("module", [m for m in modules() if speaks(m)], ids=place)
def test_every_message_is_documented(module: pathlib.Path):
    said = messages(module.read_text(encoding="utf-8"))
    assert [text for text in said if text not in NO_MESSAGES and not is_documented(text)] == []


def listed() -> dict[str, list[str]]:
    """The messages that the page of causes tells under each, by its id."""
    page = PAGES[1].read_text(encoding="utf-8")
    entries = re.findall(r"^### `(\S+)`\n(.*?)(?=^#)", f"{page}\n#", re.MULTILINE | re.DOTALL)
    told: dict[str, list[str]] = {}
    for cause, entry in entries:
        found = re.search(r"^- \*\*Messages\*\*.*?: (.*?)(?=^- )", entry, re.MULTILINE | re.DOTALL)
        spans = re.findall(r"`([^`]+)`", found[1]) if found else []
        told[cause] = [" ".join(span.split()) for span in spans]
    return told


def caused(source: str) -> set[tuple[str, str]]:
    """Each message of some source that stands beside a cause, with the name of that cause.

    A variable is what the last line above made it.
    """
    functions = (n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef))
    return {pair for function in functions for pair in _caused(function)}


def _caused(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    made = [
        (node.lineno, ast.unparse(node.targets[0]), node.value)
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
    ]
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, ast.Tuple):
            parts = node.elts
        else:
            continue
        causes = [
            part.attr
            for part in parts
            if ast.unparse(part).startswith("Cause.") and isinstance(part, ast.Attribute)
        ]
        for part in parts if len(causes) == 1 else ():
            values = [
                (n, v) for n, name, v in made if name == ast.unparse(part) and n <= node.lineno
            ]
            value = max(values, key=lambda pair: pair[0])[1] if values else part
            if isinstance(value, ast.JoinedStr | ast.Constant):
                for text in messages(ast.unparse(ast.Assign([ast.Name("_")], value, lineno=1))):
                    yield text, causes[0]


@pytest.mark.parametrize("module", [m for m in modules() if speaks(m)], ids=place)
def test_a_message_is_told_under_its_cause(module: pathlib.Path):
    told = listed()
    assert [
        (text, cause)
        for text, cause in sorted(caused(module.read_text(encoding="utf-8")))
        if text not in NO_MESSAGES
        and not any(pattern_of(text).search(span) for span in told[Cause[cause].value])
    ] == []


def test_causes_beside_messages_are_found():
    found = [pair for m in modules() if speaks(m) for pair in caused(m.read_text("utf-8"))]
    assert len(found) > 50
    source = (
        "def f():\n    text = 'old moon'\n    text = f'no {moon} moon'\n    g(text, Cause.MOON)"
    )
    assert caused(source) == {("no {} moon", "MOON")}


def all_messages() -> set[str]:
    return {text for m in modules() if speaks(m) for text in messages(m.read_text("utf-8"))}


def test_nothing_is_excepted_that_is_gone():
    assert NO_MESSAGES - all_messages() == set()


def test_nothing_is_documented_that_is_gone():
    known = [pattern for text in all_messages() - NO_MESSAGES if (pattern := pattern_of(text))]
    told = [span for line in told_lines() for span in re.findall(r"`([^`]+)`", line)]
    known.append(re.compile("(is|are) (blocked|paused)"))  # one word in the source
    assert [span for span in told if not any(pattern.search(span) for pattern in known)] == []


@pytest.mark.parametrize(
    "source",
    [
        "status.blocked('the moon is too near')",
        "f'{title} sees the moon {count} times'",
        "text = 'the moon' ' is too near'",
        "raise ValueError('use another moon')",
        "CheckResult(Severity.FAILED, 'has lost its moon', Cause.MOON)",
    ],
)
def test_a_new_message_is_found_and_missed(source: str):
    (text,) = messages(source)
    assert not is_documented(text)


@pytest.mark.parametrize(
    "source",
    [
        'def ask():\n    """Ask the moon."""',
        "logger.info('the moon %s', name)",
        "re.compile('the moon')",
        "CheckResult(Severity.OK, 'has its moon')",
        "f'juju run {moon}/leader verify-stack'",
        "moon: 'list of moons' = []",
    ],
)
def test_what_nobody_sees_in_a_status_is_no_message(source: str):
    assert messages(source) == []
