"""RabbitMQ: the installed one, or Debian's packages unpacked beside the environments."""

import dataclasses
import fcntl
import functools
import pathlib
import platform
import shutil
import subprocess
from collections.abc import Mapping

from tests.support.openstack import environment
from tests.support.openstack.errors import StackError
from tests.support.openstack.inside.site import BROKER_ADDRESS, Site

SYSTEM = pathlib.Path("/")
_SERVER = "usr/lib/rabbitmq/lib/rabbitmq_server-*"
_ERLANG = "usr/lib/erlang"
_TIME = 120.0  # seconds for any one command; it is about 35 MB in 20 packages
_PACKAGE = "rabbitmq-server"
_APT_OPTIONS = (
    *("-o", "APT::Sandbox::User="),  # root would download as a user that may not write here
    *("-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=15"),
)
_TOOLS = ("apt-cache", "apt-get", "dpkg")


@dataclasses.dataclass(frozen=True)
class Program:
    """What a process becomes."""

    words: list[str]
    variables: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Installation:
    """RabbitMQ and the Erlang that it runs on."""

    server: pathlib.Path
    erlang: pathlib.Path

    @property
    def _binaries(self) -> pathlib.Path:
        return next(self.erlang.glob("erts-*")) / "bin"

    def epmd(self, ports: Mapping[str, int]) -> Program:
        """Erlang's port mapper in the foreground: left to RabbitMQ, it would outlive it."""
        words = [str(self._binaries / "epmd"), "-address", BROKER_ADDRESS]
        return Program([*words, "-port", str(ports["epmd"])], {})

    def server_program(self, site: Site, ports: Mapping[str, int]) -> Program:
        """RabbitMQ itself, without its scripts: they want a user or root, and stay in between."""
        folder = site.root / "broker"
        interface = ",".join(BROKER_ADDRESS.split("."))
        words = [
            str(self._binaries / "erlexec"),
            *("-noinput", "-boot", "start_sasl", "-s", "rabbit", "boot"),
            *("+S", "1:1", "+P", "100000", "+sbwt", "none"),  # small, and idle when idle
            *("-start_epmd", "false"),
            *("-kernel", "inet_dist_use_interface", f"{{{interface}}}"),
            *("-kernel", "prevent_overlapping_partitions", "false"),
        ]
        variables = {
            "ROOTDIR": str(self.erlang),
            "BINDIR": str(self._binaries),
            "EMU": "beam",
            "PROGNAME": "erl",
            "ERL_LIBS": str(self.server / "plugins"),
            "ERL_EPMD_ADDRESS": BROKER_ADDRESS,
            "ERL_EPMD_PORT": str(ports["epmd"]),
            "SYS_PREFIX": "",
            "RABBITMQ_HOME": str(self.server),
            "RABBITMQ_NODENAME": "stack@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": BROKER_ADDRESS,
            "RABBITMQ_NODE_PORT": str(ports["broker"]),
            "RABBITMQ_DIST_PORT": str(ports["erlang"]),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG_BASE": str(folder),  # it also has a log of its own upgrades
            "ERL_CRASH_DUMP": str(folder / "erl_crash.dump"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_FEATURE_FLAGS_FILE": str(folder / "feature_flags"),
            # None of these is there: the system's own broker may have others.
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        }
        return Program(words, variables)


def ensure() -> Installation:
    """Find RabbitMQ, or fetch it from Debian's archive, as whatever user. Raises StackError."""
    found = _found()
    if isinstance(found, str):
        raise StackError(found)
    return found


def forget() -> None:
    """Look for RabbitMQ again at the next call."""
    _found.cache_clear()


@functools.cache
def _found() -> Installation | str:
    """RabbitMQ, or why there is none: nobody waits twice for an archive out of reach."""
    try:
        return _ensure()
    except StackError as error:
        return str(error)


def _ensure() -> Installation:
    folder = environment.home() / f"rabbitmq-{_system()}"
    for root in (SYSTEM, folder):
        if found := _find(root):
            return found
    missing = [name for name in _TOOLS if shutil.which(name) is None]
    if missing:
        raise StackError(f"no RabbitMQ is installed, and no {missing[0]} to fetch it with")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _find(folder):
            _fetch(folder)
    found = _find(folder)
    if found is None:
        raise StackError(f"no RabbitMQ came with Debian's package {_PACKAGE}")
    return found


def _system() -> str:
    """The distribution's release: packages of another one miss their libraries."""
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        return "unknown"
    return f"{system['ID']}{system.get('VERSION_ID', '')}"


def _find(root: pathlib.Path) -> Installation | None:
    servers = sorted(root.glob(_SERVER))
    erlang = root / _ERLANG
    if servers and any(erlang.glob("erts-*/bin/erlexec")):
        return Installation(servers[-1], erlang)
    return None


def _fetch(folder: pathlib.Path) -> None:
    """Download RabbitMQ and Erlang, which apt verifies, and unpack them, all or nothing."""
    building = folder.with_suffix(".building")
    shutil.rmtree(building, ignore_errors=True)
    unpacked = building / "unpacked"
    unpacked.mkdir(parents=True)
    try:
        options = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks")]
        options += ["--no-replaces", "--no-enhances", "--recurse"]
        names = _run(building, "apt-cache", "depends", *options, _PACKAGE).splitlines()
        wanted = {name for name in names if name.startswith("erlang-")} | {_PACKAGE}
        _run(building, "apt-get", "-qq", *_APT_OPTIONS, "download", *sorted(wanted))
        for package in building.glob("*.deb"):
            _run(building, "dpkg", "-x", str(package), str(unpacked))
            package.unlink()
        _redirect(unpacked / _ERLANG / "bin" / "erl", folder / _ERLANG)
        unpacked.rename(folder)
    except OSError as error:
        raise StackError(f"RabbitMQ cannot be unpacked: {error}") from error
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _redirect(script: pathlib.Path, erlang: pathlib.Path) -> None:
    """Tell Erlang's own start script, which RabbitMQ uses once, where it is now."""
    script.write_text(script.read_text().replace(f"/{_ERLANG}", str(erlang)))


def _run(folder: pathlib.Path, *words: str) -> str:
    try:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, text=True, timeout=_TIME, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StackError(f"no RabbitMQ is installed, and {words[0]} fails: {error}") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason"])[-1]
        raise StackError(f"no RabbitMQ is installed, and {words[0]} fails: {reason}")
    return done.stdout
