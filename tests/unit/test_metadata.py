"""What charmcraft does not check when metadata.yaml stands beside charmcraft.yaml."""

import pathlib
import re
from typing import Any

import pytest
import yaml
from ops import testing

import charm
import config
import peer_state
from coordinator.blueprint import loader, systems
from coordinator.checks import registry
from coordinator.request import VERIFY_TIMEOUTS
from coordinator.upgrade import policy
from relations import endpoints

ROOT = pathlib.Path(__file__).parents[2]


def load(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


METADATA = load("metadata.yaml")
OPTIONS = load("config.yaml")["options"]
DEFAULTS = {name: entry["default"] for name, entry in OPTIONS.items() if "default" in entry}
ACTIONS = load("actions.yaml")
CHARMCRAFT = load("charmcraft.yaml")
ENDPOINTS = {**METADATA["requires"], **METADATA["provides"], **METADATA["peers"]}

MODEL_CONFIG = {"http-proxy", "https-proxy", "no-proxy", "juju-http-proxy", "logging-config"}
"""Settings of the Juju model that an option would duplicate."""


# metadata.yaml


def test_metadata_says_what_charmhub_shows():
    assert METADATA["name"] == "telemetry-coordinator"
    for key in ("display-name", "summary", "description", "maintainers", "website", "docs"):
        assert METADATA[key]


def test_only_keys_that_juju_and_charmhub_know_are_used():
    known = {
        "name",
        "display-name",
        "summary",
        "description",
        "maintainers",
        "website",
        "docs",
        "issues",
        "source",
        "tags",
        "assumes",
        "extra-bindings",
        "requires",
        "provides",
        "peers",
    }
    assert METADATA.keys() <= known


def test_the_juju_that_is_needed_is_named():
    assert METADATA["assumes"] == ["juju >= 3.6"]


def test_the_unit_can_be_bound_to_the_networks_of_the_cloud():
    assert set(METADATA["extra-bindings"]) == set(config.INTERFACES)


@pytest.mark.parametrize("endpoint", sorted(ENDPOINTS))
def test_every_endpoint_says_what_it_is_for_and_whether_it_is_needed(endpoint: str):
    assert ENDPOINTS[endpoint]["description"].strip()
    assert isinstance(ENDPOINTS[endpoint]["optional"], bool)
    assert ENDPOINTS[endpoint]["interface"]


@pytest.mark.parametrize(
    ("endpoint", "interface"),
    [
        (endpoints.IDENTITY, "keystone-credentials"),
        ("identity-notifications", "keystone-notifications"),
        (endpoints.METRIC, "gnocchi"),
        (endpoints.CERTIFICATES, "tls-certificates"),
        (endpoints.TRANSFERS, "certificate_transfer"),
        (endpoints.MEMBERS, "juju-info"),
    ],
)
def test_interfaces_are_those_of_the_other_charms(endpoint: str, interface: str):
    assert METADATA["requires"][endpoint]["interface"] == interface


def test_exactly_the_needed_endpoints_are_not_optional():
    needed = {name for name, entry in ENDPOINTS.items() if not entry["optional"]}
    assert needed == {endpoints.IDENTITY, endpoints.METRIC}


def test_the_charm_watches_every_endpoint():
    others = (endpoints.LISTENERS, endpoints.MONITORING, endpoints.PEERS)
    assert {*endpoints.OBSERVED, *others} == set(ENDPOINTS)


def test_members_are_not_bound_to_the_units_machine():
    # scope container would make the coordinator a subordinate's principal
    assert METADATA["requires"][endpoints.MEMBERS].get("scope", "global") == "global"
    assert not METADATA.get("subordinate", False)


# config.yaml


@pytest.mark.parametrize("option", sorted(OPTIONS))
def test_every_option_has_type_default_and_description(option: str):
    assert OPTIONS[option]["type"] in ("string", "int", "boolean", "secret")
    # Juju knows no default of a secret but none
    assert ("default" in OPTIONS[option]) is (OPTIONS[option]["type"] != "secret")
    assert OPTIONS[option]["description"].strip()


def test_the_defaults_are_valid():
    assert config.parse(DEFAULTS)


class Watched(dict[str, Any]):
    """Options that remember which of them were read."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.read: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.read.add(key)
        return super().get(key, default)


def test_every_option_is_read_and_no_other():
    options = Watched(DEFAULTS)
    config.parse(options)
    config.parse_blueprint(options)
    assert options.read == set(OPTIONS)


def test_no_option_duplicates_the_models_configuration():
    assert not MODEL_CONFIG & set(OPTIONS)


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("interface", config.INTERFACES),
        ("upgrade-method", [method.value for method in policy.Method]),
        ("upgrade-policy", [trigger.value for trigger in policy.Trigger]),
        ("required-services", config.SERVICES),
    ],
)
def test_descriptions_name_every_allowed_word(option: str, words: list[str]):
    for word in words:
        assert re.search(rf"\b{word}\b", OPTIONS[option]["description"])


def test_the_description_names_the_limits_of_the_timeout():
    allowed = f"from {VERIFY_TIMEOUTS[0]} to {VERIFY_TIMEOUTS[-1]}"
    assert allowed in OPTIONS["verify-timeout"]["description"]


# actions.yaml


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_is_described_and_takes_no_other_parameters(action: str):
    assert ACTIONS[action]["description"].strip()
    assert ACTIONS[action]["additionalProperties"] is False


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_parameter_has_type_and_description(action: str):
    for parameter in ACTIONS[action].get("params", {}).values():
        assert parameter["type"] in ("string", "integer", "boolean")
        assert parameter["description"].strip()


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_the_charm_answers_every_action(action: str):
    # without relations each has a reason to fail; one that nobody observes would just succeed
    context = testing.Context(charm.TelemetryCoordinatorCharm)
    event = context.on.action(action, params={})
    with pytest.raises(
        testing.ActionFailed, match=r"missing relation|there is no report|no release"
    ):
        context.run(event, testing.State(leader=True))


def test_interfaces_of_the_action_are_those_of_the_option():
    allowed = ACTIONS["verify-stack"]["params"]["interface"]["enum"]
    assert tuple(allowed) == config.INTERFACES


# charmcraft.yaml


def test_charmcraft_yaml_holds_no_metadata():
    # charmcraft drops such keys without a word when there is a metadata.yaml
    allowed = {"type", "platforms", "parts", "charm-libs", "analysis"}
    assert CHARMCRAFT.keys() <= allowed


def test_both_bases_are_built_for_both_architectures():
    bases = [f"ubuntu@{base}" for base in ("22.04", "24.04")]
    assert set(CHARMCRAFT["platforms"]) == {
        f"{base}:{architecture}" for base in bases for architecture in ("amd64", "arm64")
    }


# names


def test_names_are_written_with_dashes():
    parameters = [p for action in ACTIONS.values() for p in action.get("params", {})]
    names = [*ENDPOINTS, *OPTIONS, *ACTIONS, *parameters]
    assert [name for name in names if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []


# The blueprint


@pytest.mark.parametrize("system", loader.load().services.values(), ids=lambda system: system.key)
def test_every_service_has_its_check(system: systems.System):
    assert system.check in registry.CHECKS


def test_the_peer_relation_is_the_one_of_the_metadata():
    assert set(METADATA["peers"]) == {peer_state.PEERS}
