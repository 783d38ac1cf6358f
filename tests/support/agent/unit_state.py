"""What a controller knows about one unit: plain values, no behaviour of Juju."""

from __future__ import annotations

import dataclasses
import enum

EXEC = "juju-exec"
"""Name of the action as which Juju runs the script of `juju exec`."""


@dataclasses.dataclass(frozen=True)
class Status:
    """One line of `juju status`: the name (active, blocked, …) and the message."""

    name: str
    message: str = ""


@dataclasses.dataclass(frozen=True)
class LogLine:
    """One line that the charm sent with juju-log."""

    level: str
    message: str


class Presence(enum.Enum):
    """How far a remote unit is in a relation, as this unit has been told by its hooks."""

    COMING = "its joined hook has not run yet"
    MEMBER = "joined"
    LEAVING = "it is gone, and its departed hook has not run yet"
    GONE = "its departed hook has run; its data can still be read"


@dataclasses.dataclass
class Change:
    """A databag's count of changes, and which of them this unit's hooks have been told.

    Juju tells that there is a change, never each of them: three changes bring one hook.
    """

    made: int = 0
    told: int = 0
    telling: int = 0
    """What the hook that runs now is told; what it changes itself comes later."""

    @property
    def is_news(self) -> bool:
        """A changed hook is due."""
        return self.made != self.told


@dataclasses.dataclass
class RemoteUnit:
    """A unit at the other side of a relation."""

    data: dict[str, str]
    presence: Presence = Presence.COMING
    change: Change = dataclasses.field(default_factory=lambda: Change(made=1))


@dataclasses.dataclass
class Relation:
    """One relation of the unit, with all the databags that this unit could ask for.

    In a peer relation the remote application is the own one: its databag is `local_app_data`.
    """

    id: int
    endpoint: str
    remote_app: str
    is_peer: bool = False
    local_unit_data: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    local_app_data: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    remote_app_data: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    remote_units: dict[str, RemoteUnit] = dataclasses.field(default_factory=dict[str, RemoteUnit])
    app_change: Change = dataclasses.field(default_factory=Change)
    is_created: bool = False
    is_dying: bool = False

    @property
    def name(self) -> str:
        """ENDPOINT:ID."""
        return f"{self.endpoint}:{self.id}"

    @property
    def members(self) -> list[str]:
        """The names that relation-list gives."""
        return sorted(
            name for name, unit in self.remote_units.items() if unit.presence is Presence.MEMBER
        )


@dataclasses.dataclass
class Secret:
    """A secret: its revisions by number, who owns it, and how this unit sees it."""

    id: str
    revisions: dict[int, dict[str, str]]
    owner: str = "user"
    granted: bool = True
    tracked: int | None = None
    label: str = ""
    description: str = ""
    rotation: str = "never"
    expiry: str = ""
    grants: set[tuple[int, str]] = dataclasses.field(default_factory=set[tuple[int, str]])

    @property
    def latest(self) -> int:
        """The number of the newest revision."""
        return max(self.revisions)

    @property
    def owned(self) -> bool:
        """Whether the charm itself made this secret."""
        return self.owner != "user"


@dataclasses.dataclass
class Databags:
    """What a hook changes only by succeeding: Juju throws it away when the hook fails."""

    relations: dict[int, Relation] = dataclasses.field(default_factory=dict[int, Relation])
    secrets: dict[str, Secret] = dataclasses.field(default_factory=dict[str, Secret])
    charm_state: dict[str, str] = dataclasses.field(default_factory=dict[str, str])
    opened_ports: set[str] = dataclasses.field(default_factory=set[str])


@dataclasses.dataclass
class ActionRun:
    """One action while it runs."""

    name: str
    id: str
    params: dict[str, object]
    results: dict[str, object] = dataclasses.field(default_factory=dict[str, object])
    log: list[str] = dataclasses.field(default_factory=list[str])
    failed: bool = False
    message: str = ""


@dataclasses.dataclass(frozen=True)
class HookResult:
    """What one run of dispatch did.

    `exit_code` is None when the time limit ended it. Statuses are those set, in their order.
    `written` names the databags whose content this run changed, such as "coordinators:0 app".
    """

    name: str
    exit_code: int | None
    stdout: str
    stderr: str
    seconds: float
    log: tuple[LogLine, ...] = ()
    statuses: tuple[Status, ...] = ()
    app_statuses: tuple[Status, ...] = ()
    commands: tuple[str, ...] = ()
    unit: str = ""
    remote_unit: str = ""
    written: tuple[str, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether Juju would have committed what the hook changed."""
        return self.exit_code == 0

    def text(self) -> str:
        """Everything the run said, for assertions on what must not be said and for messages."""
        lines = [f"{line.level}: {line.message}" for line in self.log]
        statuses = [f"{s.name}: {s.message}" for s in (*self.statuses, *self.app_statuses)]
        return "\n".join([*lines, *statuses, self.stdout, self.stderr])


@dataclasses.dataclass(frozen=True)
class ActionResult:
    """What `juju run` would give back."""

    status: str
    message: str
    results: dict[str, object]
    log: tuple[str, ...]
    hook: HookResult

    @property
    def succeeded(self) -> bool:
        """The action completed. Juju's exit code is another matter: see `exit_code`."""
        return self.status == "completed"

    @property
    def exit_code(self) -> int:
        """With what `juju run` would exit: it looks at the process, not at action-fail."""
        return 0 if self.hook.succeeded else 1


@dataclasses.dataclass(frozen=True)
class DueHook:
    """A hook that Juju is about to run: its name, and what it is about."""

    name: str
    relation_id: int | None = None
    remote_unit: str = ""
    secret_id: str = ""


@dataclasses.dataclass
class Agenda:
    """What Juju still owes the unit, beside what its relations hold.

    `starting` are the hooks of a new unit that have not run yet, except those of relations;
    `ending` are the last hooks of a unit that is removed.
    """

    starting: list[str] = dataclasses.field(default_factory=list[str])
    failed: DueHook | None = None
    elected: bool = False
    secrets: list[str] = dataclasses.field(default_factory=list[str])
    refreshed: bool = False
    config_changes: int = 0
    ending: list[str] = dataclasses.field(default_factory=list[str])
    is_removed: bool = False
