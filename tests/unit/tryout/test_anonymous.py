"""Names and addresses blanked out."""

from __future__ import annotations

import pytest

from tools.tryout.anonymous import Blanker


@pytest.mark.parametrize(
    ("text", "blank"),
    [
        ("refused at http://192.0.2.30:8041/v1", "refused at http://host-1:8041/v1"),
        ("at https://metrics.example.com", "at https://host-1"),
        ("at https://[2001:db8::1]:8041/", "at https://host-1:8041/"),
        ("to 192.0.2.1 and 192.0.2.2, 192.0.2.1", "to address-1 and address-2, address-1"),
        ("to 2001:db8::1", "to address-1"),
        ("from 'compute-07.example.com' for 3 h", "from 'name-1' for 3 h"),
        ("Ceilometer's and Nova's hosts", "Ceilometer's and Nova's hosts"),
        ("at 12:01:02, version 4.6.0.1 x", "at 12:01:02, version address-1 x"),
        ("user joe of joes", "user name-1 of joes"),
        ("id 3f0c1f6e-7a39-4b52-9a51-4c2f9a3f0a11.", "id id-1."),
        (
            "metric.read 2026-11-22T10:00:00Z",
            "metric.read 2026-11-22T10:00:00Z",
        ),
    ],
)
def test_what_names_a_cloud_is_blanked_out(text: str, blank: str):
    assert Blanker(["joe"])(text) == blank


def test_one_thing_has_one_word_in_all_lines():
    blank = Blanker()
    assert blank("http://a.example.com") == blank("http://a.example.com")
    assert blank("http://b.example.com") == "http://host-2"
