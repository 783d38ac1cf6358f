"""The real services under test: Keystone, Gnocchi, Aodh, Barbican and Watcher on loopback."""

from tests.support.openstack.errors import StackError
from tests.support.openstack.release import Release
from tests.support.openstack.stack import Stack
from tests.support.openstack.tls import TlsProxy

__all__ = ["Release", "Stack", "StackError", "TlsProxy"]
