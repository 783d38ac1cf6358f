"""Where one running stack lives: what both halves of this package must agree on."""

import dataclasses
import json
import pathlib

SERVERS = ("keystone", "gnocchi", "aodh", "barbican", "watcher")
# RabbitMQ's, Erlang's port mapper's, and that of connections between Erlang nodes.
BROKER_PORTS = ("broker", "epmd", "erlang")
BROKER_ADDRESS = "127.0.0.1"  # RabbitMQ lets its first user in from loopback only
REGION = "RegionOne"
SERVICE_DOMAIN = "service_domain"
SERVICE_PROJECT = "services"
SERVICE_USERS = ("gnocchi", "aodh", "barbican", "ceilometer", "watcher")
# Known to nobody but services on the loopback interface that live as long as a test run.
ADMIN_PASSWORD = "admin-password"
SERVICE_PASSWORD = "service-password"


@dataclasses.dataclass(frozen=True)
class Site:
    """Paths and addresses of one stack; travels to the supervisor as JSON."""

    folder: str
    address: str
    postgres_installation: str
    postgres_folder: str
    postgres_uid: int | None  # None: run as whoever runs the stack
    postgres_gid: int | None
    temporary: tuple[str, ...]  # folders that the supervisor removes at its end

    @classmethod
    def from_json(cls, text: str) -> "Site":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        return cls(**{**fields, "temporary": tuple(fields["temporary"])})

    def to_json(self) -> str:
        """The site as one line."""
        return json.dumps(dataclasses.asdict(self))

    @property
    def root(self) -> pathlib.Path:
        """Everything but PostgreSQL: configuration, sqlite files, logs."""
        return pathlib.Path(self.folder)

    @property
    def home(self) -> pathlib.Path:
        """HOME of the services: oslo.config reads ~/.PROJECT/PROJECT.conf."""
        return self.root / "home"

    @property
    def logs(self) -> pathlib.Path:
        """One file per process."""
        return self.root / "log"

    @property
    def locks(self) -> pathlib.Path:
        """Lock files of oslo.concurrency."""
        return self.root / "lock"

    @property
    def state(self) -> pathlib.Path:
        """What the services keep: sqlite files, keys, Gnocchi's storage."""
        return self.root / "state"

    @property
    def postgres_data(self) -> pathlib.Path:
        """PostgreSQL's data directory."""
        return pathlib.Path(self.postgres_folder) / "data"

    @property
    def postgres_socket(self) -> pathlib.Path:
        """The folder of PostgreSQL's socket (its path must stay short)."""
        return pathlib.Path(self.postgres_folder)

    @property
    def upgrades_socket(self) -> pathlib.Path:
        """Where the daemon `upgrades` is asked, in the one folder whose path is short."""
        return pathlib.Path(self.postgres_folder) / "upgrades"

    def postgres_command(self, name: str) -> str:
        """The path of one of PostgreSQL's programs."""
        return str(pathlib.Path(self.postgres_installation) / "bin" / name)
