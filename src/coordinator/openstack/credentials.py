"""The coordinator's user in the cloud."""

from __future__ import annotations

import shlex

import msgspec

from coordinator.text import Secret


class Credentials(msgspec.Struct, frozen=True):
    """A user of keystone's v3 API with its project.

    Attributes:
        auth_url: base of the Identity API, ending in `/v3`.
        regions: the cloud's regions, the main one first.
    """

    auth_url: str
    username: str
    password: Secret
    project: str
    user_domain: str
    project_domain: str
    regions: tuple[str, ...]

    @property
    def options(self) -> str:
        """The user and its project, as the openstack client takes them."""
        given = {
            "user": self.username,
            "user-domain": self.user_domain,
            "project": self.project,
            "project-domain": self.project_domain,
        }
        return " ".join(f"--{name} {shlex.quote(value)}" for name, value in given.items())
