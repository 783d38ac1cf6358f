"""What the data files say of the charms in the field agrees with itself."""

import pathlib
import re
from typing import Any

import pytest
import yaml

from telemetry.report import Cause, Severity

ROOT = pathlib.Path(__file__).parents[2] / "src"
WORDS_FILE = ROOT / "coordinator/juju/status_words.yaml"


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


WORDS: list[dict[str, Any]] = load("coordinator/juju/status_words.yaml")
FACTS: dict[str, dict[str, Any]] = load("coordinator/blueprint/charm_facts.yaml")
PLATFORMS: dict[str, dict[str, Any]] = load("coordinator/blueprint/platforms.yaml")
SOURCES = PLATFORMS.pop("sources")
NAMES = {"unit": "app/1", "application": "app", "leader": "app/leader"}
PAIRS = [
    pytest.param(
        entry, charm, command, id=f"{charm}: {entry['words'][:40]}: {command.split('} ')[-1]}"
    )
    for entry in WORDS
    for charm in entry["charm"]
    for command in [entry["remedy"], *entry.get("then", [])]
]


def options(charm: str) -> set[str]:
    return {*FACTS[charm]["options"], *FACTS[charm].get("more_options", [])}


@pytest.mark.parametrize("entry", WORDS, ids=lambda entry: entry["words"][:60])
def test_words_can_be_matched_and_have_a_source(entry: dict[str, Any]):
    keys = {"charm", "level", "match", "words", "cause", "remedy", "severity", "source"}
    assert keys <= set(entry) <= keys | {"units", "then", "hint"}
    assert entry["level"] in {"blocked", "waiting", "maintenance", "active"}
    assert entry["match"] in {"text", "regex"}
    assert entry.get("units", "all") in {"all", "some"}
    assert entry["severity"] in {Severity.FAILED.value, Severity.DEGRADED.value}
    assert all(re.match(r"[\w-]+/[\w.-]+, \w", source) for source in entry["source"])
    entry.get("hint", "").format(**NAMES)


@pytest.mark.parametrize(
    "entry", [e for e in WORDS if e["match"] == "regex"], ids=lambda entry: entry["words"][:60]
)
def test_regexes_are_linear(entry: dict[str, Any]):
    words = entry["words"]
    re.compile(words)
    # one repetition in each alternative, and none of a group
    assert not re.search(r"\)[*+{]", words)
    assert all(len(re.findall(r"[*+]", part)) <= 1 for part in words.split("|"))


def test_causes_are_known_or_told_in_the_head():
    head = WORDS_FILE.read_text(encoding="utf-8").split("\n\n")[0]
    told = set(re.findall(r"^#   ([a-z-]+)  +", head, re.MULTILINE))
    used = {entry["cause"] for entry in WORDS}
    assert used <= told | {cause.value for cause in Cause}


def test_what_is_special_stands_before_what_is_general():
    """An entry that an earlier text hides for all its charms would never be used."""
    for place, entry in enumerate(WORDS):
        for earlier in WORDS[:place]:
            hidden = (
                earlier["match"] == "text"
                and earlier["words"] in entry["words"]
                and earlier["level"] == entry["level"]
                and "units" not in earlier
                and set(entry["charm"]) <= set(earlier["charm"])
            )
            assert not hidden, (earlier["words"], entry["words"])


@pytest.mark.parametrize(("entry", "charm", "command"), PAIRS)
def test_remedies_can_be_run(entry: dict[str, Any], charm: str, command: str):
    typed = command.format(**NAMES)
    assert typed.startswith("juju ")
    verb, *rest = typed.split()[1:]
    if verb == "run":
        assert rest[1] in FACTS[charm]["actions"]
    elif verb == "config":
        named = [word.partition("=")[0] for word in rest[1:] if word != "--reset"]
        assert set(named) <= options(charm)
    else:
        assert verb in {"ssh", "exec", "status", "debug-log", "add-unit", "show-status-log"}


@pytest.mark.parametrize(
    ("charm", "level", "message", "units", "cause"),
    [
        (
            "mysql-innodb-cluster",
            "blocked",
            "Cluster is inaccessible from this instance. Please check logs for details.",
            "all",
            "cluster-down",
        ),
        (
            "mysql-innodb-cluster",
            "blocked",
            "Cluster is inaccessible from this instance. Please check logs for details.",
            "some",
            "member-out",
        ),
        (
            "mysql-innodb-cluster",
            "active",
            "Unit is ready: Mode: R/W, Cluster is NOT tolerant to any failures. "
            "1 member is not active.",
            "some",
            "member-out",
        ),
        (
            "mysql-innodb-cluster",
            "active",
            "Unit is ready: Mode: R/O, Cluster is ONLINE and can tolerate up to ONE failure. "
            "1 member is not active.",
            "all",
            "member-out",
        ),
        (
            "mysql-innodb-cluster",
            "active",
            "Unit is ready: Mode: R/W, Cluster is NOT tolerant to any failures.",
            "all",
            "not-tolerant",
        ),
        ("mysql-router", "blocked", "Failed to connect to MySQL", "all", "router-cut-off"),
        ("hacluster", "blocked", "Resource: res_gnocchi_haproxy not running", "all", "vip-down"),
        ("vault", "blocked", "Unit is sealed", "all", "sealed"),
        ("vault", "blocked", "'shared-db' or 'db' missing", "all", "not-integrated"),
        (
            "vault",
            "active",
            "New version of vault installed, manual intervention required to restart the service.",
            "all",
            "waits-for-restart",
        ),
        ("vault", "active", "Unit is ready (active: true, mlock: disabled)", "all", None),
        (
            "mysql-innodb-cluster",
            "active",
            "Unit is ready: Mode: R/O, Cluster is ONLINE and can tolerate up to ONE failure.",
            "all",
            None,
        ),
        ("gnocchi", "waiting", "'storage-ceph' incomplete", "all", "charm-waits"),
        ("barbican", "blocked", "'hsm' missing", "all", "not-integrated"),
        (
            "nova-compute",
            "blocked",
            "Services not running that should be: nova-compute",
            "all",
            "service-down",
        ),
        (
            "keystone",
            "maintenance",
            "Paused. Use 'resume' action to resume normal service.",
            "some",
            "paused",
        ),
    ],
)
def test_what_charms_print_is_understood(
    charm: str, level: str, message: str, units: str, cause: str | None
):
    fitting = (
        entry["cause"]
        for entry in WORDS
        if charm in entry["charm"]
        and entry["level"] == level
        and entry.get("units", units) == units
        and (
            entry["words"] in message
            if entry["match"] == "text"
            else re.search(entry["words"], message)
        )
    )
    assert next(fitting, None) == cause


def test_every_charm_of_the_blueprint_has_facts():
    systems = load("telemetry/blueprint.yaml").values()
    assert {charm for system in systems for charm in system["charms"]} <= set(FACTS)


@pytest.mark.parametrize("charm", FACTS)
def test_facts_agree_with_each_other(charm: str):
    facts = FACTS[charm]
    every = [*facts["options"], *facts.get("more_options", []), *facts["actions"]]
    assert not set(facts.get("lacks", [])) & set(every)
    assert set(facts.get("stores_by", [])) <= options(charm)
    assert isinstance(facts["subordinate"], bool)
    assert facts["source"]


def test_options_of_the_blueprint_are_the_charms():
    for system in load("telemetry/blueprint.yaml").values():
        deploy = system["deploy"] if "deploy" in system else {}
        named = {*deploy.get("options", {}), *filter(None, [deploy.get("origin")])}
        assert named <= options(system["charms"][0])
        assert bool(system.get("beside")) == FACTS[system["charms"][0]]["subordinate"]


def test_what_is_written_into_vault_changes_where_it_stores():
    assert {"shared-db", "db"} <= set(FACTS["vault"]["stores"])
    assert "openstack-origin" in FACTS["ceilometer-agent"]["lacks"]


@pytest.mark.parametrize("release", PLATFORMS)
def test_platforms_have_sources_and_origins(release: str):
    platform = PLATFORMS[release]
    assert platform["usual"] in platform["bases"]
    for base, known in platform["bases"].items():
        assert re.fullmatch(r"ubuntu@\d\d\.04", base)
        series = {"ubuntu@20.04": "focal", "ubuntu@22.04": "jammy", "ubuntu@24.04": "noble"}[base]
        assert re.fullmatch(rf"distro|cloud:{series}-[a-z]+", known["origin"])
        assert all(isinstance(track, str) for track in known["tracks"].values())
        assert known["source"]
        assert set(known["source"]) <= set(SOURCES)


def test_platforms_hold_all_that_tracks_hold():
    for release, old in load("telemetry/tracks.yaml").items():
        new = PLATFORMS[release]["bases"][old["base"]]
        assert PLATFORMS[release]["usual"] == old["base"]
        assert new["origin"] == old["origin"]
        assert new["tracks"].items() >= old["tracks"].items()
