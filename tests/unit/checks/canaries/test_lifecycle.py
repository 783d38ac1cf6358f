"""How canaries and the left-overs of crashed runs are removed."""

import pytest

from coordinator.checks.canaries import lifecycle
from coordinator.openstack import http
from coordinator.openstack.client import Cloud, Login, Service


def test_time_is_kept_for_the_canary_while_left_overs_are_removed(
    monkeypatch: pytest.MonkeyPatch,
):
    deleted: dict[str, float] = {}

    def delete(service: Service, _path: str, one: str) -> None:
        deleted[one] = service.cloud.deadline.at

    monkeypatch.setattr(Service, "delete", delete)
    whole, patience = http.Deadline(200.0), http.Deadline(100.0)
    with http.Transport() as transport:
        service = Service(
            Cloud(transport, Login("token", lambda _: ""), whole), "http://192.0.2.30:9311"
        )
        with lifecycle.removing(service, "/v1/secrets", "canary", ["left"], patience):
            assert deleted == {"left": 100.0}
    assert deleted == {"left": 100.0, "canary": 200.0}
