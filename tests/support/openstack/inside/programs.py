"""What the processes of the stack run. Each function is the whole life of a forked child."""

import importlib
import importlib.metadata
import os
import pathlib
import socket
import sys
from collections.abc import Callable
from typing import Any

from tests.support.openstack.inside import keystone_setup
from tests.support.openstack.inside.site import Site

THREADS = 8


def serve(name: str, listener: socket.socket) -> None:
    """Answer HTTP for one API until the process is ended."""
    waitress = importlib.import_module("waitress")
    # The applications parse sys.argv: give them none of ours.
    sys.argv = [f"{name}-api"]
    waitress.create_server(
        _APPLICATIONS[name](),
        sockets=[listener],
        threads=THREADS,
        ident=name,
        clear_untrusted_proxy_headers=False,
    ).run()


def exit_code(work: Callable[[], None]) -> int:
    """Do the work of a process, tell what it raises, and return the exit code of the process."""
    code = 1
    try:
        work()
        code = 0
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException as error:  # noqa: BLE001 - the end of a process: none above can report it
        sys.excepthook(type(error), error, error.__traceback__)  # programs may have their own
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def command(*words: str) -> None:
    """Run one of the environment's own console commands inside this process."""
    (entry,) = importlib.metadata.entry_points(group="console_scripts", name=words[0])
    sys.argv = list(words)
    result = entry.load()()
    if result:
        raise SystemExit(result)


def fresh_command(*words: str) -> None:
    """Become one of the environment's console commands, with nothing imported yet."""
    _become(str(pathlib.Path(sys.executable).parent / words[0]), *words[1:])


def become(words: list[str], variables: dict[str, str]) -> None:
    """Become any program, with some more variables in its environment."""
    os.environ.update(variables)
    _become(*words)


def postgres(site: Site) -> None:
    """Become the database server (Gnocchi's indexer)."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": site.postgres_folder,
        "max_connections": "60",
        "shared_buffers": "32MB",
        # The data live as long as the tests: nothing is worth a disk's patience.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    words = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
    _execute(site, "postgres", "-D", str(site.postgres_data), *words)


def initdb(site: Site) -> None:
    """Become the program that makes an empty data directory."""
    options = ["-U", "gnocchi", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
    _execute(site, "initdb", "-D", str(site.postgres_data), *options)


def _execute(site: Site, name: str, *words: str) -> None:
    os.chdir(site.postgres_folder)
    _become(site.postgres_command(name), *words)


def _become(program: str, *words: str) -> None:
    os.execv(program, [program, *words])


def _keystone() -> Any:
    return importlib.import_module("keystone.server.wsgi").initialize_public_application()


def _gnocchi() -> Any:
    api = importlib.import_module("gnocchi.cli.api")
    app = importlib.import_module("gnocchi.rest.app")
    return app.load_app(api.prepare_service())


def _aodh() -> Any:
    return importlib.import_module("aodh.api.app").build_wsgi_app(argv=[])


def _barbican() -> Any:
    deploy = importlib.import_module("paste.deploy")
    return deploy.loadapp(f"config:{os.environ['HOME']}/.barbican/barbican-api-paste.ini")


def _watcher() -> Any:
    return importlib.import_module("watcher.api.wsgi").initialize_wsgi_app()


_APPLICATIONS: dict[str, Callable[[], Any]] = {
    "keystone": _keystone,
    "gnocchi": _gnocchi,
    "aodh": _aodh,
    "barbican": _barbican,
    "watcher": _watcher,
}

DAEMONS: dict[str, Callable[[Site], None]] = {
    "metricd": lambda _: command("gnocchi-metricd"),
    "notification": lambda _: command("ceilometer-agent-notification"),
    "evaluator": lambda _: command("aodh-evaluator"),
    "postgres": postgres,
}

TASKS: dict[str, Callable[[Site], None]] = {
    "initdb": initdb,
    "keystone-setup": keystone_setup.run,
    # Four sacks are plenty for one worker; the default of 128 makes metricd scan for long.
    "gnocchi-setup": lambda _: command("gnocchi-upgrade", "--sacks-number", "4"),
    "aodh-setup": lambda _: command("aodh-dbsync"),
    # It insists on choosing a threading model before oslo.messaging, loaded here, chooses another.
    "barbican-setup": lambda _: fresh_command("barbican-manage", "db", "upgrade"),
    "watcher-setup": lambda _: command("watcher-db-manage", "create_schema"),
}

# What several services import: loading it once, before forking, saves each of them the time.
SHARED_MODULES = (
    "alembic",
    "daiquiri",
    "flask",
    "jsonschema",
    "keystoneauth1.identity",
    "keystoneauth1.session",
    "keystonemiddleware.auth_token",
    "numpy",
    "oslo_config.cfg",
    "oslo_db.sqlalchemy.enginefacade",
    "oslo_log.log",
    "oslo_messaging",
    "oslo_middleware",
    "oslo_policy.policy",
    "paste.deploy",
    "pecan",
    "requests",
    "sqlalchemy.orm",
    "stevedore.driver",
    "tenacity",
    "tooz.coordination",
    "waitress",
    "webob",
    "werkzeug",
)
