"""Tests of what the integration tests stand on; they need no juju.

`recordings` holds what Juju 4.0.14 printed, cut to what is looked at.
"""
