"""The documentation against the charm: what is written exists, and what exists is written."""

import configparser
import datetime
import json
import pathlib
import re
import urllib.parse
from typing import Any

import jsonschema
import pytest
import yaml

import config
from coordinator.report.finding import Cause, Finding, Severity
from coordinator.report.report import Report
from coordinator.upgrade import policy

ROOT = pathlib.Path(__file__).parents[2]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
SCHEMA = json.loads((REFERENCE / "report.schema.json").read_text(encoding="utf-8"))

REPORT = Report(
    taken_at=datetime.datetime(2026, 11, 22, 10, 0, tzinfo=datetime.timezone.utc),
    interface="internal",
    region="RegionOne",
    findings=(
        Finding("identity", "token", Severity.OK, "Keystone issued a token"),
        Finding("metric", "read", Severity.OK, "Gnocchi lists 1 resource type"),
        Finding(
            "alarming", "read", Severity.DEGRADED, "Aodh is odd", Cause.TIMEOUT, "juju status"
        ),
        Finding("key-manager", "read", Severity.SKIPPED, "Barbican forbids", Cause.FORBIDDEN),
        Finding("telemetry", "resource-types", Severity.FAILED, "lacks", Cause.MISSING_TYPES),
    ),
    endpoints={"metric": "http://192.0.2.30:8041"},
    builds={"metric": "4.7.1"},
    resource_types=frozenset({"generic"}),
    behind=("identity missing",),
)


def text_of(path: pathlib.Path) -> str:
    return path.read_text(encoding="utf-8")


def definition(name: str) -> dict[str, Any]:
    return yaml.safe_load(text_of(ROOT / name))


def rows(text: str) -> dict[str, list[str]]:
    """Rows of all tables whose first cell is code, by that code."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        match = re.match(r"\| `([^`]+)` \|(.*)\|$", line)
        if match:
            found[match[1]] = [cell.strip() for cell in re.split(r"(?<!\\)\|", match[2])]
    return found


def sections(text: str) -> dict[str, str]:
    """Sections of the second level by their titles."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def code(text: str) -> list[str]:
    """Fenced blocks and code inside lines."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return [*blocks, *re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)]


def lines_of_code(page: pathlib.Path) -> list[str]:
    """The lines of a page's code; one that goes on in the next is one."""
    blocks = code(text_of(page))
    return [line for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines()]


def test_readme_names_exactly_two_make_commands():
    lines = lines_of_code(ROOT / "README.md")
    assert {line for line in lines if line.startswith("make ")} == {"make rehearsal", "make test"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_command_takes_the_exit_code_of_juju_run_for_that_of_the_action(page: pathlib.Path):
    commands = [
        command
        for command in lines_of_code(page)
        if re.search(r"juju run .*(verify-stack|ceilometer-upgrade).*(\|\||&&|\$\?)", command)
    ]
    assert [command for command in commands if "jq -e" not in command] == []


GUIDES = [page for page in PAGES if page.name not in {"statuses.md", "causes.md"}]
"""Pages whose commands are their own: the others tell the charm's words."""


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_may_take_minutes_is_waited_for(page: pathlib.Path):
    """Canaries take three, the snap of the juju client one and a half; Juju waits one."""
    commands = [
        command
        for command in lines_of_code(page)
        if re.search(r"juju run \S+ (verify-stack|plan-stack|ceilometer-upgrade)\b", command)
        and not re.search(r"juju run ceilometer/", command)
    ]
    assert [command for command in commands if "--wait=" not in command] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_relative_links_resolve(page: pathlib.Path):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(page))
    broken = [
        target
        for target in targets
        if not re.match(r"https?://", target) and not (page.parent / target).exists()
    ]
    assert broken == []


def anchors(page: pathlib.Path) -> set[str]:
    """The anchors of a page's headings: small letters and digits, dashes for blanks."""
    prose = re.sub(r"^ *```.*?^ *```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_anchors_of_links_are_headings(page: pathlib.Path):
    links = re.findall(r"\]\(([^)#\s]*\.md)?#([^)\s]+)\)", text_of(page))
    lost = [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in anchors((page.parent / target) if target else page)
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_to_other_sites_are_https_addresses(page: pathlib.Path):
    targets = re.findall(r"\]\((\w+:[^)]*)\)", text_of(page))
    parts = [urllib.parse.urlsplit(target) for target in targets]
    assert [part for part in parts if part.scheme != "https" or "." not in part.netloc] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_loads_nothing_from_elsewhere(page: pathlib.Path):
    text = page.read_text(encoding="utf-8")
    assert "```mermaid" not in text, "its reader would load a program: draw as text"
    assert re.findall(r"!\[[^\]]*\]\(https?:|src=.https?:", text) == []


def test_index_links_every_page():
    linked = {
        (DOCS / target).resolve()
        for target in re.findall(r"\]\(([^)]+)\)", text_of(DOCS / "index.md"))
    }
    assert {page for page in DOCS.rglob("*.md") if page.name != "index.md"} <= linked


def test_contributing_names_every_target_and_tox_its_environment():
    makefile = text_of(ROOT / "Makefile")
    table = text_of(ROOT / "CONTRIBUTING.md")
    targets = set(re.findall(r"^(\w+):.* ## ", makefile, re.MULTILINE))
    listed = re.findall(r"^\| (`make \w.*?) \| ", table, re.MULTILINE)
    assert set(re.findall(r"`make (\w+)", " ".join(listed))) == targets - {"help"}
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini", encoding="utf-8")
    named = {name.partition(":")[2] for name in tox.sections()}
    known = named | set(re.split(r",\s*", tox["tox"]["env_list"]))
    wanted = set(re.findall(r"(?:in_env,|from_source,|\$\(tox\) )(\w+)", makefile))
    for rule in re.findall(r"^([\w ]+): .*\n\t@\$\(call in_env,\$@\)", makefile, re.MULTILINE):
        wanted |= set(rule.split())
    assert wanted - known == set()
    assert {"unit", "monitoring", "integration", "docs"} <= wanted


def test_every_option_is_documented_with_its_type_and_default():
    documented = {
        name: (cells[0], cells[1].strip("`"))
        for name, cells in rows(text_of(REFERENCE / "options.md")).items()
    }
    options = definition("config.yaml")["options"]
    assert documented == {
        name: (option["type"], str(option.get("default", "")) or "empty")
        for name, option in options.items()
    }


def test_every_option_has_its_meaning_explained():
    explained = re.findall(r"^\*\*`([^`]+)`\*\*:", text_of(REFERENCE / "options.md"), re.MULTILINE)
    assert sorted(explained) == sorted(definition("config.yaml")["options"])


@pytest.mark.parametrize(
    ("option", "allowed"),
    [
        ("required-services", [*config.SERVICES, "blueprint"]),
        ("interface", config.INTERFACES),
        ("upgrade-method", [method.value for method in policy.Method]),
        ("upgrade-policy", [trigger.value for trigger in policy.Trigger]),
    ],
)
def test_allowed_values_of_an_option_are_documented(option: str, allowed: list[str]):
    cell = rows(text_of(REFERENCE / "options.md"))[option][2]
    assert re.findall(r"`([^`]+)`", cell) == list(allowed)


def test_every_action_is_documented():
    assert sections(text_of(REFERENCE / "actions.md")).keys() == definition("actions.yaml").keys()


@pytest.mark.parametrize("action", definition("actions.yaml"))
def test_every_parameter_of_an_action_is_documented(action: str):
    section = sections(text_of(REFERENCE / "actions.md"))[action]
    parameters = section.partition("| parameter |")[2].partition("\n\n")[0]
    assert list(rows(parameters)) == list(definition("actions.yaml")[action].get("params", {}))


def test_every_endpoint_is_documented_with_its_interface():
    metadata = definition("metadata.yaml")
    text = text_of(REFERENCE / "relations.md").partition("\n## ")[0]
    documented = {name: cells[0] for name, cells in rows(text).items()}
    assert documented == {
        name: endpoint["interface"]
        for role in ("requires", "provides", "peers")
        for name, endpoint in metadata.get(role, {}).items()
    }


def test_every_endpoint_has_a_section():
    metadata = definition("metadata.yaml")
    endpoints = [name for role in ("requires", "provides", "peers") for name in metadata[role]]
    titles = sections(text_of(REFERENCE / "relations.md"))
    assert sorted(endpoints) == sorted(titles.keys() - {"Extra bindings"})


def entries() -> dict[str, str]:
    """Entries of causes by their ids, which are their anchors."""
    parts = re.split(r"^###? (.+)$", text_of(REFERENCE / "causes.md"), flags=re.MULTILINE)
    found = dict(zip(parts[1::2], parts[2::2], strict=True))
    return {title.strip("`"): text for title, text in found.items() if title.startswith("`")}


def test_every_cause_has_an_entry_with_its_id_as_anchor():
    assert sorted(entries()) == sorted(cause.value for cause in Cause)


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_says_what_it_means_how_to_see_it_what_to_type_and_when_it_is_harmless(
    cause: Cause,
):
    text = entries()[cause.value]
    assert re.match(r"\n\n?\w", text), "it begins with what it means"
    for part in ("Messages", "See", "Type", "Harmless"):
        assert re.search(rf"^- .*\*\*{part}\*\*.*: \S", text, re.MULTILINE), part


def test_the_page_of_reliability_counts_the_examples():
    tried = re.findall(
        r"^@examples\(([\d_]+), ([\d_]+)\)$",
        text_of(ROOT / "tests/reliability/test_hostile_data.py"),
        re.MULTILINE,
    )
    quick, long = (sum(map(int, column)) for column in zip(*tried, strict=True))
    row = f"{quick:,} examples | {long:,} | `test_hostile_data.py`"
    assert row in text_of(DOCS / "explanation/reliability.md")


def test_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_schema_accepts_a_report():
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(REPORT.to_json()))


def test_schema_rejects_an_unknown_severity():
    data = json.loads(REPORT.to_json())
    data["findings"][0]["severity"] = "splendid"
    with pytest.raises(jsonschema.ValidationError, match="splendid"):
        jsonschema.Draft202012Validator(SCHEMA).validate(data)


def test_schema_rejects_another_version():
    data = json.loads(REPORT.to_json()) | {"version": 2}
    with pytest.raises(jsonschema.ValidationError, match="1 was expected"):
        jsonschema.Draft202012Validator(SCHEMA).validate(data)


def test_schema_requires_exactly_what_a_report_has():
    data = json.loads(REPORT.to_json())
    finding = SCHEMA["$defs"]["finding"]
    kept = SCHEMA["properties"].keys() - {"history"}  # which results of actions have besides
    assert set(SCHEMA["required"]) == kept == data.keys()
    assert set(finding["required"]) == finding["properties"].keys() == data["findings"][0].keys()


def test_schema_knows_every_severity_and_cause():
    assert SCHEMA["$defs"]["severity"]["enum"] == [severity.value for severity in Severity]
    causes = SCHEMA["$defs"]["finding"]["properties"]["cause"]["enum"]
    assert causes == ["", *(cause.value for cause in Cause)]


def test_every_key_of_a_report_is_documented():
    documented = rows(text_of(REFERENCE / "report.md")).keys()
    data = json.loads(REPORT.to_json())
    assert data.keys() | data["findings"][0].keys() <= documented


def test_example_of_a_report_is_one():
    example = re.search(r"```json\n(.*?)```", text_of(REFERENCE / "report.md"), re.DOTALL)
    assert example
    data = json.loads(example[1])
    jsonschema.Draft202012Validator(SCHEMA).validate(data)
    report = Report.from_json(example[1])
    assert report is not None
    assert json.loads(report.to_json()) == data
