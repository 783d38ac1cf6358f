"""The secret of the option juju-access: read, completed and refused."""

import pytest

from coordinator.juju import access
from coordinator.text import Secret

CONTROLLER = "8e5f6e0e-1b7c-4e2c-9d4f-0a1b2c3d4e5f"
MODEL = "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11"
SECRET = {"username": "telemetry-coordinator", "password": "correct-horse"}


@pytest.fixture
def around(ca_pem: str) -> access.Surroundings:
    return access.Surroundings(("192.0.2.1:17070",), ca_pem, CONTROLLER, MODEL, "openstack")


def test_what_the_secret_lacks_juju_tells(around: access.Surroundings, ca_pem: str):
    assert access.parse(SECRET, around) == access.Access(
        username="telemetry-coordinator",
        password=Secret("correct-horse"),
        endpoints=("192.0.2.1:17070",),
        certificate=ca_pem,
        controller=CONTROLLER,
        model=MODEL,
        shown="openstack",
    )


@pytest.mark.parametrize(
    ("given", "endpoints"),
    [
        ("192.0.2.2:17070", ("192.0.2.2:17070",)),
        ("192.0.2.2:17070, juju.example.com:443", ("192.0.2.2:17070", "juju.example.com:443")),
        ("[2001:db8::2]:17070\n192.0.2.2:17070\n", ("[2001:db8::2]:17070", "192.0.2.2:17070")),
    ],
)
def test_endpoints_of_the_secret_win(
    around: access.Surroundings, given: str, endpoints: tuple[str, ...]
):
    assert access.parse({**SECRET, "endpoints": given}, around).endpoints == endpoints


def test_what_the_secret_has_besides_can_be_typed_again(around: access.Surroundings, ca_pem: str):
    more = {"endpoints": "192.0.2.2:17070, 192.0.2.3:17070", "ca-cert": ca_pem, "model": MODEL}
    assert access.parse({**SECRET, **more}, around, "secret:x").extra == (
        f" endpoints=192.0.2.2:17070,192.0.2.3:17070 model={MODEL} ca-cert#file=./ca.pem"
    )


def test_the_model_of_the_secret_wins_and_is_shown(around: access.Surroundings):
    found = access.parse({**SECRET, "model": "admin/telemetry"}, around)
    assert (found.model, found.shown) == ("admin/telemetry", "admin/telemetry")


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        ({}, "it lacks the key username"),
        ({"username": "bob"}, "it lacks the key password"),
        ({"username": "bob", "password": " "}, "it lacks the key password"),
        ({**SECRET, "user": "bob"}, "it has the unknown key user (keys are username, password,"),
        ({**SECRET, "username": "--help"}, "its username is no name of a Juju user"),
        ({**SECRET, "username": "two words"}, "its username is no name of a Juju user"),
        ({**SECRET, "endpoints": "192.0.2.2"}, "its endpoints are not ADDRESS:PORT"),
        ({**SECRET, "endpoints": "https://192.0.2.2:17070"}, "its endpoints are not ADDRESS:PORT"),
        ({**SECRET, "model": "-m"}, "its model is not OWNER/NAME or UUID"),
        ({**SECRET, "model": "a/b/c"}, "its model is not OWNER/NAME or UUID"),
        ({**SECRET, "model": "openstack"}, "its model is not OWNER/NAME or UUID (a NAME alone is"),
        ({**SECRET, "ca-cert": "rubbish"}, "its ca-cert is no PEM certificate"),
    ],
)
def test_what_is_wrong_is_named(around: access.Surroundings, secret: dict[str, str], problem: str):
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is compared
        access.parse(secret, around)
    assert str(raised.value).startswith(problem)
    assert "correct-horse" not in str(raised.value)


@pytest.mark.parametrize(
    ("unknown", "key"), [("endpoints", "endpoints"), ("certificate", "ca-cert")]
)
def test_what_nobody_tells_is_asked_for(ca_pem: str, unknown: str, key: str):
    told = {"endpoints": ("192.0.2.1:17070",), "certificate": ca_pem}
    empty = {"endpoints": (), "certificate": ""}
    known = {**told, unknown: empty[unknown]}
    around = access.Surroundings(**known, controller=CONTROLLER, model=MODEL, shown="openstack")
    with pytest.raises(ValueError, match=f"it lacks the key {key}"):
        access.parse(SECRET, around)


ALL = {**SECRET, "endpoints": "192.0.2.2:17070, 192.0.2.3:17070", "model": "admin/telemetry"}
FILE, HERE = "password#file=./password", "endpoints=192.0.2.2:17070,192.0.2.3:17070"
SAME = f"username=telemetry-coordinator {FILE} {HERE}"
THERE = "model=admin/telemetry"


@pytest.mark.parametrize(
    ("changes", "typed"),
    [
        ({"password": ""}, f"{SAME} {THERE}"),
        ({"username": "a b"}, f"username=USER {FILE} {HERE} {THERE}"),
        ({"username": ""}, f"username=USER {FILE} {HERE} {THERE}"),
        ({"odd": "x"}, f"{SAME} {THERE}"),
        ({"model": "; reboot"}, f"{SAME} model=OWNER/NAME"),
        (
            {"endpoints": "x", "model": "; reboot"},
            f"username=telemetry-coordinator {FILE} endpoints=ADDRESS:PORT model=OWNER/NAME",
        ),
        ({"ca-cert": "x"}, f"{SAME} {THERE} ca-cert#file=./ca.pem"),
    ],
)
def test_the_whole_content_is_typed_anew(
    around: access.Surroundings, changes: dict[str, str], typed: str
):
    with pytest.raises(access.InvalidAccessError) as raised:
        access.parse({**ALL, **changes}, around)
    assert raised.value.content == f" {typed}"


def test_a_controller_that_nobody_names_is_no_fault_of_the_secret(ca_pem: str):
    around = access.Surroundings(("192.0.2.1:17070",), ca_pem, "", MODEL, "openstack")
    with pytest.raises(access.ControllerNotNamedError):
        access.parse(SECRET, around)


def test_the_password_is_not_in_what_python_shows(around: access.Surroundings):
    assert "correct-horse" not in repr(access.parse(SECRET, around))
