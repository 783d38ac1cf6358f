"""Makes a new Keystone's keys, database, and the data model that the keystone charm makes."""

import base64
import importlib
import json
import os
import pathlib
import sys
import traceback

from tests.support.openstack import identity
from tests.support.openstack.inside import site as inside_site


def run(site: inside_site.Site) -> None:
    """Set Keystone up in this process (one import of Keystone instead of four)."""
    sys.argv = ["keystone"]  # Keystone reads it, and must find nothing of ours
    for folder in ("fernet", "credential"):
        _write_keys(site.state / folder)
    _manage("db_sync")
    _manage(
        "bootstrap",
        *("--bootstrap-username", "admin"),
        *("--bootstrap-password", inside_site.ADMIN_PASSWORD),
        *("--bootstrap-project-name", "admin"),
        # The name that the keystone charm gives the role.
        *("--bootstrap-role-name", "Admin"),
        *("--bootstrap-region-id", inside_site.REGION),
    )
    _make_model(identity.Identity(_sender()))


def _write_keys(folder: pathlib.Path) -> None:
    """Write what `keystone-manage fernet_setup` writes, without its wish for a system user."""
    folder.mkdir(mode=0o700, parents=True)
    for name in ("0", "1"):
        handle = os.open(folder / name, os.O_CREAT | os.O_WRONLY, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(base64.urlsafe_b64encode(os.urandom(32)))


def _manage(*words: str) -> None:
    """Run keystone-manage in a fork: it leaves a process unfit to be a server."""
    cli = importlib.import_module("keystone.cmd.cli")
    pid = os.fork()
    if pid == 0:
        try:
            cli.main(argv=["keystone-manage", *words])
            os._exit(0)
        except BaseException:  # noqa: BLE001 - the end of a process: nobody above can report it
            traceback.print_exc()
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if code:
        raise RuntimeError(f"keystone-manage {words[0]} failed")


def _sender() -> identity.Send:
    """Requests to Keystone's own application, called in this process."""
    webob = importlib.import_module("webob")
    wsgi = importlib.import_module("keystone.server.wsgi")
    application = wsgi.initialize_public_application()
    headers = {"Content-Type": "application/json"}

    def send(method: str, path: str, body: identity.Json | None = None) -> identity.Json:
        request = webob.Request.blank(f"/v3{path}", method=method, headers=headers)
        if body is not None:
            request.body = json.dumps(body).encode()
        response = request.get_response(application)
        if response.status_int >= 400:
            raise RuntimeError(f"{method} {path}: {response.status} {response.text}")
        if path == "/auth/tokens":
            headers["X-Auth-Token"] = response.headers["X-Subject-Token"]
        return response.json if response.body else {}

    user = {
        "name": "admin",
        "domain": {"id": "default"},
        "password": inside_site.ADMIN_PASSWORD,
    }
    methods = {"methods": ["password"], "password": {"user": user}}
    scope = {"project": {"name": "admin", "domain": {"id": "default"}}}
    send("POST", "/auth/tokens", {"auth": {"identity": methods, "scope": scope}})
    return send


def _make_model(cloud: identity.Identity) -> None:
    """Service users twice (v3 domain, and Default as for API v2), as the charm's code does."""
    roles = [cloud.ensure_role("Admin"), cloud.ensure_role("service")]
    for domain in ("default", cloud.ensure_domain(inside_site.SERVICE_DOMAIN)):
        project = cloud.ensure_project(inside_site.SERVICE_PROJECT, domain)
        for name in inside_site.SERVICE_USERS:
            user = cloud.ensure_user(name, domain, project, inside_site.SERVICE_PASSWORD)
            cloud.set_roles(user, project, roles)
