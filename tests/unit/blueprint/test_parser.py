"""Blueprints: the charm's own, what an operator changes, and what is told when a text is wrong."""

import itertools
import textwrap
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coordinator.blueprint import loader, systems
from coordinator.blueprint.systems import Integration, Registration

OWN = loader.load()
SYSTEMS = ", ".join(sorted(OWN.systems))
HEAT = """
heat:
  title: Heat
  charms: [heat]
  catalog: {type: orchestration, name: heat}
  needs:
    - identity-service: keystone:identity-service
  deploy: {origin: openstack-origin, units: 3, options: {debug: true}}
"""


def problem(text: str) -> str:
    with pytest.raises(systems.BlueprintError) as raised:
        loader.load(textwrap.dedent(text))
    return str(raised.value)


# The charm's own


def test_every_system_that_is_needed_is_there():
    for system in OWN.systems.values():
        assert set(system.needs) <= set(OWN.systems)


def test_every_subordinate_is_integrated_with_what_it_is_beside():
    def needs(one: str, other: str) -> bool:
        return other in OWN.systems[one].needs

    loose = [
        (system.key, key)
        for system in OWN.systems.values()
        for key in system.beside
        if not needs(system.key, key) and not needs(key, system.key)
    ]
    assert loose == []


def test_services_known_to_quiet_hooks_are_those_of_the_blueprint():
    assert tuple(OWN.services) == systems.SERVICES


def test_all_that_cannot_work_without_a_system_is_told():
    assert set(OWN.dependents("vault")) == {"barbican-vault", "barbican"}
    assert {"gnocchi", "ceilometer", "ceilometer-agent"} <= set(OWN.dependents("memcached"))


# What an operator changes


def test_without_changes_it_is_the_charms_own():
    assert loader.load("# nothing\n") == OWN


def test_a_new_system_is_added_at_the_end():
    heat = list(loader.load(HEAT).systems.values())[-1]
    assert heat.key == "heat"
    assert heat.catalog == Registration("orchestration", "heat")
    assert heat.integrations == (Integration("identity-service", "keystone", "identity-service"),)
    assert heat.deploy == systems.Deployment(
        units=3, origin="openstack-origin", options={"debug": "true"}
    )


def test_keys_of_a_system_replace_its_own_and_leave_the_others():
    changed = loader.load("gnocchi: {title: Metrics, charms: [gnocchi, our-gnocchi]}").systems
    assert changed["gnocchi"].title == "Metrics"
    assert changed["gnocchi"].charms == ("gnocchi", "our-gnocchi")
    assert changed["gnocchi"].integrations == OWN.systems["gnocchi"].integrations
    assert changed["aodh"] == OWN.systems["aodh"]
    assert list(changed) == list(OWN.systems)


def test_a_key_without_a_value_is_taken_away():
    assert loader.load("gnocchi: {check: null}").systems["gnocchi"].check == ""


def test_a_system_that_nothing_needs_can_be_removed():
    changed = loader.load("watcher: null")
    assert "watcher" not in changed.systems
    assert changed.systems["mysql-router"].beside == (
        "keystone",
        "gnocchi",
        "aodh",
        "barbican",
        "vault",
    )


def test_optional_integrations_with_a_removed_system_go_with_it():
    changed = loader.load("vault: null\nbarbican: null\nbarbican-vault: null")
    integrations = changed.systems["gnocchi"].integrations
    assert integrations
    assert not any(integration.optional for integration in integrations)


def test_a_system_that_needs_one_of_its_own_has_it_beside():
    text = "heat: {title: Heat, charms: [heat], needs: [shared-db: mysql-router:shared-db]}"
    assert loader.load(text).systems["mysql-router"].beside[-1] == "heat"


# What is told when a text is wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "gnocchi:\n  chrms: [a]",
            "line 2: gnocchi: unknown key 'chrms'; keys are title, charms,",
        ),
        ("gnocchi: {catalog: {typ: a}}", "line 1: gnocchi: catalog: unknown key 'typ'; keys are"),
        ("gnocchi: {deploy: {unit: 3}}", "line 1: gnocchi: deploy: unknown key 'unit'; keys are"),
        ("x:\n  charms: [x]\n", "line 1: x: missing key 'title'"),
        ("gnocchi: {charms: null}", "line 1: gnocchi: missing key 'charms'"),
        ("gnocchi: {catalog: {name: x}}", "gnocchi: catalog: missing key 'type'"),
        ("- gnocchi", "line 1: must be KEY: VALUE lines, not a list"),
        ("\ngnocchi", "line 1: must be KEY: VALUE lines, not 'gnocchi'"),
        ("gnocchi: 5", "line 1: gnocchi: must be KEY: VALUE lines, not '5'"),
        ("gnocchi: {title: [a]}", "gnocchi: title: must be text, not a list"),
        ("gnocchi: {title: 5}", "gnocchi: title: must be text, not '5'"),
        ("gnocchi: {title: {a: b}}", "gnocchi: title: must be text, not a mapping"),
        ('gnocchi: {title: "a\\nb"}', "gnocchi: title: must be one line of text, at most 200"),
        ("gnocchi: {charms: gnocchi}", "gnocchi: charms: must be a list, not 'gnocchi'"),
        ("gnocchi: {charms: []}", "gnocchi: charms: must name at least one charm"),
        ("gnocchi: {charms: [A B]}", "'A B' is no name; use small letters, digits and dashes"),
        ("gnocchi: {optional: 1}", "gnocchi: optional: must be true or false, not '1'"),
        ("gnocchi: {check: no_such}", "there is no check 'no_such'; checks are alarming"),
        ("gnocchi: {check: probe}", "gnocchi: check: there is no check 'probe'"),
        ("gnocchi: {beside: [nova]}", f"unknown system 'nova'; systems are {SYSTEMS}"),
        (
            "gnocchi:\n  needs:\n    - amqp: rabbit:amqp",
            f"line 3: gnocchi: needs: unknown system 'rabbit'; systems are {SYSTEMS}",
        ),
        (
            "gnocchi:\n  may:\n    - certificates",
            "line 3: gnocchi: may: 'certificates' is no integration; write it as OUR-ENDPOINT: ",
        ),
        ("gnocchi: {needs: [amqp: rabbitmq-server]}", "'amqp' is no integration; write it as"),
        ("gnocchi: {needs: [{a: vault:b, c: vault:d}]}", "a mapping is no integration; write"),
        ("gnocchi: {needs: [[]]}", "a list is no integration; write it as"),
        ("gnocchi: {needs: [{}]}", "a mapping is no integration; write it as"),
        (
            "heat:\n  title: Heat\n  charms: [heat, gnocchi]",
            "line 3: heat: charms: charm 'gnocchi' is that of gnocchi already; a charm brings one",
        ),
        (
            "aodh:\n  catalog: {type: metric, name: aodh}",
            "line 2: aodh: catalog: type 'metric' is that of gnocchi already; give each system",
        ),
        (
            "aodh: {catalog: {type: identity, name: aodh}}",
            "catalog: type: 'identity' is reserved; so are identity, model, report, status,",
        ),
        ("aodh: {catalog: {type: a, name: b, api: 2}}", "api: must be text, not '2'"),
        ("aodh: {catalog: {type: a, name: b, api: two}}", "'two' is no version; write it as v1"),
        ("aodh: {deploy: {units: 0}}", "deploy: units: must be a number from 1 to 99, not '0'"),
        ("aodh: {deploy: {track: ovn}}", "unknown track 'ovn'; tracks are openstack, ceph,"),
        (
            "aodh: {deploy: {options: {a: [1]}}}",
            "options: a: must be text or a number, not a list",
        ),
        (
            "aodh:\n  title: A\n  title: B",
            "line 3: aodh: duplicate key 'title'; it is in line 2 already",
        ),
        ("aodh: {}\naodh: {}", "line 2: duplicate key 'aodh'; it is in line 1 already"),
        ("? [a]\n: b", "line 1: a key must be text"),
        ("Aodh: {}", "line 1: Aodh: is no name of a system; use small letters, digits"),
        ("heat: null", "line 1: heat: there is no such system; systems are keystone, gnocchi"),
        (
            "watcher: {}\nvault: null",
            "line 2: vault: cannot be removed, since barbican-vault needs it; remove",
        ),
        ("keystone: null", "keystone: cannot be removed, since the coordinator asks it itself"),
        ("aodh: {title: A", "line 1: no YAML: "),
        ("aodh:\n  title: A\n bad: x", "line 3: no YAML: "),
        ("a: 1\n--- \nb: 2", "line 2: no YAML: "),
        ("aodh:\n  title: \x07", "line 2: no YAML: special characters are not allowed"),
        ("[" * 5000, "line 1: is nested too deeply"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_what_is_allowed(text: str, told: str):
    found = problem(text)
    assert found.startswith("option blueprint line ")
    assert told in found


def test_a_fault_in_the_charms_own_file_names_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
):
    path = tmp_path_factory.mktemp("src") / "blueprint.yaml"
    path.write_text("# ours\nx: {tile: X}\n")
    monkeypatch.setattr(loader, "PATH", path)
    with pytest.raises(
        systems.BlueprintError, match=r"^blueprint\.yaml line 2: x: unknown key 'tile'"
    ):
        loader.load.__wrapped__()


def test_a_message_stays_on_one_line_however_long_the_text():
    found = problem(f"gnocchi: {{title: [a], '{'x ' * 500}': 1}}")
    assert "\n" not in found
    assert len(found) < 300


BOMB = "a: &a [x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, after in itertools.pairwise("abcdefghijkl")
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (BOMB, "line 2: aliases (*) are not taken"),
        ("gnocchi: &g {title: *g}", "line 1: aliases (*) are not taken"),
        ("{" * 30000, "line 1: is nested too deeply"),
        ("a: b\n" * 20000, "line 1: is too long: 100000 bytes; at most 32768 are read"),
        ("# " + "\U0001f600" * 8192, "line 1: is too long: 32770 bytes; at most 32768 are read"),
        ('"a\\0b": {}', "line 1: a?b: is no name of a system"),
        ('gnocchi: {"a\\0b": 1}', "line 1: gnocchi: unknown key 'a?b'; keys are"),
        ('gnocchi: {"\\ud800": 1}', "line 1: gnocchi: unknown key '?'; keys are"),
        ('gnocchi: {title: "\\ud800"}', "gnocchi: title: must be one line of text"),
        ('gnocchi: {title: "\\UFFFFFFFF"}', "line 1: no YAML: an escape that is no character"),
        ("gnocchi: {title: \ud800}", "line 1: no YAML: special characters are not allowed"),
        ('gnocchi: {deploy: {options: {"a\\0": 1}}}', "options: a?: is no name of an option"),
        ('gnocchi: {deploy: {options: {a: "\\0"}}}', "options: a: must be text without control"),
        ("gnocchi: {deploy: {options: {a;b: 1}}}", "options: a;b: is no name of an option"),
        ("gnocchi: {deploy: {origin: a b}}", "deploy: origin: 'a b' is no option; write it as"),
        ("gnocchi: {needs: [a: [b]]}", "needs: 'a' is no integration"),
    ],
    ids=lambda text: text[:30].encode("ascii", "backslashreplace").decode(),
)
def test_a_hostile_text_is_refused_with_its_line_within_a_second(text: str, told: str):
    start = time.process_time()
    found = problem(text)
    assert time.process_time() - start < 1
    assert found.startswith("option blueprint line ")
    assert told in found
    assert found.isprintable()


@given(st.text() | st.dictionaries(st.text(), st.text() | st.lists(st.text())).map(yaml.safe_dump))
def test_whatever_is_written_is_either_read_or_explained(text: str):
    try:
        loader.load(text)
    except systems.BlueprintError as error:
        assert str(error).startswith("option blueprint line ")  # noqa: PT017 - or it is read


# Which one is in force


def test_without_the_option_the_charms_own_is_in_force():
    def never() -> str:
        raise AssertionError("what was kept is not asked for")

    assert loader.choose("  \n", never) == loader.Choice()
    assert loader.Choice().blueprint == OWN
    assert loader.Choice().services == systems.SERVICES


def test_a_good_option_is_in_force():
    choice = loader.choose(HEAT, lambda: "watcher: null")
    assert choice == loader.Choice(HEAT)
    assert choice.services == (*systems.SERVICES, "orchestration")


def test_with_a_bad_option_the_last_good_one_stays_in_force():
    choice = loader.choose("gnocchi: {chrms: []}", lambda: HEAT)
    assert choice.changes == HEAT
    assert choice.fault.startswith("option blueprint line 1: gnocchi: unknown key 'chrms'")


@pytest.mark.parametrize("kept", ["", "gnocchi: {chrms: []}"])
def test_without_a_good_one_the_charms_own_is_in_force(kept: str):
    choice = loader.choose("gnocchi: {chrms: []}", lambda: kept)
    assert choice.changes == ""
    assert choice.fault
