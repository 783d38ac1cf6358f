import pytest
from hypothesis import given
from hypothesis import strategies as st

from relations import databags as relations
from tests.unit import databags


def identity(
    *units: relations.Databag, app: relations.Databag | None = None
) -> relations.Identity:
    return relations.identity({f"keystone/{n}": bag for n, bag in enumerate(units)}, app or {})


def gnocchi(*urls: str) -> relations.Gnocchi:
    return relations.gnocchi({f"gnocchi/{n}": {"gnocchi_url": url} for n, url in enumerate(urls)})


# What is written to keystone


def test_without_grants_only_a_user_is_asked_for():
    request = relations.identity_request("coordinator", ())
    assert request == {"username": "coordinator", "requested_grants": ""}


def test_grants_are_joined_by_commas():
    request = relations.identity_request("coordinator", ("reader", "Member"))
    assert request["requested_grants"] == "reader,Member"


# identity-credentials


def test_complete_credentials_are_read():
    (found,) = identity(databags.CREDENTIALS).candidates
    assert found.password == databags.PASSWORD
    assert found.auth_url == "http://192.0.2.20:5000/v3"
    assert found.username == "telemetry-coordinator"
    assert found.password == databags.PASSWORD
    assert found.project == "services"
    assert found.user_domain == found.project_domain == "service_domain"
    assert found.regions == ("RegionOne",)


def test_the_password_is_never_shown():
    assert databags.PASSWORD not in repr(identity(databags.CREDENTIALS))


def test_units_without_credentials_are_passed_over():
    found = identity(databags.ADDRESSES, databags.CREDENTIALS)
    assert [one.password for one in found.candidates] == [databags.PASSWORD]


def test_without_data_there_is_neither_candidate_nor_problem():
    assert identity(databags.ADDRESSES) == relations.Identity()


def test_a_departing_unit_without_data_is_passed_over():
    found = identity({}, databags.CREDENTIALS)
    assert len(found.candidates) == 1


@pytest.mark.parametrize("absent", ["", " ", "None", "__null__"])
@pytest.mark.parametrize(
    "key",
    [
        "credentials_host",
        "credentials_port",
        "credentials_protocol",
        "credentials_username",
        "credentials_password",
        "credentials_project",
    ],
)
def test_credentials_are_incomplete_while_a_needed_value_is_absent(key: str, absent: str):
    assert identity(databags.credentials(**{key: absent})) == relations.Identity()
    assert identity(databags.without(key)) == relations.Identity()


def test_values_that_nobody_needs_may_be_absent():
    bag = databags.credentials(ca_cert="__null__", requested_roles="None", https_keystone="")
    assert len(identity(bag).candidates) == 1


def test_a_stale_leader_leaves_a_second_candidate():
    found = identity(
        databags.credentials(credentials_password="stale"),
        databags.ADDRESSES,
        databags.CREDENTIALS,
    )
    assert [one.password for one in found.candidates] == ["stale", databags.PASSWORD]


def test_candidates_come_in_the_order_of_appearance():
    old = databags.credentials(credentials_password="old")
    found = identity(databags.CREDENTIALS, old, databags.CREDENTIALS)
    assert [one.password for one in found.candidates] == [databags.PASSWORD, "old"]


def test_equal_credentials_of_two_units_are_one_candidate():
    found = identity(databags.CREDENTIALS, databags.CREDENTIALS)
    assert [one.password for one in found.candidates] == [databags.PASSWORD]


def test_units_are_read_in_the_order_of_their_numbers():
    bags = {
        "keystone/10": databags.credentials(credentials_password="ten"),
        "keystone/2": databags.credentials(credentials_password="two"),
    }
    found = relations.identity(bags, {})
    assert [one.password for one in found.candidates] == ["two", "ten"]


@pytest.mark.parametrize("host", ["2001:db8::20", "[2001:db8::20]"])
def test_ipv6_addresses_get_brackets(host: str):
    (found,) = identity(databags.credentials(credentials_host=host)).candidates
    assert found.auth_url == "http://[2001:db8::20]:5000/v3"


def test_https_and_a_virtual_address_are_used_when_they_come():
    bag = databags.credentials(credentials_host="192.0.2.100", credentials_protocol="https")
    (found,) = identity(bag).candidates
    assert found.auth_url == "https://192.0.2.100:5000/v3"


def test_the_admin_address_is_not_used():
    (found,) = identity(databags.CREDENTIALS).candidates
    assert databags.CREDENTIALS["auth_host"] not in found.auth_url


def test_a_list_of_regions_keeps_its_order():
    (found,) = identity(databags.credentials(region="RegionTwo RegionOne")).candidates
    assert found.regions == ("RegionTwo", "RegionOne")


@pytest.mark.parametrize("absent", ["", "None", "__null__"])
def test_an_absent_region_is_none(absent: str):
    (found,) = identity(databags.credentials(region=absent)).candidates
    assert found.regions == ()


def test_old_charms_name_only_one_domain():
    bag = databags.without("credentials_user_domain_name", "credentials_project_domain_name")
    (found,) = identity(bag).candidates
    assert found.user_domain == found.project_domain == "service_domain"


def test_domain_ids_may_be_missing():
    bag = databags.without("credentials_user_domain_id", "credentials_project_domain_id")
    assert len(identity(bag).candidates) == 1


def test_without_any_domain_it_is_the_default_one():
    domains = [key for key in databags.CREDENTIALS if "domain" in key]
    (found,) = identity(databags.without(*domains)).candidates
    assert found.user_domain == found.project_domain == "default"


def test_identity_api_2_is_refused_with_a_remedy():
    domains = [key for key in databags.CREDENTIALS if "domain" in key]
    found = identity({**databags.without(*domains), "api_version": "2"})
    assert found.candidates == ()
    assert "Identity API v2" in found.fault
    assert found.remedy == "juju config keystone preferred-api-version=3"


@pytest.mark.parametrize("version", ["3", "3.0", "3.14", "v3", "v3.0", "3\n", " 3 "])
def test_identity_api_3_is_recognised_in_every_spelling(version: str):
    found = identity(databags.credentials(api_version=version))
    assert len(found.candidates) == 1
    assert found.fault == ""


@pytest.mark.parametrize("version", ["2", "v2", "2.0", "v2.0"])
def test_identity_api_2_is_named_with_one_v(version: str):
    found = identity(databags.credentials(api_version=version))
    number = version.removeprefix("v")
    assert found.fault == f"keystone/0 offers Identity API v{number}, v3 is needed"


def test_an_old_unit_with_api_2_does_not_hide_a_good_one():
    found = identity(databags.credentials(api_version="2"), databags.CREDENTIALS)
    assert [one.password for one in found.candidates] == [databags.PASSWORD]
    assert found.fault == ""


@pytest.mark.parametrize(
    "change",
    [
        {"credentials_protocol": "ftp"},
        {"credentials_port": "five thousand"},
        {"credentials_port": "70000"},
        {"credentials_host": "key stone"},
    ],
)
def test_an_address_that_cannot_be_used_is_a_problem(change: dict[str, str]):
    found = identity(databags.credentials(**change))
    assert found.candidates == ()
    assert found.fault.startswith("keystone/0 sent an address that cannot be used")


def test_the_dialect_of_sunbeam_is_recognised():
    found = identity(databags.ADDRESSES, app=databags.SUNBEAM)
    assert "Sunbeam" in found.fault
    assert found.remedy == "integrate the machine charm keystone"


def test_other_application_data_is_no_dialect():
    assert identity(databags.ADDRESSES, app={"goal": "x"}) == relations.Identity()


def test_complete_credentials_count_more_than_application_data():
    found = identity(databags.CREDENTIALS, app=databags.SUNBEAM)
    assert len(found.candidates) == 1
    assert found.fault == ""


@given(
    st.dictionaries(
        st.sampled_from(sorted(databags.CREDENTIALS)),
        st.text() | st.sampled_from(["None", "__null__", "", "2", "::1", "https"]),
    )
)
def test_whatever_keystone_writes_is_read(changes: dict[str, str]):
    found = identity({**databags.CREDENTIALS, **changes})
    for one in found.candidates:
        assert one.auth_url.startswith(("http://", "https://"))
    assert not (found.candidates and found.fault)


# metric-service


def test_gnocchi_is_not_ready_before_it_publishes_its_url():
    assert relations.gnocchi({"gnocchi/0": databags.ADDRESSES}) == relations.Gnocchi()


@pytest.mark.parametrize("absent", ["", "None", "__null__"])
def test_an_absent_url_of_gnocchi_is_no_problem(absent: str):
    assert gnocchi(absent) == relations.Gnocchi()


@pytest.mark.parametrize(
    "urls",
    [
        ("https://192.0.2.100:8041", "https://192.0.2.100:8041"),
        ("http://192.0.2.31:8041", "", "https://192.0.2.100:8041"),
        ("http://[2001:db8::30]:8041",),
        ("http://192.0.2.30:8041/",),
        ("nonsense", "http://192.0.2.30:8041"),
    ],
)
def test_one_good_url_is_enough(urls: tuple[str, ...]):
    assert gnocchi(*urls) == relations.Gnocchi(ready=True)


@pytest.mark.parametrize(
    "url", ["192.0.2.30:8041", "http://2001:db8::30:8041", "http://", "http://192.0.2.30:port"]
)
def test_a_malformed_url_is_a_problem_that_names_the_unit(url: str):
    found = gnocchi(url)
    assert not found.ready
    assert found.fault.startswith("gnocchi/0 published a URL that cannot be used")


# certificates


def test_vaults_ca_and_chain_are_both_read():
    bag = {**databags.ADDRESSES, "ca": "-- ca --\n", "chain": "-- chain --"}
    assert relations.certificates({"vault/0": bag}) == {"vault/0": "-- ca --\n-- chain --"}


def test_a_sealed_vault_brings_nothing():
    assert relations.certificates({"vault/0": databags.ADDRESSES}) == {}


@pytest.mark.parametrize("absent", ["", "None", "__null__"])
def test_an_absent_chain_is_left_out(absent: str):
    assert relations.certificates({"vault/0": {"ca": "-- ca --", "chain": absent}}) == {
        "vault/0": "-- ca --"
    }


def test_a_chain_that_repeats_the_ca_is_left_out():
    assert relations.certificates({"vault/0": {"ca": "-- ca --", "chain": "-- ca --\n"}}) == {
        "vault/0": "-- ca --"
    }


def test_units_of_vault_with_the_same_ca_are_one_source():
    bags = {f"vault/{n}": {"ca": "-- ca --"} for n in range(3)}
    assert relations.certificates(bags) == {"vault/0": "-- ca --"}
