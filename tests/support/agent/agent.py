"""A stand-in for Juju's unit agent: keeps one unit's state and runs the charm's hooks for real.

No controller and no machine are behind it. What it promises: hook commands answer as Juju's do,
permissions included; what a hook wrote counts only if the hook succeeded; and `settle` runs the
hooks that Juju would run, those that the charm's own writes cause included.
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
    agenda,
    behaviours,
    hook_commands,
    hook_context,
    hook_environment,
    hook_server,
    processes,
    unit_state,
    writes,
)
from tests.support.agent import unit as agent_unit

SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin:/snap/bin"
"""Without /usr/local: the charm must find the python3 of the base it was packed on."""
ROOT = "TELEMETRY_COORDINATOR_ROOT"
"""The charm's variable for another place of the machine's files (src/unit_state.py)."""
MODEL_UUID = hook_environment.MODEL_UUID
BOUND = 60
"""Hooks after which a unit that still has hooks to run counts as restless."""
CommitObserver = collections.abc.Callable[["Agent", unit_state.Databags, list[writes.Write]], None]

PeerStatuses = collections.abc.Callable[[], collections.abc.Mapping[str, unit_state.Status]]
"""Gives the statuses of the application's units by their names."""


class NotSettledError(AssertionError):
    """A unit does not come to rest; the text lists the hooks that ran."""


@typing.final
class Agent(agent_unit.Unit):
    """One unit of a charm, and its agent.

    Remote units and applications are given as plain databags. `settle` runs all hooks that are
    due; `hook`, `relation_event` and `action` run one thing, due or not. Use it as a context
    manager, or call `close`.
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
        juju_version: str = "4.0.14",
        timeout: float = 120,
    ) -> None:
        """Make the unit as `juju deploy` does, before any hook has run.

        Args:
            charm_dir: the unpacked charm; ops keeps its own small database in it.
            app: name of the application.
            unit: number of the unit.
            leader: whether this unit leads; may be changed between hooks.
            environment: variables added to every hook, such as CEILOMETER_UPGRADE_COMMAND. What
                the charm writes for people and for systemd stays in the agent's folder.
            proxies: the model's proxies by kind: http, https, ftp, no.
            resources: paths of the charm's resources by name.
            address: the unit's address.
            juju_version: of the agent: 3.6 and 4.0 are known (behaviours.py).
            timeout: seconds after which a hook is killed.
        """
        behaviour = behaviours.of_version(juju_version)
        super().__init__(charm_dir, app, unit, address, leader=leader, behaviour=behaviour)
        self.history: list[unit_state.HookResult] = []
        self.reboot_requested = False
        self.observer: CommitObserver | None = None
        self.peer_statuses: PeerStatuses = dict
        self._proxies = dict(proxies or {})
        self._resources = dict(resources or {})
        self.juju_version, self._timeout = juju_version, timeout
        self._folder = tempfile.TemporaryDirectory(prefix="juju-")
        self._private = pathlib.Path(self._folder.name)
        self.environment = {ROOT: str(self._private / "root"), **(environment or {})}
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

    # Hooks that are due.

    @property
    def due(self) -> unit_state.DueHook | None:
        """The hook that Juju would run next, or None where the unit is at rest."""
        return agenda.next_hook(self.agenda, self.databags)

    def step(self) -> unit_state.HookResult | None:
        """Run the hook that is due, if one is."""
        due = self.due
        return None if due is None else self._hook(due)

    def settle(self, bound: int = BOUND) -> list[unit_state.HookResult]:
        """Run hooks until none is due. A hook that fails is due again.

        Raises:
            NotSettledError: if more than `bound` hooks would run.
        """
        ran: list[unit_state.HookResult] = []
        while (due := self.due) is not None:
            if len(ran) >= bound:
                raise NotSettledError(restlessness(ran, f"{self.unit} {due.name}"))
            ran.append(self._hook(due))
        return ran

    def deploy(self) -> list[unit_state.HookResult]:
        """Run what every new unit runs, and what that causes, until the unit is at rest."""
        self.start_deployment()
        return self.settle()

    def announce(self, relation_id: int) -> list[unit_state.HookResult]:
        """Tell the charm of a relation: created, then joined and changed for each unit."""
        relation = self.relation(relation_id)
        created = [unit_state.DueHook(f"{relation.endpoint}-relation-created", relation_id)]
        return self._run_relation(relation_id, [] if relation.is_created else created)

    def break_relation(self, relation_id: int) -> list[unit_state.HookResult]:
        """Remove a relation: departed for each of its units, then broken."""
        self.relation(relation_id).is_dying = True
        return self._run_relation(relation_id, [])

    def _run_relation(
        self, relation_id: int, first: list[unit_state.DueHook]
    ) -> list[unit_state.HookResult]:
        """Run what is due in one relation, each hook once, and nothing else."""
        results = [self._hook(due) for due in first]
        tried = set(first)
        while relation_id in self.databags.relations:
            due = next(agenda.hooks_of(self.relation(relation_id)), None)
            if due is None or due in tried:
                break
            tried.add(due)
            results.append(self._hook(due))
        return results

    # Hooks that a test asks for.

    def hook(self, name: str) -> unit_state.HookResult:
        """Run a hook that has no context, such as install or config-changed."""
        return self._hook(unit_state.DueHook(name))

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
        name = f"{self.relation(number).endpoint}-relation-{event}"
        return self._hook(unit_state.DueHook(name, number, unit or ""))

    def secret_event(self, secret_id: str, event: str = "changed") -> unit_state.HookResult:
        """Run secret-EVENT for a secret."""
        secret = self.secret(secret_id)
        return self._hook(unit_state.DueHook(f"secret-{event}", secret_id=secret.id))

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
        return self._task(name, merged, [str(self.charm_dir / "dispatch")])

    def execute(self, script: str) -> unit_state.ActionResult:
        """Run a shell script as `juju exec` does; what it wrote counts even if it fails."""
        params: dict[str, object] = {"command": script, "timeout": 300_000_000_000}
        return self._task(unit_state.EXEC, params, ["/bin/bash", "-c", script])

    def _task(
        self, name: str, params: dict[str, object], command: list[str]
    ) -> unit_state.ActionResult:
        action = unit_state.ActionRun(name, str(next(self._ids) + 1), params)
        hook = self._run(unit_state.DueHook(name), command, action)
        if not hook.succeeded and name != unit_state.EXEC:
            action.failed = True
            action.message = f"exit status {hook.exit_code}" if hook.exit_code else "timed out"
        outputs = {"stdout": hook.stdout, "stderr": hook.stderr}
        return unit_state.ActionResult(
            status="failed" if action.failed else "completed",
            message=action.message,
            results={
                **action.results,
                "return-code": hook.exit_code,
                **{key: text for key, text in outputs.items() if text},
            },
            log=tuple(action.log),
            hook=hook,
        )

    # One run.

    def _hook(self, due: unit_state.DueHook) -> unit_state.HookResult:
        if due.relation_id is not None:
            agenda.enter(self.relation(due.relation_id), due)
        result = self._run(due, [str(self.charm_dir / "dispatch")], None)
        if result.succeeded:
            agenda.mark_told(self.agenda, self.databags, due)
        else:
            self.agenda.failed = due
            self.unit_status = unit_state.Status("error", f'hook failed: "{due.name}"')
        return result

    def _run(
        self,
        due: unit_state.DueHook,
        command: list[str],
        action: unit_state.ActionRun | None,
    ) -> unit_state.HookResult:
        context = hook_context.HookContext(
            app=self.app,
            unit=self.unit,
            leader=self.leader,
            model_uuid=MODEL_UUID,
            address=self.address,
            files=self.files,
            behaviour=self.behaviour,
            config=self.options,
            databags=copy.deepcopy(self.databags),
            resources=self._resources,
            unit_status=self.unit_status,
            app_status=self.app_status,
            workload_version=self.workload_version,
            peer_statuses=self.peer_statuses(),
            relation_id=due.relation_id,
            remote_unit=due.remote_unit,
            action=action,
        )
        before = self.databags
        outcome = self._dispatch(due, command, context)
        is_exec = action is not None and action.name == unit_state.EXEC
        if outcome.exit_code == 0 or is_exec:
            self.databags = context.databags
        self.unit_status, self.app_status = context.unit_status, context.app_status
        self.workload_version = context.workload_version
        self.reboot_requested = self.reboot_requested or context.reboot
        written = writes.between(before, self.databags)
        writes.tell_writer(self.databags, written)
        result = unit_state.HookResult(
            name=due.name,
            exit_code=outcome.exit_code,
            stdout=outcome.stdout,
            stderr=outcome.stderr,
            seconds=outcome.seconds,
            log=tuple(context.log),
            statuses=tuple(context.statuses),
            app_statuses=tuple(context.app_statuses),
            commands=tuple(context.commands),
            unit=self.unit,
            remote_unit=due.remote_unit,
            written=tuple(str(write) for write in written),
        )
        self.history.append(result)
        if self.observer is not None:
            self.observer(self, self.databags, written)
        return result

    def _dispatch(
        self, due: unit_state.DueHook, command: list[str], context: hook_context.HookContext
    ) -> processes.Outcome:
        token = f"{self.unit}-{due.name}-{secrets.token_hex(8)}"
        address = self._private / "agent.socket"
        server = hook_server.HookServer(
            address, token, lambda words, stdin: hook_commands.run(context, words, stdin)
        )
        environment = {
            **hook_environment.make(self, self.path, self.juju_version, self._proxies),
            **self.environment,
            **hook_environment.of_run(self, due, context.action),
            "JUJU_CONTEXT_ID": token,
            "JUJU_AGENT_SOCKET_ADDRESS": str(address),
        }
        with server:
            outcome = processes.run(command, self.charm_dir, environment, self._timeout)
        if server.problems:
            raise agent_unit.AgentError(
                f"a hook command failed inside the agent during {due.name}"
            ) from (server.problems[0])
        return writes.within_quota(outcome, context.databags, context.action)


def restlessness(ran: collections.abc.Sequence[unit_state.HookResult], due: str) -> str:
    """Text about hooks that do not end: each that ran, and what it wrote."""
    lines = [
        f"  {number}. {result.unit} {result.name}"
        + (f" (exit code {result.exit_code})" if not result.succeeded else "")
        + (f" wrote {', '.join(result.written)}" if result.written else "")
        for number, result in enumerate(ran, start=1)
    ]
    return "\n".join([f"not at rest after {len(ran)} hooks, {due} is due:", *lines])
