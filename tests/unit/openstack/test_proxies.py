import pytest

from coordinator.openstack.proxies import Proxies


def test_no_proxies_are_none():
    assert Proxies.from_environment({}) == Proxies()
    assert Proxies().to_environment() == {}


def test_jujus_variables_are_read():
    environ = {
        "JUJU_CHARM_HTTP_PROXY": "http://192.0.2.9:3128",
        "JUJU_CHARM_HTTPS_PROXY": "http://192.0.2.9:3129",
        "JUJU_CHARM_NO_PROXY": "192.0.2.0/24,example.com",
    }
    assert Proxies.from_environment(environ) == Proxies(
        "http://192.0.2.9:3128", "http://192.0.2.9:3129", "192.0.2.0/24,example.com"
    )


@pytest.mark.parametrize("name", ["http_proxy", "HTTP_PROXY"])
def test_the_models_other_proxy_settings_are_read_too(name: str):
    assert Proxies.from_environment({name: "http://192.0.2.9:1"}).http == "http://192.0.2.9:1"


def test_the_charm_proxy_wins():
    environ = {"JUJU_CHARM_HTTP_PROXY": "http://192.0.2.9:1", "http_proxy": "http://192.0.2.9:2"}
    assert Proxies.from_environment(environ).http == "http://192.0.2.9:1"


def test_the_charms_proxies_are_taken_as_a_whole():
    environ = {
        "JUJU_CHARM_HTTPS_PROXY": "http://192.0.2.9:1",
        "http_proxy": "http://192.0.2.9:2",
        "no_proxy": "example.com",
    }
    assert Proxies.from_environment(environ) == Proxies(https="http://192.0.2.9:1")


def test_an_exception_alone_is_the_charms_whole_choice():
    environ = {"JUJU_CHARM_NO_PROXY": "example.com", "https_proxy": "http://192.0.2.9:2"}
    assert Proxies.from_environment(environ) == Proxies(no_proxy="example.com")


def test_an_empty_charm_proxy_is_none():
    environ = {"JUJU_CHARM_NO_PROXY": "", "no_proxy": "example.com"}
    assert Proxies.from_environment(environ).no_proxy == "example.com"


def test_a_child_process_gets_what_is_set():
    proxies = Proxies(http="http://192.0.2.9:1", no_proxy="example.com")
    assert proxies.to_environment() == {
        "http_proxy": "http://192.0.2.9:1",
        "no_proxy": "example.com",
    }
