"""What the data files say of the charms in the field agrees with itself."""

import pathlib
import re
from typing import Any

import pytest
import yaml

from coordinator.blueprint import charm_facts, platforms
from coordinator.checks.model import status_words
from coordinator.juju.status import CharmStatus, JujuLevel
from coordinator.report.finding import Cause, Severity

ROOT = pathlib.Path(__file__).parents[2] / "src"


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


WORDS: list[dict[str, Any]] = load("coordinator/checks/model/status_words.yaml")
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
    assert keys <= set(entry) <= keys | {"units", "used", "then", "hint"}
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


def test_causes_are_known():
    assert {entry["cause"] for entry in WORDS} <= {cause.value for cause in Cause}


def test_what_is_special_stands_before_what_is_general():
    """An entry that an earlier text hides for all its charms would never be used."""
    for place, entry in enumerate(WORDS):
        for earlier in WORDS[:place]:
            hidden = (
                earlier["match"] == "text"
                and earlier["words"] in entry["words"]
                and earlier["level"] == entry["level"]
                and not {"units", "used"} & set(earlier)
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
            (
                "Unit is ready: Mode: R/W, Cluster is NOT tolerant to any failures. "
                "1 member is not active."
            ),
            "some",
            "member-out",
        ),
        (
            "mysql-innodb-cluster",
            "active",
            (
                "Unit is ready: Mode: R/O, Cluster is ONLINE and can tolerate up to ONE failure. "
                "1 member is not active."
            ),
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
    found = status_words.find(charm, CharmStatus(JujuLevel(level), message), dead=units == "all")
    assert (found.cause.value if found else None) == cause


def test_a_vault_that_others_use_and_that_wants_to_be_initialized_has_lost_its_storage():
    status = CharmStatus(JujuLevel.BLOCKED, "Vault needs to be initialized")
    new = status_words.find("vault", status, dead=True)
    used = status_words.find("vault", status, dead=True, used=True)
    assert new is not None
    assert used is not None
    assert (new.cause, used.cause) == (Cause.NOT_INITIALIZED, Cause.STORAGE_LOST)
    assert not any("operator init" in command for command in (used.remedy, *used.then))


def test_every_charm_of_the_blueprint_has_facts():
    systems = load("coordinator/blueprint/blueprint.yaml").values()
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
    for system in load("coordinator/blueprint/blueprint.yaml").values():
        deploy = system.get("deploy", {})
        named = {*deploy.get("options", {}), *filter(None, [deploy.get("origin")])}
        assert named <= options(system["charms"][0])
        assert bool(system.get("beside")) == FACTS[system["charms"][0]]["subordinate"]


def test_what_is_written_into_vault_changes_where_it_stores():
    assert {"shared-db", "db"} <= set(FACTS["vault"]["stores"])
    assert "openstack-origin" in FACTS["ceilometer-agent"]["lacks"]


@pytest.mark.parametrize("release", PLATFORMS)
def test_platforms_have_sources_and_origins(release: str):
    platform = PLATFORMS[release]
    for base, known in platform["bases"].items():
        assert re.fullmatch(r"ubuntu@\d\d\.04", base)
        series = {"ubuntu@20.04": "focal", "ubuntu@22.04": "jammy", "ubuntu@24.04": "noble"}[base]
        assert re.fullmatch(rf"distro|cloud:{series}-[a-z]+", known["origin"])
        assert all(isinstance(track, str) for track in known["tracks"].values())
        assert known["source"]
        assert set(known["source"]) <= set(SOURCES)


@pytest.mark.parametrize("charm", FACTS)
def test_what_a_charm_runs_without_is_a_place_where_it_stores(charm: str):
    facts = charm_facts.of(charm)
    assert facts.without <= facts.stores.keys()


def test_a_charm_that_is_not_known_has_no_facts():
    assert charm_facts.of("no-such-charm") == charm_facts.CharmFacts()


@pytest.mark.parametrize(
    ("release", "base", "origin"),
    [
        ("ussuri", "", "distro"),
        ("yoga", "ubuntu@20.04", "cloud:focal-yoga"),
        ("yoga", "", "distro"),
        ("2024.1", "", "cloud:jammy-caracal"),
        ("2024.1", "ubuntu@24.04", "distro"),
        ("2025.1", "", "cloud:noble-epoxy"),
        ("2026.1", "ubuntu@26.04", ""),
    ],
)
def test_a_release_on_a_base_has_its_origin(release: str, base: str, origin: str):
    assert platforms.find(release, base).origin == origin


def test_a_release_that_is_not_documented_on_a_base_is_refused_with_those_that_are():
    told = r"no document names ussuri on ubuntu@24\.04; it is known on ubuntu@20\.04"
    with pytest.raises(platforms.UnknownPlatformError, match=told):
        platforms.find("ussuri", "ubuntu@24.04")


def test_a_release_without_any_documented_base_needs_one():
    with pytest.raises(platforms.UnknownPlatformError, match=r"names a base for 2026\.1"):
        platforms.find("2026.1")


@pytest.mark.parametrize(
    ("family", "channel"),
    [("ceph", "reef/stable"), ("memcached", "latest/stable"), ("no-such-family", "")],
)
def test_other_charms_get_the_channel_that_goes_with_the_release(family: str, channel: str):
    assert platforms.find("2023.2").channel_of(family) == channel


def test_the_risk_may_be_left_out():
    assert platforms.parse("yoga") == platforms.Channel("yoga", "stable")


@pytest.mark.parametrize("text", ["", "latest", "2023.3/stable", "yoga/best", "yoga/stable/fix"])
def test_a_channel_that_is_not_known_is_refused_with_those_that_are(text: str):
    with pytest.raises(ValueError, match=r"tracks ussuri, .* 2024\.1, .*, such as"):
        platforms.parse(text)


def test_every_system_of_the_blueprint_is_of_a_family():
    systems = load("coordinator/blueprint/blueprint.yaml").values()
    tracks = {system.get("deploy", {}).get("track", "openstack") for system in systems}
    assert tracks <= set(platforms.FAMILIES)
