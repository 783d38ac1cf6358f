"""The real services under test: Keystone, Gnocchi, Aodh, Barbican and Watcher on loopback."""

from tests.stack.errors import StackError
from tests.stack.release import Release
from tests.stack.stack import Stack
from tests.stack.tls import TlsProxy

__all__ = ["Release", "Stack", "StackError", "TlsProxy"]
