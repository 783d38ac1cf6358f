"""Tests on a real Juju controller."""
