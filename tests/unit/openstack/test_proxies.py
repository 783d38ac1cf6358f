import pytest

from coordinator.openstack import urls
from coordinator.openstack.proxies import Proxies, Proxy


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


@pytest.mark.parametrize(
    ("no_proxy", "host", "direct"),
    [
        ("", "gnocchi.example.com", False),
        ("*", "gnocchi.example.com", True),
        ("example.com", "gnocchi.example.com", True),
        (".example.com", "gnocchi.example.com", True),
        ("example.com", "example.com", True),
        ("example.com", "badexample.com", False),
        ("EXAMPLE.com", "gnocchi.Example.com", True),
        ("gnocchi.example.com:8041", "gnocchi.example.com", True),
        ("gnocchi.example.com:9", "gnocchi.example.com", False),
        ("192.0.2.0/24", "192.0.2.30", True),
        ("198.51.100.0/24, 192.0.2.30", "192.0.2.30", True),
        ("192.0.2", "192.0.2.30", False),
        ("192.0.2.0/99", "192.0.2.30", False),
        ("2001:db8::/32", "2001:db8::30", True),
        ("[2001:db8::30]", "2001:db8::30", True),
        ("2001:db8::/32", "192.0.2.30", False),
        (",,", "gnocchi.example.com", False),
    ],
)
def test_no_proxy_names_what_is_reached_directly(no_proxy: str, host: str, direct: bool):
    proxies = Proxies("http://192.0.2.9:3128", "http://192.0.2.9:3129", no_proxy)
    found = proxies.find(urls.Url("http", host, 8041, "/"))
    assert found == (None if direct else Proxy("192.0.2.9", 3128, {}))


def test_each_scheme_has_its_proxy():
    proxies = Proxies(https="192.0.2.9:3129")
    assert proxies.find(urls.parse("http://gnocchi.example.com")) is None
    assert proxies.find(urls.parse("https://gnocchi.example.com")) == Proxy("192.0.2.9", 3129, {})


def test_no_password_of_a_proxy_is_shown():
    proxies = Proxies.from_environment({"http_proxy": "http://us:correct-horse@192.0.2.9:1"})
    proxy = proxies.find(urls.parse("http://192.0.2.30:8041"))
    shown = f"{proxies!r} {proxy!r}"
    assert "correct" not in shown
    assert "Basic" not in shown
