"""Clouds with a token at hand, for tests that ask services and no keystone."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence

import pytest

from coordinator.openstack import client, errors, http
from coordinator.openstack.proxies import Proxies
from coordinator.report.finding import Cause


def cloud(
    seconds: float = 3, trusted: Sequence[str] = (), proxies: Proxies | None = None
) -> client.Cloud:
    """A cloud without a catalog, good for some seconds, whose token is the only one."""
    transport = http.Transport(trusted, proxies)
    login = client.Login("token", lambda _deadline: "token")
    return client.Cloud(transport, login, http.Deadline.after(seconds))


@contextlib.contextmanager
def failing(cause: Cause, words: str = "") -> Generator[None]:
    """What is asked within must fail in this way."""
    with pytest.raises(errors.ApiError, match=words or None) as raised:
        yield
    assert raised.value.cause is cause
