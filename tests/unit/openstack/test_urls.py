"""URLs and paths with parts that come from elsewhere."""

import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.openstack import urls
from coordinator.openstack.errors import ApiError, UnusableAnswerError


@pytest.mark.parametrize(
    ("url", "place", "path"),
    [
        ("http://192.0.2.30", "http://192.0.2.30", "/"),
        ("http://192.0.2.30:80/a", "http://192.0.2.30", "/a"),
        ("https://192.0.2.30:443", "https://192.0.2.30", "/"),
        ("https://[2001:db8::30]:8041/v1?a=b", "https://[2001:db8::30]:8041", "/v1?a=b"),
        ("http://user:secret@192.0.2.30/", "http://192.0.2.30", "/"),
        ("http://Gnocchi.example.com/a b", "http://gnocchi.example.com", "/a%20b"),
        ("http://b\u00fccher.example.com/", "http://xn--bcher-kva.example.com", "/"),
    ],
)
def test_a_url_is_taken_apart(url: str, place: str, path: str):
    found = urls.parse(url)
    assert (found.place, found.path) == (place, path)


@given(st.text())
def test_any_text_is_a_url_or_none(url: str):
    try:
        found = urls.parse(url)
    except ApiError:
        return
    assert found.path.isascii()
    assert found.path.isprintable()


def test_segments_of_elsewhere_are_quoted():
    path = urls.below("/v1/resource/generic", "../../x?y#z", "metric", "a/b c")
    assert path == "/v1/resource/generic/..%2F..%2Fx%3Fy%23z/metric/a%2Fb%20c"


@pytest.mark.parametrize("segment", ["", ".", "..", "\ud800", None, 5, [], "a" * 3000], ids=repr)
def test_a_segment_that_leads_elsewhere_is_refused(segment: object):
    with pytest.raises(UnusableAnswerError):
        urls.below("/v1/metric", segment)


@given(st.text(min_size=1, max_size=50))
def test_a_segment_stays_one(segment: str):
    try:
        path = urls.below("/v1", segment)
    except UnusableAnswerError:
        return
    assert path.count("/") == 2
    assert urllib.parse.unquote(path.rpartition("/")[2]) == segment


@pytest.mark.parametrize(
    ("host", "link_local"),
    [
        ("169.254.169.254", True),
        ("fe80::1", True),
        ("fe80::1%eth0", True),
        ("::ffff:169.254.0.1", True),
        ("192.0.2.30", False),
        ("169.253.0.1", False),
        ("::1", False),
        ("::ffff:192.0.2.30", False),
        ("2001:db8::30", False),
        ("gnocchi.example.com", False),
        ("", False),
    ],
)
def test_link_local_addresses_are_told(host: str, link_local: bool):
    assert urls.is_link_local(host) is link_local


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://192.0.2.30", "192.0.2.30:443"),
        ("http://Gnocchi.example.com:8041/v1", "gnocchi.example.com:8041"),
        ("http://b\u00fccher.example.com", "xn--bcher-kva.example.com:80"),
        ("http://[", ""),
    ],
)
def test_an_origin_is_the_same_for_a_url_and_for_its_parts(url: str, origin: str):
    assert urls.origin(url) == origin
    if origin:
        assert urls.parse(url).origin == origin
