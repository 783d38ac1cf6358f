from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.openstack import catalog, urls
from coordinator.openstack.catalog import Endpoint, Entry, Located, Missing
from coordinator.report.finding import Cause

URL = "http://192.0.2.30:8041"


def entry(*endpoints: Endpoint, type_: str = "metric", name: str = "gnocchi") -> Entry:
    return Entry(type_, name, endpoints)


def endpoint(url: str = URL, interface: str = "internal", region: str = "RegionOne") -> Endpoint:
    return Endpoint(interface, region, url)


def locate(*entries: Entry, interface: str = "internal", region: str = "RegionOne") -> Any:
    return catalog.locate(entries, "metric", "gnocchi", interface, region)


def test_a_catalog_of_keystone_is_read():
    found = catalog.parse(
        [
            {
                "type": "metric",
                "name": "gnocchi",
                "id": "1",
                "endpoints": [
                    {"interface": "public", "region": "R", "region_id": "R", "url": URL, "id": "2"}
                ],
            }
        ]
    )
    assert found == (Entry("metric", "gnocchi", (Endpoint("public", "R", URL),)),)


@pytest.mark.parametrize(
    "service", [{}, {"type": None, "name": None, "endpoints": None}, {"endpoints": []}]
)
def test_fields_that_are_absent_become_empty(service: dict[str, Any]):
    assert catalog.parse([service]) == (Entry("", "", ()),)


def test_the_region_may_come_without_its_id():
    (found,) = catalog.parse([{"type": "metric", "endpoints": [{"region": "R", "url": URL}]}])
    assert found.endpoints[0].region == "R"


def test_the_endpoint_of_interface_and_region_is_found():
    service = entry(
        endpoint("http://192.0.2.1:1", interface="public"),
        endpoint("http://192.0.2.1:2", region="RegionTwo"),
        endpoint(URL),
    )
    assert locate(service) == Located(URL)


def test_any_region_will_do_when_none_is_wanted():
    assert locate(entry(endpoint(region="Elsewhere")), region="") == Located(URL)


def test_a_slash_at_the_end_of_an_endpoint_is_left_out():
    assert locate(entry(endpoint(f"{URL}/"))) == Located(URL)


def test_a_service_that_nobody_registered_is_not_in_the_catalog():
    found = locate(entry(endpoint(), type_="alarming"))
    assert found == Missing(Cause.NOT_IN_CATALOG, "is not in the service catalog")


def test_a_service_without_endpoints_is_told_apart_from_a_missing_one():
    assert locate(entry()).cause is Cause.NO_INTERFACE


def test_an_endpoint_in_another_region_only_names_that_region():
    found = locate(entry(endpoint(region="RegionTwo")))
    assert found.cause is Cause.NO_REGION
    assert found.available == ("RegionTwo",)
    assert "RegionOne (it has RegionTwo)" in found.text


@pytest.mark.parametrize(
    ("count", "listed"),
    [
        (4, "R1, R2, R3, R4"),
        (5, "R1, R2, R3, R4, R5"),
        (6, "R1, R2, R3, R4, R5 and 1 more"),
        (8, "R1, R2, R3, R4, R5 and 3 more"),
    ],
)
def test_five_regions_are_listed_and_the_others_counted(count: int, listed: str):
    regions = [endpoint(region=f"R{number}") for number in range(1, count + 1)]
    assert f"(it has {listed})" in locate(entry(*regions)).text


def test_an_internal_only_service_names_its_interface():
    found = locate(entry(endpoint()), interface="public")
    assert found.cause is Cause.NO_INTERFACE
    assert found.available == ("internal",)


def test_interfaces_of_other_regions_are_not_offered():
    service = entry(endpoint(), endpoint(interface="public", region="RegionTwo"))
    assert locate(service, interface="public").available == ("internal",)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "192.0.2.30:8041",
        "ftp://192.0.2.30",
        "http://",
        "http://:8041",
        "http://[2001:db8::30",
        "http://2001:db8::30:8041",
        "http://192.0.2.30:http",
        "http://192.0.2.30:99999",
        "http://192.0.2.30:0",
        "http://$(public_bind_host)s:8041",
        "http://192.0.2.30:8041/v1/%(tenant_id)s",
        "http://192.0.2.30 :8041",
        "http://192.0.2.30:8041/\x00",
        "http://192.0.2.30:8041/\x1b[31m",
        "http://192.0.2.30:8041/\ud800",
        "http://192.0.2.30\n:8041",
        "http://user:secret@192.0.2.30:8041",
        "http://192.0.2.30:8041?x=y",
        "http://192.0.2.30:8041/#x",
        "http://192.0.2.30\\@192.0.2.31:8041",
        f"http://192.0.2.30:8041/{'a' * 2000}",
    ],
)
def test_a_malformed_endpoint_is_told(url: str):
    assert locate(entry(endpoint(url))).cause is Cause.BAD_URL


@pytest.mark.parametrize(
    "url", [URL, "https://gnocchi.example.com", "http://[2001:db8::30]:8041", f"{URL}/metric"]
)
def test_ordinary_urls_have_no_problem(url: str):
    assert urls.fault_of(url) == ""


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]:8041", "[::ffff:169.254.0.1]"])
def test_a_link_local_endpoint_is_refused(host: str):
    found = locate(entry(endpoint(f"http://{host}")))
    assert found.cause is Cause.UNSAFE_URL
    assert found.text == "has a link-local internal endpoint, which gets no token"


@pytest.mark.parametrize(
    ("url", "secure", "cause"),
    [
        ("http://192.0.2.30:8041", True, Cause.UNSAFE_URL),
        ("HTTP://192.0.2.30:8041", True, Cause.UNSAFE_URL),
        ("https://192.0.2.30:8041", True, None),
        ("http://192.0.2.30:8041", False, None),
    ],
)
def test_a_token_that_came_by_tls_goes_to_http_with_a_doubt(
    url: str, secure: bool, cause: Cause | None
):
    service = {
        "type": "metric",
        "name": "gnocchi",
        "endpoints": [{"interface": "internal", "region": "RegionOne", "url": url}],
    }
    found = locate(*catalog.parse([service], secure=secure))
    assert found.oddity_cause is cause


@pytest.mark.parametrize("odd", [None, 5, "x", {}])
def test_a_catalog_is_a_list(odd: Any):
    with pytest.raises(TypeError):
        catalog.parse(odd)


@pytest.mark.parametrize("odd", [None, 5, "x", [], [5], {"a": 1}])
def test_what_is_no_text_is_empty(odd: Any):
    service = {"type": odd, "name": odd, "endpoints": [{"interface": odd, "url": odd}, odd]}
    (found,) = catalog.parse([service, odd])[:1]
    assert (found.type or found.name) in ("", "x")


def test_two_services_of_one_type_are_a_doubt():
    found = locate(entry(endpoint()), entry(endpoint(), name="gnocchi-old"))
    assert found.url == URL
    assert found.oddity_cause is Cause.DUPLICATE
    assert "2 entries" in found.oddity
    assert "gnocchi, gnocchi-old" in found.oddity


def test_two_endpoints_where_one_is_wanted_are_a_doubt_and_the_first_is_used():
    found = locate(entry(endpoint(), endpoint("http://192.0.2.31:8041")))
    assert found.oddity_cause is Cause.DUPLICATE
    assert found.url == URL


def test_the_same_endpoint_twice_is_no_doubt():
    assert locate(entry(endpoint(), endpoint())) == Located(URL)


@pytest.mark.parametrize(
    "other",
    [
        entry(name=""),
        entry(endpoint("http://192.0.2.31:8041", region="RegionTwo"), name="gnocchi-two"),
        entry(endpoint("http://192.0.2.31:8041", interface="public")),
    ],
)
def test_an_entry_whose_endpoints_are_all_elsewhere_is_no_doubt(other: Entry):
    assert locate(other, entry(endpoint())) == Located(URL)
    assert locate(entry(endpoint()), other) == Located(URL)


def test_the_name_of_an_entry_that_is_elsewhere_does_not_count():
    elsewhere = entry(endpoint(region="RegionTwo"), name="gnocchi")
    found = locate(elsewhere, entry(endpoint(), name="metrics"))
    assert found.oddity_cause is Cause.BAD_NAME


@pytest.mark.parametrize("name", ["metrics", "a-gnocchi"])
def test_an_unexpected_name_is_a_doubt(name: str):
    found = locate(entry(endpoint(), name=name))
    assert found.oddity_cause is Cause.BAD_NAME
    assert f"'{name}'" in found.oddity


def test_control_characters_do_not_come_in_with_names():
    (found,) = catalog.parse(
        [
            {
                "type": "metric",
                "name": "gnoc\x00chi",
                "endpoints": [{"interface": "inter\x1bnal", "region": "Region\ud800One"}],
            }
        ]
    )
    assert found.name == "gnoc?chi"
    assert found.endpoints == (Endpoint("inter?nal", "Region?One", ""),)


@given(st.text())
def test_any_text_is_a_url_or_has_a_problem(url: str):
    assert isinstance(urls.fault_of(url), str)


JSON_SERVICES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(["metric", "alarming", None]),
            "name": st.none() | st.text(max_size=5),
            "endpoints": st.lists(
                st.fixed_dictionaries(
                    {},
                    optional={
                        "interface": st.sampled_from(["public", "internal", None]),
                        "region_id": st.sampled_from(["RegionOne", "RegionTwo", None]),
                        "url": st.none() | st.sampled_from([URL, "nonsense", "http://$(x)s:1"]),
                    },
                ),
                max_size=3,
            ),
        },
    ),
    max_size=4,
)


@given(JSON_SERVICES)
def test_every_catalog_gives_a_usable_url_or_a_cause(services: list[Any]):
    found = locate(*catalog.parse(services))
    if isinstance(found, Located):
        assert urls.fault_of(found.url) == ""
        assert bool(found.oddity) == bool(found.oddity_cause)
    else:
        assert found.text
