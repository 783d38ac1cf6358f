"""Fixtures for all tests."""

pytest_plugins = ["tests.support.openstack.fixtures", "tests.support.packing.fixtures"]
