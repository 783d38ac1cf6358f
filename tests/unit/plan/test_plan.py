"""The plan: what a model lacks of the blueprint."""

import pathlib
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from coordinator.blueprint import loader, platforms
from coordinator.juju.ceilometer import REQUEST
from coordinator.juju.status import (
    Application,
    CharmStatus,
    JujuIntegration,
    JujuLevel,
    Model,
    RemoteApplication,
    Unit,
)
from coordinator.plan import completion, plan

OWN = loader.load()
METADATA = yaml.safe_load((pathlib.Path(__file__).parents[3] / "metadata.yaml").read_text())
CHANNEL = platforms.parse("2023.2/stable")
WHOLE = plan.Wishes(channel=CHANNEL)
BASE = {key for key, system in OWN.systems.items() if system.deploy.base}


NEW = CharmStatus(JujuLevel.WAITING, "waiting for machine")
"""Of a unit that has not run yet: its charm is content with nothing, and has stored nothing."""


def made(model: Model, wishes: plan.Wishes = WHOLE, changes: str = "") -> plan.Plan:
    return completion.complete(loader.load(changes), model, wishes)


def built(after: plan.Plan) -> Model:
    """The model when everything that a plan says was done."""
    integrations: dict[str, list[JujuIntegration]] = {app.name: [] for app in after.applications}
    for link in after.links:
        ends = [link.one.split(":"), link.other.split(":")]
        for (name, endpoint), (other, theirs) in (ends, ends[::-1]):
            if not link.optional and name in integrations:
                integrations[name].append(JujuIntegration(endpoint, other, theirs))
    applications = {
        app.name: Application(
            app.name,
            app.charm,
            channel=app.channel,
            units=tuple(Unit(f"{app.name}/{n}", NEW) for n in range(app.units)),
            integrations=tuple(integrations[app.name]),
        )
        for app in after.applications
    }
    return Model(applications)


FULL = built(made(Model()))


def without(model: Model, *names: str) -> Model:
    """The model without some applications and all their integrations."""
    kept = {
        name: msgspec.structs.replace(
            app,
            integrations=tuple(i for i in app.integrations if i.application not in names),
        )
        for name, app in model.applications.items()
        if name not in names
    }
    return Model(kept)


def changed(model: Model, name: str, **changes: Any) -> Model:
    app = msgspec.structs.replace(model.applications[name], **changes)
    return Model({**model.applications, name: app})


def cut(model: Model, name: str, endpoint: str) -> Model:
    """The model without the integrations of one endpoint."""
    app = model.applications[name]
    kept = tuple(i for i in app.integrations if i.endpoint != endpoint)
    return changed(model, name, integrations=kept)


def links(found: tuple[plan.Link, ...]) -> list[str]:
    return [f"{link.one} {link.other}" for link in found]


def names(found: tuple[plan.PlannedApplication, ...]) -> list[str]:
    return [app.name for app in found]


# The coordinator's own part


def test_the_coordinators_endpoints_are_those_of_its_metadata():
    endpoints = {i.endpoint for i in plan.COORDINATOR.integrations}
    assert endpoints <= set(METADATA["requires"])
    assert METADATA["name"] == plan.COORDINATOR.charm


def test_it_is_no_system_of_the_blueprint():
    assert plan.COORDINATOR.key not in OWN.systems


# An empty model


def test_an_empty_model_gets_every_system():
    charms = {app.charm for app in made(Model()).additions}
    assert charms == {system.charm for system in OWN.systems.values()} | {plan.COORDINATOR.charm}


def test_every_api_gets_a_router_of_its_own():
    routers = [app.name for app in made(Model()).additions if app.charm == "mysql-router"]
    apis = ("keystone", "gnocchi", "aodh", "barbican", "watcher", "vault")
    assert routers == [f"{api}-mysql-router" for api in apis]
    found = links(made(Model()).missing)
    for router in routers:
        assert f"{router}:db-router mysql-innodb-cluster:db-router" in found
    assert "gnocchi:shared-db gnocchi-mysql-router:shared-db" in found
    assert "ceilometer-agent:nova-ceilometer nova-compute:nova-ceilometer" in found
    assert "telemetry-coordinator:member ceilometer:juju-info" in found


def test_what_others_need_is_deployed_before_them():
    request = [app.charm for app in made(Model()).additions]
    for system in OWN.systems.values():
        for needed in system.needs:
            assert request.index(OWN.systems[needed].charm) < request.index(system.charm)


def test_systems_that_need_each_other_are_planned_all_the_same():
    changes = "keystone: {needs: [shared-db: mysql-router:shared-db, a: gnocchi:b]}"
    assert "keystone" in names(made(Model(), changes=changes).additions)


def test_the_release_decides_channel_base_and_packages():
    found = {app.name: app for app in made(Model()).additions}
    assert found["gnocchi"].channel == "2023.2/stable"
    assert found["gnocchi"].base == "ubuntu@22.04"
    assert found["gnocchi"].origin == {"openstack-origin": "cloud:jammy-bobcat"}
    assert found["ceph-mon"].origin == {"source": "cloud:jammy-bobcat"}
    assert found["ceph-mon"].channel == "reef/stable"
    assert found["ceilometer-agent"].origin == {}


def test_packages_of_the_distribution_need_no_option():
    wishes = plan.Wishes(channel=platforms.parse("yoga"))
    assert all(app.origin == {} for app in made(Model(), wishes).additions)


def test_subordinates_get_no_units_and_clusters_get_enough():
    found = {app.name: app.units for app in made(Model()).additions}
    assert found["ceilometer-agent"] == found["gnocchi-mysql-router"] == 0
    assert found["mysql-innodb-cluster"] == found["ceph-mon"] == 3
    assert found["gnocchi"] == 1


def test_a_release_must_be_known_to_deploy_anything():
    with pytest.raises(
        ValueError, match=r"no release is known to deploy .*channel=2024\.1/stable"
    ):
        made(Model(), plan.Wishes())


def test_a_system_that_an_operator_added_is_part_of_it():
    heat = """
        heat:
          title: Heat
          charms: [heat]
          needs: [shared-db: mysql-router:shared-db, amqp: rabbitmq-server:amqp]
    """
    after = made(FULL, changes=heat)
    assert names(after.additions) == ["heat-mysql-router", "heat"]
    assert links(after.missing) == [
        "heat-mysql-router:db-router mysql-innodb-cluster:db-router",
        "heat:shared-db heat-mysql-router:shared-db",
        "heat:amqp rabbitmq-server:amqp",
    ]


# A model that is complete


def test_a_complete_model_lacks_nothing():
    after = made(FULL)
    assert after.additions == ()
    assert after.missing == ()
    assert after.asks == ()
    assert after.notes == ()


def test_what_the_stack_can_do_without_is_told_apart():
    after = made(FULL)
    assert "gnocchi:certificates vault:certificates" in links(after.optional)
    assert all(link.other.startswith("vault:") for link in after.optional)


@given(st.sets(st.sampled_from(sorted(set(FULL.applications) - {"telemetry-coordinator"}))))
def test_doing_what_a_plan_says_leaves_nothing_to_do(gone: set[str]):
    after = made(without(FULL, *gone))
    assert gone <= set(names(after.additions))
    again = made(built(after))
    assert again.additions == ()
    assert again.missing == ()


@given(st.data())
def test_every_integration_that_is_cut_comes_back(data: st.DataObject):
    needed = [link for link in made(FULL).links if not link.optional]
    link = data.draw(st.sampled_from(needed))
    name, endpoint = link.one.split(":")
    after = made(cut(FULL, name, endpoint))
    assert after.additions == ()
    assert link.one in [found.one for found in after.missing]


# A model with other names


def test_applications_are_recognised_by_their_charms():
    renamed = without(FULL, "memcached")
    renamed = Model({**renamed.applications, "cache": Application("cache", "memcached")})
    after = made(renamed)
    assert after.additions == ()
    assert links(after.missing) == ["gnocchi:coordinator-memcached cache:cache"]


def test_an_application_with_the_name_of_the_charm_is_not_deployed_again():
    assert made(changed(FULL, "gnocchi", charm="our-gnocchi")).additions == ()


def test_an_endpoint_that_is_integrated_with_something_else_is_left_alone():
    elsewhere = cut(FULL, "gnocchi", "storage-ceph")
    app = elsewhere.applications["gnocchi"]
    ceph = (*app.integrations, JujuIntegration("storage-ceph", "microceph", "ceph"))
    assert made(changed(elsewhere, "gnocchi", integrations=ceph)).missing == ()


def test_an_api_that_has_its_database_elsewhere_gets_no_router():
    direct = without(FULL, "gnocchi-mysql-router")
    app = direct.applications["gnocchi"]
    database = (*app.integrations, JujuIntegration("shared-db", "percona", "shared-db"))
    assert made(changed(direct, "gnocchi", integrations=database)).additions == ()


def test_a_router_is_recognised_by_what_it_is_integrated_with():
    other = without(FULL, "gnocchi-mysql-router")
    app = other.applications["gnocchi"]
    database = (*app.integrations, JujuIntegration("shared-db", "router", "shared-db"))
    other = changed(other, "gnocchi", integrations=database)
    after = made(Model({**other.applications, "router": Application("router", "mysql-router")}))
    assert after.additions == ()
    assert links(after.missing) == ["router:db-router mysql-innodb-cluster:db-router"]


def test_every_application_of_compute_hosts_gets_agents():
    more = Model({**FULL.applications, "compute": Application("compute", "nova-compute")})
    after = made(more)
    assert after.additions == ()
    assert links(after.missing) == [
        "ceilometer-agent:nova-ceilometer compute:nova-ceilometer",
        "compute:amqp rabbitmq-server:amqp",
    ]
    assert after.notes == ()


def test_of_several_applications_the_one_with_the_usual_name_is_taken_and_that_is_told():
    more = {**FULL.applications, "a-cache": Application("a-cache", "memcached")}
    after = made(cut(Model(more), "gnocchi", "coordinator-memcached"))
    assert links(after.missing) == ["gnocchi:coordinator-memcached memcached:cache"]
    assert after.notes == ("Memcached: there are memcached, a-cache; memcached is taken",)


def test_of_several_applications_the_one_that_the_stack_uses_is_taken():
    more = {**FULL.applications, "a-cache": Application("a-cache", "memcached")}
    after = made(Model(more))
    assert after.missing == ()
    assert after.notes == ()


def test_a_keystone_in_another_model_is_taken_for_given():
    there = without(FULL, "keystone", "keystone-mysql-router")
    app = there.applications["telemetry-coordinator"]
    related = (
        *app.integrations,
        JujuIntegration("identity-credentials", "identity", "identity-credentials"),
    )
    after = made(changed(there, "telemetry-coordinator", integrations=related))
    assert after.additions == ()
    assert "gnocchi:identity-service identity:identity-service" in links(after.missing)
    assert not [link for link in after.missing if link.one.startswith("identity:")]


def test_what_another_model_offers_is_taken_for_given():
    there = without(FULL, "vault", "vault-mysql-router")
    after = made(msgspec.structs.replace(there, remote={"vault": RemoteApplication("vault")}))
    assert after.additions == ()
    assert links(after.missing) == ["barbican-vault:secrets-storage vault:secrets"]


def test_a_release_that_is_not_the_models_own_is_told():
    after = made(without(FULL, "watcher"), plan.Wishes(channel=platforms.parse("2024.1")))
    assert after.notes == ("The model's own charms are for 2023.2, not for 2024.1",)


def test_the_models_own_channel_is_the_default():
    after = made(without(FULL, "watcher", "watcher-mysql-router"), plan.Wishes())
    assert {app.name: app.channel for app in after.additions} == {
        "watcher": "2023.2/stable",
        "watcher-mysql-router": "8.0/stable",
    }


def test_a_channel_of_the_model_that_is_not_known_is_no_default():
    odd = changed(without(FULL, "watcher"), "keystone", channel="2099.1/edge")
    assert made(odd, plan.Wishes()).additions[0].channel == "2023.2/stable"


# ceilometer-upgrade


def test_a_new_ceilometer_will_ask_for_its_action():
    assert made(Model()).asks == ("ceilometer",)


def test_a_ceilometer_that_asks_is_told():
    unit = Unit("ceilometer/0", CharmStatus(JujuLevel.BLOCKED, f"{REQUEST} on the leader"))
    assert made(changed(FULL, "ceilometer", units=(unit,))).asks == ("ceilometer",)


# A model that cannot be seen

US = Application(
    "coordinator",
    "telemetry-coordinator",
    integrations=(
        JujuIntegration("identity-credentials", "identity"),
        JujuIntegration("metric-service", "gnocchi"),
        JujuIntegration("member", "aodh"),
    ),
)
BLIND = plan.Wishes("coordinator", channel=CHANNEL, whole=False)


def test_the_clouds_own_applications_are_taken_for_given():
    after = made(Model({US.name: US}), BLIND)
    assert not set(names(after.additions)) & BASE
    assert not [name for name in names(after.additions) if name.startswith(("keystone", "vault"))]


def test_what_relations_tell_is_there():
    after = made(Model({US.name: US}), BLIND)
    assert not {"gnocchi", "aodh"} & set(names(after.additions))
    assert {"ceilometer", "barbican", "memcached"} <= set(names(after.additions))


def test_names_that_relations_tell_are_used():
    found = links(made(Model({US.name: US}), BLIND).missing)
    assert "ceilometer:identity-credentials identity:identity-credentials" in found
    assert "coordinator:identity-notifications identity:identity-notifications" in found
    assert "coordinator:identity-credentials identity:identity-credentials" not in found


def test_a_member_is_no_other_member():
    found = links(made(Model({US.name: US}), BLIND).missing)
    assert "coordinator:member ceilometer:juju-info" in found


# Placement


def test_units_of_new_applications_are_placed_in_turn():
    after = made(Model(), msgspec.structs.replace(WHOLE, placement=("lxd:0", "lxd:1")))
    placed = [place for app in after.additions for place in app.to]
    assert placed[:4] == ["lxd:0", "lxd:1", "lxd:0", "lxd:1"]
    assert all(len(app.to) == app.units for app in after.additions if app.charm != "nova-compute")


def test_compute_hosts_are_put_nowhere():
    after = made(Model(), msgspec.structs.replace(WHOLE, placement=("lxd:0",)))
    assert next(app for app in after.additions if app.charm == "nova-compute").to == ()


@pytest.mark.parametrize(
    ("text", "placement"),
    [("", ()), ("3", ("3",)), (" lxd:0, lxd ,0", ("lxd:0", "lxd", "0"))],
)
def test_placement_is_written_as_for_juju_deploy(text: str, placement: tuple[str, ...]):
    assert plan.parse_placement(text) == placement


@pytest.mark.parametrize(
    "text", [",", "0,", "lxd:", "kvm:1", "01", "1/lxd/2", "0;reboot", "lxd:0 lxd:1"]
)
def test_other_placement_is_refused(text: str):
    with pytest.raises(ValueError, match="use machines such as 3, lxd:3 or lxd"):
        plan.parse_placement(text)


def test_a_cloud_without_vault_has_a_plan_without_it():
    changes = "{barbican: null, barbican-vault: null, vault: null}"
    after = made(Model(), changes=changes)
    assert not {app.charm for app in after.applications} & {"vault", "barbican", "barbican-vault"}
    assert not any("vault" in link.other for link in (*after.missing, *after.optional))
