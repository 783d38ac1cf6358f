"""A stand-in for Juju's unit agent: keeps one unit's state and runs the charm's hooks for real.

No controller and no machine are behind it. What it promises: hook commands answer as Juju's do,
permissions included, and what a hook wrote counts only if the hook succeeded.
"""

from __future__ import annotations

import collections.abc
import copy
import pathlib
import secrets
import tempfile
import types
import typing

import jsonschema

from tests.support.agent import (
    hook_commands,
    hook_context,
    hook_server,
    processes,
    secret_commands,
    unit_state,
)
from tests.support.agent import unit as agent_unit

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
"""Without /usr/local: the charm must find the python3 of the base it was packed on."""
MODEL_UUID = "5a0f4e1c-6f0b-4f5e-8d6e-0c2b8f1d7a11"


@typing.final
class Agent(agent_unit.Unit):
    """One unit of a charm, and its agent.

    Remote units and applications are given as plain databags; `hook`, `relation_event` and
    `action` run the charm's own dispatch. Use it as a context manager, or call `close`.
    """

    def __init__(
        self,
        charm_dir: pathlib.Path,
        app: str = "telemetry-coordinator",
        unit: int = 0,
        leader: bool = True,
        *,
        environment: collections.abc.Mapping[str, str] | None = None,
        proxies: collections.abc.Mapping[str, str] | None = None,
        resources: collections.abc.Mapping[str, str] | None = None,
        address: str = "192.0.2.10",
        juju_version: str = "3.6.9",
        timeout: float = 120,
    ) -> None:
        """Make the unit as `juju deploy` does, before any hook has run.

        Args:
            charm_dir: the unpacked charm; ops keeps its own small database in it.
            app: name of the application.
            unit: number of the unit.
            leader: whether this unit leads; may be changed between hooks.
            environment: variables added to every hook, such as CEILOMETER_UPGRADE_COMMAND.
            proxies: the model's proxies by kind: http, https, ftp, no.
            resources: paths of the charm's resources by name.
            address: the unit's address.
            juju_version: what JUJU_VERSION says.
            timeout: seconds after which a hook is killed.
        """
        super().__init__(charm_dir, app, unit, address, leader)
        self.environment = dict(environment or {})
        self.history: list[unit_state.HookResult] = []
        self.reboot_requested = False
        self._proxies = dict(proxies or {})
        self._resources = dict(resources or {})
        self.juju_version, self._timeout = juju_version, timeout
        self._folder = tempfile.TemporaryDirectory(prefix="juju-")
        self._private = pathlib.Path(self._folder.name)
        (self._private / "home").mkdir()
        hook_server.install_tools(self._private / "tools", hook_commands.COMMANDS)

    def __enter__(self) -> Agent:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Remove the agent's private folder; the charm's folder is the caller's."""
        self._folder.cleanup()

    @property
    def path(self) -> str:
        """PATH of the hooks."""
        return f"{self._private / 'tools'}:{SYSTEM_PATH}"

    @property
    def log(self) -> list[unit_state.LogLine]:
        """All that the unit ever sent with juju-log."""
        return [line for result in self.history for line in result.log]

    # Hooks.

    def hook(self, name: str) -> unit_state.HookResult:
        """Run a hook that has no context, such as install or config-changed."""
        return self._run(name, {})

    def relation_event(
        self,
        endpoint: str,
        event: str,
        unit: str | None = None,
        relation_id: int | None = None,
    ) -> unit_state.HookResult:
        """Run ENDPOINT-relation-EVENT: created, joined, changed, departed or broken.

        Joined and changed make the unit a member, departed takes it out first, and a broken
        hook that succeeds removes the relation, as Juju does.
        """
        number = self.relation_id(endpoint) if relation_id is None else relation_id
        relation = self.relation(number)
        if unit is not None:
            gone = event == "departed"
            presence = unit_state.Presence.GONE if gone else unit_state.Presence.MEMBER
            relation.remote_units[unit].presence = presence
        variables = {
            "JUJU_RELATION": relation.endpoint,
            "JUJU_RELATION_ID": f"{relation.endpoint}:{relation.id}",
            "JUJU_REMOTE_APP": relation.remote_app,
            "JUJU_REMOTE_UNIT": unit or "",
            "JUJU_DEPARTING_UNIT": (unit or "") if event == "departed" else "",
        }
        result = self._run(f"{relation.endpoint}-relation-{event}", variables, relation.id)
        if event == "departed" and unit is not None and result.succeeded:
            del self.relation(number).remote_units[unit]
        if event == "broken" and result.succeeded:
            del self.databags.relations[number]
        return result

    def announce(self, relation_id: int) -> list[unit_state.HookResult]:
        """Tell the charm of a new relation: created, then joined and changed for each unit."""
        relation = self.relation(relation_id)
        events = [("created", None)]
        for unit in sorted(relation.remote_units):
            events += [("joined", unit), ("changed", unit)]
        if relation.remote_app_data:
            events.append(("changed", None))
        return [self._relation_hook(relation_id, event, unit) for event, unit in events]

    def break_relation(self, relation_id: int) -> list[unit_state.HookResult]:
        """Remove a relation: departed for each of its units, then broken."""
        relation = self.relation(relation_id)
        events = [("departed", unit) for unit in sorted(relation.remote_units)]
        return [
            self._relation_hook(relation_id, event, unit)
            for event, unit in [*events, ("broken", None)]
        ]

    def secret_event(self, secret_id: str, event: str = "changed") -> unit_state.HookResult:
        """Run secret-EVENT for a secret."""
        secret = secret_commands.find(self.databags, secret_id, None)
        variables = {
            "JUJU_SECRET_ID": f"{secret_commands.SCHEME}{secret.id}",
            "JUJU_SECRET_LABEL": secret.label,
        }
        return self._run(f"secret-{event}", variables)

    def deploy(self) -> list[unit_state.HookResult]:
        """Run what every new unit runs first, in Juju's order."""
        self.unit_status = unit_state.Status("maintenance", "installing charm software")
        first = ["install", *(f"{peer}-relation-created" for peer in self.files.peers)]
        leader = "leader-elected" if self.leader else "leader-settings-changed"
        results: list[unit_state.HookResult] = []
        for name in [*first, leader, "config-changed", "start"]:
            endpoint, is_relation, _ = name.partition("-relation-")
            results.append(
                self.relation_event(endpoint, "created") if is_relation else self.hook(name)
            )
        return results

    def action(
        self, name: str, params: collections.abc.Mapping[str, object] | None = None
    ) -> unit_state.ActionResult:
        """Run an action.

        Raises:
            ValueError: for what `juju run` refuses: no such action, or wrong parameters.
        """
        schema = self.files.action_schema(name)
        given = dict(params or {})
        try:
            jsonschema.validate(given, schema)
        except jsonschema.ValidationError as problem:
            raise ValueError(f"validation failed: {problem.message}") from problem
        merged = {**self.files.action_defaults(name), **given}
        action = unit_state.ActionRun(name, str(next(self._ids) + 1), merged)
        hook = self._run(
            name, {"JUJU_ACTION_NAME": name, "JUJU_ACTION_UUID": action.id}, None, action
        )
        if not hook.succeeded:
            action.failed = True
            action.message = f"exit status {hook.exit_code}" if hook.exit_code else "timed out"
        return unit_state.ActionResult(
            status="failed" if action.failed else "completed",
            message=action.message,
            results=_nested(action.results),
            log=tuple(action.log),
            hook=hook,
        )

    def _relation_hook(
        self, relation_id: int, event: str, unit: str | None
    ) -> unit_state.HookResult:
        endpoint = self.relation(relation_id).endpoint
        return self.relation_event(endpoint, event, unit, relation_id)

    def _run(
        self,
        name: str,
        variables: collections.abc.Mapping[str, str],
        relation_id: int | None = None,
        action: unit_state.ActionRun | None = None,
    ) -> unit_state.HookResult:
        context = hook_context.HookContext(
            app=self.app,
            unit=self.unit,
            leader=self.leader,
            model_uuid=MODEL_UUID,
            address=self.address,
            files=self.files,
            config=dict(self._config),
            databags=copy.deepcopy(self.databags),
            resources=self._resources,
            unit_status=self.unit_status,
            app_status=self.app_status,
            workload_version=self.workload_version,
            relation_id=relation_id,
            remote_unit=variables.get("JUJU_REMOTE_UNIT", ""),
            action=action,
        )
        outcome = self._dispatch(name, variables, context)
        if outcome.exit_code == 0:
            self.databags = context.databags
        self.unit_status, self.app_status = context.unit_status, context.app_status
        self.workload_version = context.workload_version
        self.reboot_requested = self.reboot_requested or context.reboot
        if outcome.exit_code != 0 and action is None:
            self.unit_status = unit_state.Status("error", f'hook failed: "{name}"')
        result = unit_state.HookResult(
            name=name,
            exit_code=outcome.exit_code,
            stdout=outcome.stdout,
            stderr=outcome.stderr,
            seconds=outcome.seconds,
            log=tuple(context.log),
            statuses=tuple(context.statuses),
            app_statuses=tuple(context.app_statuses),
            commands=tuple(context.commands),
        )
        self.history.append(result)
        return result

    def _dispatch(
        self,
        name: str,
        variables: collections.abc.Mapping[str, str],
        context: hook_context.HookContext,
    ) -> processes.Outcome:
        token = f"{self.unit}-{name}-{secrets.token_hex(8)}"
        address = self._private / "agent.socket"
        server = hook_server.HookServer(
            address, token, lambda words, stdin: hook_commands.run(context, words, stdin)
        )
        kind = "hooks" if context.action is None else "actions"
        environment = {
            **self._base_environment(),
            **variables,
            "JUJU_DISPATCH_PATH": f"{kind}/{name}",
            "JUJU_HOOK_NAME": name if context.action is None else "",
            "JUJU_CONTEXT_ID": token,
            "JUJU_AGENT_SOCKET_ADDRESS": str(address),
        }
        with server:
            outcome = processes.run(
                [self.charm_dir / "dispatch"], self.charm_dir, environment, self._timeout
            )
        if server.problems:
            raise agent_unit.AgentError(
                f"a hook command failed inside the agent during {name}"
            ) from (server.problems[0])
        return outcome

    def _base_environment(self) -> dict[str, str]:
        """What Juju 3 gives to every hook (its HookVars), and nothing of our own environment.

        HOME is private: Juju sets none, and then programs would write into the user's own.
        """
        proxies = {
            f"JUJU_CHARM_{kind.upper()}_PROXY": self._proxies.get(kind, "")
            for kind in ("http", "https", "ftp", "no")
        }
        return {
            "PATH": self.path,
            # the machine's own /var/lib and systemd are none of a test's business
            "TELEMETRY_COORDINATOR_ROOT": str(self._private / "root"),
            "HOME": str(self._private / "home"),
            "LANG": "C.UTF-8",
            "TERM": "tmux-256color",
            "DEBIAN_FRONTEND": "noninteractive",
            "APT_LISTCHANGES_FRONTEND": "none",
            "CHARM_DIR": str(self.charm_dir),
            "JUJU_CHARM_DIR": str(self.charm_dir),
            "JUJU_UNIT_NAME": self.unit,
            "JUJU_MODEL_NAME": "openstack",
            "JUJU_MODEL_UUID": MODEL_UUID,
            "JUJU_MACHINE_ID": "0",
            "JUJU_PRINCIPAL_UNIT": "",
            "JUJU_AVAILABILITY_ZONE": "nova",
            "JUJU_API_ADDRESSES": "192.0.2.1:17070",
            "JUJU_VERSION": self.juju_version,
            "JUJU_AGENT_SOCKET_NETWORK": "unix",
            "JUJU_METER_STATUS": "AMBER",
            "JUJU_SLA": "unsupported",
            "CLOUD_API_VERSION": "",
            **proxies,
            **self.environment,
        }


def _nested(results: collections.abc.Mapping[str, str]) -> dict[str, object]:
    """Dotted keys as the nested mapping that `juju run` shows."""
    tree: dict[str, object] = {}
    for key, value in results.items():
        *parents, leaf = key.split(".")
        branch = tree
        for parent in parents:
            child = branch.setdefault(parent, {})
            if not isinstance(child, dict):
                raise agent_unit.AgentError(f"result {key!r} is below the value {parent!r}")
            branch = child
        branch[leaf] = value
    return tree
