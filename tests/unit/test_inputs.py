"""What the charm makes of options and relations: the order to verify, and the means to act."""

import json
from typing import Any

import pytest
from ops import testing

from coordinator import reconcile
from coordinator.openstack.proxies import Proxies
from tests.unit import databags, model
from tests.unit.model import Stage

Context = testing.Context[Any]


# The order


def ordered(context: Context, stage: Stage, state: testing.State) -> Any:
    context.run(context.on.update_status(), state)
    (request,) = stage.requests
    return request


def test_options_are_part_of_the_order(context: Context, stage: Stage):
    state = model.ready(
        required_services="metric",
        optional_services="alarming",
        region="RegionTwo",
        interface="public",
        verify_timeout=7,
    )
    request = ordered(context, stage, state)
    assert request.required == ("metric",)
    assert request.optional == ("alarming",)
    assert request.region == "RegionTwo"
    assert request.interface == "public"
    assert request.timeout == 7


def test_a_stale_leaders_credentials_are_candidates_too(context: Context, stage: Stage):
    units = {
        0: databags.credentials(credentials_password="stale"),
        1: databags.ADDRESSES,
        2: databags.CREDENTIALS,
    }
    request = ordered(context, stage, model.state(model.keystone(units), model.gnocchi()))
    assert [one.password for one in request.credentials] == ["stale", databags.PASSWORD]


def test_names_of_the_related_applications_go_into_remedies(context: Context, stage: Stage):
    state = model.state(
        model.keystone(remote_app_name="identity"), model.gnocchi(remote_app_name="metrics")
    )
    request = ordered(context, stage, state)
    assert request.applications == {"identity": "identity", "metric": "metrics"}


def test_the_models_proxies_are_used(
    context: Context, stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUJU_CHARM_HTTPS_PROXY", "http://192.0.2.9:3128")
    monkeypatch.setenv("JUJU_CHARM_NO_PROXY", "192.0.2.0/24")
    request = ordered(context, stage, model.ready())
    assert request.proxies == Proxies(https="http://192.0.2.9:3128", no_proxy="192.0.2.0/24")


def test_gnocchis_that_disagree_for_a_while_are_verified(context: Context, stage: Stage):
    urls = ("http://192.0.2.31:8041", "", "https://192.0.2.100:8041")
    assert ordered(context, stage, model.state(model.keystone(), model.gnocchi(*urls)))


def test_a_url_of_gnocchi_that_flips_verifies_again(context: Context, stage: Stage):
    for url in ("http://192.0.2.31:8041", "https://192.0.2.100:8041"):
        relation = model.gnocchi(url)
        state = model.state(model.keystone(), relation)
        context.run(context.on.relation_changed(relation, remote_unit=0), state)
    assert len(stage.requests) == 2


def test_without_metric_gnocchi_is_not_waited_for(context: Context, stage: Stage):
    state = model.state(model.keystone(), required_services="alarming", optional_services="")
    assert ordered(context, stage, state).services == ("alarming",)


@pytest.mark.parametrize("published", [None, "", "192.0.2.30:8041"])
def test_an_optional_gnocchi_is_not_waited_for(
    context: Context, stage: Stage, published: str | None
):
    relations = [model.keystone()] + ([] if published is None else [model.gnocchi(published)])
    state = model.state(*relations, required_services="alarming", optional_services="metric")
    assert ordered(context, stage, state).services == ("metric", "alarming")


def test_a_unit_of_keystone_that_departs_leaves_the_others(context: Context, stage: Stage):
    relation = model.keystone({0: databags.CREDENTIALS, 1: {}})
    state = model.state(relation, model.gnocchi())
    event = context.on.relation_departed(relation, remote_unit=1, departing_unit=1)
    context.run(event, state)
    (request,) = stage.requests
    assert [one.password for one in request.credentials] == [databags.PASSWORD]


# Certificates


def certificates(context: Context, stage: Stage, *relations: Any, **options: Any) -> Any:
    return ordered(context, stage, model.ready(*relations, **options)).certificates


def test_vaults_ca_and_chain_are_trusted(context: Context, stage: Stage, ca_pem: str):
    chain = ca_pem.replace("\n", "\r\n")
    vault = testing.Relation(
        "certificates",
        remote_app_name="vault",
        remote_units_data={0: {"ca": ca_pem, "chain": chain}},
    )
    found = certificates(context, stage, vault)
    assert found == {"vault/0": f"{ca_pem.strip()}\n{chain.strip()}"}


def test_the_option_is_trusted(context: Context, stage: Stage, ca_pem: str):
    found = certificates(context, stage, ssl_ca=ca_pem)
    assert found == {"option ssl-ca": ca_pem.strip()}


AUTHORITY = "self-signed-certificates"


def transfer(
    units: dict[int, dict[str, str]], name: str = AUTHORITY, **app: str
) -> testing.Relation:
    return testing.Relation(
        "receive-ca-cert",
        remote_app_name=name,
        remote_units_data=units,
        remote_app_data=app,
    )


def test_transferred_certificates_are_trusted(context: Context, stage: Stage, ca_pem: str):
    relation = transfer({0: {}}, certificates=json.dumps([ca_pem]), version="1")
    assert certificates(context, stage, relation) == {f"{AUTHORITY} (certificate 1)": ca_pem}


def test_certificates_of_several_relations_are_trusted(
    context: Context, stage: Stage, ca_pem: str
):
    sent = {"one": ca_pem, "two": ca_pem.replace("\n", "\r\n")}
    relations = [
        transfer({0: {}}, name, certificates=json.dumps([pem]), version="1")
        for name, pem in sent.items()
    ]
    found = certificates(context, stage, *relations)
    assert found == {f"{name} (certificate 1)": pem for name, pem in sent.items()}


def test_certificates_of_the_older_version_are_trusted(
    context: Context, stage: Stage, ca_pem: str
):
    bag = {"ca": ca_pem, "certificate": ca_pem, "chain": [ca_pem]}
    relation = transfer({0: {key: json.dumps(value) for key, value in bag.items()}})
    assert certificates(context, stage, relation) == {f"{AUTHORITY} (certificate 1)": ca_pem}


@pytest.mark.parametrize(
    ("unit", "app"),
    [
        ({}, {}),
        ({}, {"certificates": "[]", "version": "1"}),
        ({}, {"certificates": "[]", "version": "one"}),
        ({"certificate": "rubbish"}, {}),
    ],
)
def test_a_provider_without_certificates_is_trusted_with_nothing(
    context: Context, stage: Stage, unit: dict[str, str], app: dict[str, str]
):
    assert certificates(context, stage, transfer({0: unit}, **app)) == {}


@pytest.mark.parametrize("sent", ["rubbish", "5", "null", "{}", '{"ca": "x"}'])
def test_what_cannot_be_read_is_left_to_the_report(context: Context, stage: Stage, sent: str):
    relation = transfer({0: {}}, certificates=sent, version="1")
    request = ordered(context, stage, model.ready(relation))
    assert request.certificates == {f"{AUTHORITY} (unreadable)": ""}
    assert request.trusted == ()


def test_a_good_authority_is_trusted_beside_an_unreadable_one(
    context: Context, stage: Stage, ca_pem: str
):
    relations = [
        transfer({0: {}}, "good", certificates=json.dumps([ca_pem]), version="1"),
        transfer({0: {}}, "odd", certificates="rubbish", version="1"),
    ]
    request = ordered(context, stage, model.ready(*relations))
    assert set(request.certificates) == {"good (certificate 1)", "odd (unreadable)"}
    assert request.trusted == (ca_pem,)


def test_a_transferred_text_that_is_no_certificate_is_left_to_the_report(
    context: Context, stage: Stage
):
    relation = transfer({0: {}}, certificates='["rubbish"]', version="1")
    request = ordered(context, stage, model.ready(relation))
    assert request.certificates == {f"{AUTHORITY} (certificate 1)": "rubbish"}
    assert request.trusted == ()


# The means


def means(context: Context, stage: Stage, state: testing.State) -> reconcile.Backends:
    context.run(context.on.update_status(), state)
    (found,) = stage.backends
    return found


@pytest.mark.parametrize(
    ("method", "runs"), [("auto", True), ("command", True), ("advise", False)]
)
def test_only_an_adviser_never_runs(context: Context, stage: Stage, method: str, runs: bool):
    assert means(context, stage, model.ready(upgrade_method=method)).policy.can_run is runs


@pytest.mark.parametrize(("policy", "on_change"), [("on-change", True), ("when-needed", False)])
def test_the_policy_decides_about_changes(
    context: Context, stage: Stage, policy: str, on_change: bool
):
    state = model.ready(upgrade_policy=policy)
    assert means(context, stage, state).policy.runs_on_change is on_change


def test_nothing_is_run_that_could_not_be_remembered(context: Context, stage: Stage):
    state = testing.State(leader=True, relations={model.keystone(), model.gnocchi()})
    assert not means(context, stage, state).policy.can_run


@pytest.mark.parametrize(
    ("origin", "suite"),
    [
        ("distro", ""),
        ("cloud:jammy-antelope", "jammy-updates/antelope"),
        ("cloud:noble-epoxy/proposed", "noble-proposed/epoxy"),
    ],
)
def test_packages_come_from_the_origin(context: Context, stage: Stage, origin: str, suite: str):
    runner = means(context, stage, model.ready(openstack_origin=origin)).command
    assert runner._source.suite == suite


def test_packages_come_through_the_models_proxies(
    context: Context, stage: Stage, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("JUJU_CHARM_HTTPS_PROXY", "http://192.0.2.9:3128")
    runner = means(context, stage, model.ready()).command
    assert runner._source.proxies == Proxies(https="http://192.0.2.9:3128")


def test_members_that_are_ceilometer_are_told_by_their_names(context: Context, stage: Stage):
    names = ("ceilometer", "ceilometer-agent", "aodh", "ceilometer-two")
    relations = [testing.Relation("member", remote_app_name=name) for name in names]
    found = means(context, stage, model.ready(*relations))
    assert found.members == ("ceilometer", "ceilometer-two")
