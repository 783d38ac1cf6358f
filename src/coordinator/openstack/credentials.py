"""The coordinator's user in the cloud."""

from __future__ import annotations

import dataclasses
import shlex


@dataclasses.dataclass(frozen=True)
class Credentials:
    """A user of keystone's v3 API with its project.

    Attributes:
        source: the unit that gave them, such as `keystone/0`.
        auth_url: base of the Identity API, ending in `/v3`.
        regions: the cloud's regions, the main one first.
    """

    source: str
    auth_url: str
    username: str
    password: str = dataclasses.field(repr=False)
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
