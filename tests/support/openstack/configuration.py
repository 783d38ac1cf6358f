"""Writes the services' configuration files."""

import configparser
import pathlib
from collections.abc import Mapping

from tests.support.openstack import environment
from tests.support.openstack.inside import site as inside_site

_Options = dict[str, dict[str, str]]

# 32 bytes; newer releases have no default, and without it no secret can be stored.
_BARBICAN_KEY = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="


def write(
    site: inside_site.Site,
    tools: environment.Environment,
    ports: Mapping[str, int],
    password_hash_rounds: int,
    evaluation_interval: int,
) -> None:
    """Write ~/.PROJECT/PROJECT.conf of every service, where oslo.config looks for it."""
    keystone = f"http://{site.address}:{ports['keystone']}"
    files = {
        "keystone": _keystone(site, password_hash_rounds),
        "gnocchi": _gnocchi(site, keystone),
        "aodh": _aodh(site, keystone, evaluation_interval),
        "barbican": _barbican(site, keystone, ports["barbican"]),
        "watcher": _watcher(site, keystone),
        "ceilometer": _ceilometer(site, keystone, ports["broker"]),
    }
    for project, options in files.items():
        folder = site.home / f".{project}"
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder / f"{project}.conf", options)
    paste = (tools.folder / "etc/barbican/barbican-api-paste.ini").read_text()
    # Releases differ in naming the project here; without it the filter reads no configuration.
    if "oslo_config_project = barbican" not in _section(paste, "filter:authtoken"):
        head = "[filter:authtoken]\n"
        paste = paste.replace(head, head + "oslo_config_project = barbican\n")
    (site.home / ".barbican" / "barbican-api-paste.ini").write_text(paste)


def set_barbican_key(site: inside_site.Site, *, present: bool) -> None:
    """Give Barbican's configuration its key, or an empty one: left out, older ones have one."""
    path = site.home / ".barbican" / "barbican.conf"
    parser = _parser()
    parser.read(path)
    parser["simple_crypto_plugin"]["kek"] = _BARBICAN_KEY if present else ""
    with path.open("w") as file:
        parser.write(file)


def _section(text: str, name: str) -> str:
    return text.partition(f"[{name}]")[2].partition("\n[")[0]


def _write(path: pathlib.Path, options: _Options) -> None:
    parser = _parser()
    parser.read_dict(options)
    with path.open("w") as file:
        parser.write(file)


def _parser() -> configparser.ConfigParser:
    # An impossible default section: oslo's DEFAULT is a section like any other here.
    return configparser.ConfigParser(default_section="\0", interpolation=None)


def _credentials(keystone: str, user: str) -> dict[str, str]:
    return {
        "auth_type": "password",
        "auth_url": keystone,
        "username": user,
        "password": inside_site.SERVICE_PASSWORD,
        "user_domain_name": inside_site.SERVICE_DOMAIN,
        "project_domain_name": inside_site.SERVICE_DOMAIN,
        "project_name": inside_site.SERVICE_PROJECT,
        "region_name": inside_site.REGION,
    }


def _token_check(keystone: str, user: str) -> dict[str, str]:
    return {
        **_credentials(keystone, user),
        "www_authenticate_uri": keystone,
        "service_token_roles": "service",
        "service_token_roles_required": "true",
    }


def _sqlite(site: inside_site.Site, name: str) -> str:
    """An address with patience, in seconds: busy machines make writers wait for each other."""
    return f"sqlite:///{site.state / name}.sqlite?timeout=60"


def _database(site: inside_site.Site, name: str) -> dict[str, str]:
    return {"connection": _sqlite(site, name), "sqlite_synchronous": "false"}


def _keystone(site: inside_site.Site, password_hash_rounds: int) -> _Options:
    return {
        "database": _database(site, "keystone"),
        "fernet_tokens": {"key_repository": str(site.state / "fernet")},
        "fernet_receipts": {"key_repository": str(site.state / "fernet")},
        "credential": {"key_repository": str(site.state / "credential")},
        "token": {"provider": "fernet"},
        "identity": {"password_hash_rounds": str(password_hash_rounds)},
        "cache": {"enabled": "true", "backend": "dogpile.cache.memory"},
        # Unlike in production, where a change may take a minute to show: tests cannot wait.
        "catalog": {"caching": "false"},
    }


def _gnocchi(site: inside_site.Site, keystone: str) -> _Options:
    return {
        "DEFAULT": {"verbose": "true", "parallel_operations": "2"},
        "api": {"auth_mode": "keystone"},
        "indexer": {"url": f"postgresql://gnocchi@/gnocchi?host={site.postgres_socket}"},
        "storage": {"driver": "file", "file_basepath": str(site.state / "gnocchi")},
        "metricd": {
            "workers": "1",
            "metric_processing_delay": "1",
            "metric_reporting_delay": "60",
            "greedy": "true",
        },
        "keystone_authtoken": _token_check(keystone, "gnocchi"),
    }


def _aodh(site: inside_site.Site, keystone: str, evaluation_interval: int) -> _Options:
    return {
        "DEFAULT": {"transport_url": "fake://"},
        "api": {
            "gnocchi_external_project_owner": inside_site.SERVICE_PROJECT,
            "gnocchi_external_domain_name": inside_site.SERVICE_DOMAIN,
        },
        "database": _database(site, "aodh"),
        "evaluator": {"evaluation_interval": str(evaluation_interval)},
        "oslo_concurrency": {"lock_path": str(site.locks)},
        "keystone_authtoken": _token_check(keystone, "aodh"),
        "service_credentials": {**_credentials(keystone, "aodh"), "interface": "internalURL"},
    }


def _barbican(site: inside_site.Site, keystone: str, port: int) -> _Options:
    return {
        "DEFAULT": {
            "host_href": f"http://{site.address}:{port}",
            "sql_connection": _sqlite(site, "barbican"),  # the older releases read this one
            "db_auto_create": "false",
            "transport_url": "fake://",
        },
        "database": _database(site, "barbican"),
        "secretstore": {"enabled_secretstore_plugins": "store_crypto"},
        "crypto": {"enabled_crypto_plugins": "simple_crypto"},
        "simple_crypto_plugin": {"kek": _BARBICAN_KEY},
        "oslo_policy": {"enforce_scope": "false"},
        "keystone_authtoken": _token_check(keystone, "barbican"),
    }


def _ceilometer(site: inside_site.Site, keystone: str, broker: int) -> _Options:
    return {
        "DEFAULT": {
            "transport_url": f"rabbit://guest:guest@{inside_site.BROKER_ADDRESS}:{broker}/"
        },
        "oslo_concurrency": {"lock_path": str(site.locks)},
        "service_credentials": {
            **_credentials(keystone, "ceilometer"),
            "interface": "internalURL",
        },
    }


def _watcher(site: inside_site.Site, keystone: str) -> _Options:
    return {
        "DEFAULT": {"transport_url": "fake://", "state_path": str(site.root)},
        "database": _database(site, "watcher"),
        "oslo_messaging_notifications": {"driver": "noop"},
        "oslo_concurrency": {"lock_path": str(site.locks)},
        "watcher_clients_auth": _credentials(keystone, "watcher"),
        "keystone_authtoken": _token_check(keystone, "watcher"),
    }
