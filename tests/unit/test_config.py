import base64
import pathlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import config
from coordinator import request
from coordinator.request import VERIFY_TIMEOUTS, Limits
from coordinator.upgrade import policy

CONFIG = pathlib.Path(__file__).parents[2] / "config.yaml"
DEFAULTS = {
    option: entry["default"]
    for option, entry in yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["options"].items()
    if "default" in entry
}


def parse(**options: str | int) -> config.Settings:
    changed = {name.replace("_", "-"): value for name, value in options.items()}
    return config.parse({**DEFAULTS, **changed})


def problems(**options: str | int) -> tuple[str, ...]:
    with pytest.raises(config.OptionsError) as raised:
        parse(**options)
    return tuple(str(problem) for problem in raised.value.faults)


def test_the_defaults_are_valid():
    assert parse() == config.Settings(
        required=("metric", "alarming", "key-manager"),
        optional=("infra-optim",),
        region="",
        interface="internal",
        verify_timeout=20,
        extra_ca="",
        upgrade=policy.UpgradePolicy(policy.Method.AUTO, policy.Trigger.ON_CHANGE),
        suite="",
        requested_grants=(),
        juju_access="",
        expiry=Limits(30, 7),
        depth=request.Depth.CHANGES,
        thresholds=request.DEFAULT_THRESHOLDS,
    )


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ("metric", ("metric",)),
        (" alarming , metric,,", ("alarming", "metric")),
        ("metric,metric", ("metric",)),
    ],
)
def test_services_are_separated_by_commas_and_named_once(text: str, services: tuple[str, ...]):
    assert parse(required_services=text, optional_services="").required == services


def test_a_service_that_is_required_is_not_optional_too():
    parsed = parse(
        required_services="metric,infra-optim", optional_services="infra-optim,alarming"
    )
    assert parsed.optional == ("alarming",)


def test_no_optional_service_is_allowed():
    assert parse(optional_services="").optional == ()


@pytest.mark.parametrize(
    ("option", "value", "allowed"),
    [
        ("required-services", "", "name at least one of metric, alarming"),
        ("required-services", " , ", "name at least one of metric, alarming"),
        (
            "required-services",
            "metric,orchestration",
            "use metric, alarming, key-manager, infra-optim",
        ),
        ("required-services", "metric alarming", "use metric, alarming"),
        ("optional-services", "Metric", "use metric, alarming"),
        ("region", "RegionOne RegionTwo", "give the name of one region"),
        ("interface", "internalURL", "use one of public, internal, admin"),
        ("interface", "", "use one of public, internal, admin"),
        ("verify-timeout", 1, "use whole seconds from 2 to 300"),
        ("verify-timeout", 301, "use whole seconds from 2 to 300"),
        ("verify-timeout", -20, "use whole seconds from 2 to 300"),
        ("deep-verification", "yes", "use one of off, on-change, always"),
        ("canary-timeout", 4, "use whole seconds from 5 to 900"),
        ("alarm-evaluation-interval", 0, "use whole seconds from 1 to 3600"),
        ("backlog-threshold", -1, "use a whole number, 0 or more"),
        ("measures-max-age", 0, "use whole minutes from 1 to 10080"),
        ("expected-metrics", "cpu memory", "separate the names of metrics by commas"),
        ("upgrade-method", "juju", "use one of auto, action, command, advise"),
        ("upgrade-method", "", "use one of auto, action, command, advise"),
        ("upgrade-policy", "always", "use one of on-change, when-needed"),
        ("openstack-origin", "", "use distro or a pocket such as cloud:jammy-antelope"),
        ("openstack-origin", "cloud:", "use distro or a pocket"),
        ("openstack-origin", "ppa:someone/else", "use distro or a pocket"),
        ("openstack-origin", "cloud:jammy-antelope/edge", "use distro or a pocket"),
        ("openstack-origin", "cloud:jammy-antelope; reboot", "use distro or a pocket"),
        ("requested-grants", "Member reader", "separate the names of roles by commas"),
        ("requested-grants", "x" * 256, "at most 50 roles, of 255 characters each"),
        ("expected-metrics", ",".join(map(str, range(51))), "at most 50 metrics, of 255 "),
    ],
)
def test_a_bad_value_is_named_with_its_option_and_what_is_allowed(
    option: str, value: str | int, allowed: str
):
    (problem,) = problems(**{option: value})
    assert problem.startswith(f"option {option}: ")
    assert " ".join(str(value).split())[:37] in problem
    assert allowed in problem


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("no certificate!", "give CA certificates as PEM, or PEM in base64"),
        ("\u00e9\ud800", "give CA certificates as PEM, or PEM in base64"),
        (base64.b64encode(b"hello").decode(), "no certificate in it"),
        (
            "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----",
            "no certificate in it",
        ),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            "a certificate in it cannot be read",
        ),
    ],
)
def test_a_bad_ssl_ca_is_told_without_its_value(value: str, allowed: str):
    (problem,) = problems(ssl_ca=value)
    assert problem.startswith("option ssl-ca: its value is not allowed; ")
    assert allowed in problem
    assert value not in problem


def test_all_bad_values_are_told_at_once():
    found = problems(interface="outer", verify_timeout=0, upgrade_policy="never")
    assert [text.split(":")[0] for text in found] == [
        "option interface",
        "option verify-timeout",
        "option upgrade-policy",
    ]


def test_a_long_value_of_several_lines_is_shown_short_and_on_one_line():
    (problem,) = problems(openstack_origin="no\norigin\n" * 50)
    assert "'no origin no origin no origin" in problem
    assert "\n" not in problem
    assert len(problem) < 150


def test_the_text_of_the_error_holds_every_problem():
    with pytest.raises(config.OptionsError, match=r"interface.*verify-timeout"):
        parse(interface="outer", verify_timeout=0)


@pytest.mark.parametrize("seconds", [2, 20, 300])
def test_the_limits_of_the_timeout_are_allowed(seconds: int):
    assert parse(verify_timeout=seconds).verify_timeout == seconds


def test_ca_certificates_may_be_pem(ca_pem: str):
    assert parse(ssl_ca=ca_pem).extra_ca.strip() == ca_pem.strip()


def test_ca_certificates_may_be_pem_in_base64(ca_pem: str):
    wrapped = base64.encodebytes(ca_pem.encode()).decode()
    assert parse(ssl_ca=wrapped).extra_ca == ca_pem


def test_ssl_ca_may_hold_several_certificates(ca_pem: str):
    assert parse(ssl_ca=ca_pem + ca_pem).extra_ca.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    ("text", "suite"),
    [
        ("distro", ""),
        ("cloud:jammy-antelope", "jammy-updates/antelope"),
        ("cloud:jammy-antelope/updates", "jammy-updates/antelope"),
        ("cloud:noble-epoxy/proposed", "noble-proposed/epoxy"),
        ("cloud:noble-2025.2", "noble-updates/2025.2"),
    ],
)
def test_origins_are_spelt_as_in_the_openstack_charms(text: str, suite: str):
    assert parse(openstack_origin=text).suite == suite


@pytest.mark.parametrize(
    ("text", "depth"),
    [
        ("off", request.Depth.SHALLOW),
        ("on-change", request.Depth.CHANGES),
        ("always", request.Depth.FULL),
    ],
)
def test_each_word_for_the_depth_has_its_own(text: str, depth: request.Depth):
    assert parse(deep_verification=text).depth is depth


def test_roles_are_separated_by_commas():
    assert parse(requested_grants="reader, Member").requested_grants == ("reader", "Member")


@pytest.mark.parametrize("method", list(policy.Method))
def test_every_method_has_its_word(method: policy.Method):
    assert parse(upgrade_method=method.value).upgrade.method is method


@pytest.mark.parametrize("trigger", list(policy.Trigger))
def test_every_policy_has_its_word(trigger: policy.Trigger):
    assert parse(upgrade_policy=trigger.value).upgrade.trigger is trigger


@given(st.dictionaries(st.sampled_from(sorted(DEFAULTS)), st.text() | st.integers()))
def test_whatever_is_typed_is_either_valid_or_explained(options: dict[str, str | int]):
    try:
        parsed = config.parse({**DEFAULTS, **options})
    except config.OptionsError as error:
        assert {problem.text.split(":")[0] for problem in error.faults} <= {  # noqa: PT017 - or it is valid
            f"option {name}" for name in options
        }
    else:
        assert parsed.required
        assert parsed.verify_timeout in VERIFY_TIMEOUTS
