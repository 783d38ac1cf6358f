"""Hook commands about the unit itself: options, status, log, ports, state, actions."""

from __future__ import annotations

import re

from tests.support.agent import hook_context, relation_commands, unit_state

SETTABLE_STATUSES = ("maintenance", "blocked", "waiting", "active")
RESULT_KEY = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
"""A key that action-set takes, between the periods that make results below results."""
RESERVED_RESULT_KEYS = frozenset({"stdout", "stdout-encoding", "stderr", "stderr-encoding"})


def _format_parser(command: str, default: str = "smart", missing: str = "") -> hook_context.Parser:
    parser = hook_context.Parser(command, missing)
    parser.add_argument("--format", default=default)
    return parser


def config_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """All options that are set or have a default (with --all, all), or one of them."""
    parser = _format_parser("config-get")
    parser.add_switch("--all", "-a")
    parser.add_argument("key", nargs="?")
    asked = parser.parse(words)
    unset = dict.fromkeys(context.files.options) if asked.all else {}
    options = {**unset, **context.config}
    answer = options.get(asked.key) if asked.key else dict(sorted(options.items()))
    return hook_context.render(answer, asked.format)


def is_leader(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Whether this unit leads its application."""
    asked = _format_parser("is-leader").parse(words)
    return hook_context.render(context.leader, asked.format)


def status_set(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Set the status of the unit, or with --application, by the leader, of the application."""
    parser = hook_context.Parser("status-set", "invalid args, require <status> [message]")
    parser.add_switch("--application")
    parser.add_argument("status")
    parser.add_argument("message", nargs="?", default="")
    asked = parser.parse(words)
    if asked.status not in SETTABLE_STATUSES:
        choices = " ".join(SETTABLE_STATUSES)
        text = f'invalid status "{asked.status}", expected one of [{choices}]'
        raise hook_context.CommandError(text, code=2)
    status = unit_state.Status(asked.status, asked.message)
    if asked.application:
        context.must_lead("this unit is not the leader")
        context.app_status = status
        context.app_statuses.append(status)
    else:
        context.unit_status = status
        context.statuses.append(status)
    return ""


def status_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """The status of the unit, or with --application, for the leader, of the application."""
    parser = _format_parser("status-get")
    parser.add_switch("--include-data")
    parser.add_switch("--application")
    asked = parser.parse(words)
    if asked.application:
        context.must_lead("finding application status: this unit is not the leader")
    status = context.app_status if asked.application else context.unit_status
    if not asked.include_data:
        short = {"status": status.name} if asked.format != "smart" else status.name
        return hook_context.render(short, asked.format)
    document = _status_document(status)
    if asked.application:
        statuses = {**context.peer_statuses, context.unit: context.unit_status}
        units = {name: _status_document(status) for name, status in statuses.items()}
        document = {"application-status": {**document, "units": units}}
    return hook_context.render(document, asked.format)


def _status_document(status: unit_state.Status) -> dict[str, object]:
    return {"message": status.message, "status": status.name, "status-data": {}}


def juju_log(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Add a line to the log."""
    parser = hook_context.Parser("juju-log")
    parser.add_switch("--debug")
    parser.add_argument("--log-level", "-l", default="INFO")
    parser.add_argument("message", nargs="*")
    asked = parser.parse(words)
    if not asked.message:
        raise hook_context.CommandError("no message specified", code=2)
    level = "DEBUG" if asked.debug else asked.log_level
    context.log.append(unit_state.LogLine(level, " ".join(asked.message)))
    return ""


def application_version_set(
    context: hook_context.HookContext, words: list[str], stdin: bytes
) -> str:
    """Set the workload version."""
    parser = hook_context.Parser("application-version-set", "no version specified")
    parser.add_argument("version")
    context.workload_version = parser.parse(words).version
    return ""


def unit_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """The unit's private or public address: they are one."""
    parser = _format_parser("unit-get")
    parser.add_argument("setting")
    asked = parser.parse(words)
    if asked.setting not in ("private-address", "public-address"):
        raise hook_context.CommandError(f'unknown setting "{asked.setting}"', code=2)
    return hook_context.render(context.address, asked.format)


def state_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """What the charm stored with state-set: null for nothing, "" for an unknown key."""
    parser = _format_parser("state-get")
    parser.add_argument("key", nargs="?")
    asked = parser.parse(words)
    state = context.databags.charm_state
    answer = state.get(asked.key, "") if asked.key else dict(sorted(state.items())) or None
    return hook_context.render(answer, asked.format)


def state_set(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Store values of the charm with the controller."""
    parser = hook_context.Parser("state-set")
    parser.add_argument("--file")
    parser.add_argument("pairs", nargs="*")
    asked = parser.parse(words)
    values = relation_commands.read_values(asked.file, stdin)
    context.databags.charm_state.update({**values, **relation_commands.pairs(asked.pairs)})
    return ""


def state_delete(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Forget a stored value."""
    parser = hook_context.Parser("state-delete")
    parser.add_argument("key")
    context.databags.charm_state.pop(parser.parse(words).key, None)
    return ""


def _port(command: str, words: list[str]) -> str:
    parser = hook_context.Parser(command)
    parser.add_argument("--endpoints")
    parser.add_argument("port")
    port: str = parser.parse(words).port
    return port if "/" in port or port == "icmp" else f"{port}/tcp"


def open_port(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Open a port when the hook succeeds."""
    context.databags.opened_ports.add(_port("open-port", words))
    return ""


def close_port(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Close a port when the hook succeeds."""
    context.databags.opened_ports.discard(_port("close-port", words))
    return ""


def opened_ports(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Ports that are open."""
    parser = _format_parser("opened-ports")
    parser.add_switch("--endpoints")
    asked = parser.parse(words)
    ports = sorted(context.databags.opened_ports)
    named = [f"{port} (*)" for port in ports] if asked.endpoints else ports
    return hook_context.render(named, asked.format)


def resource_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """The path of a resource's file."""
    parser = hook_context.Parser("resource-get")
    parser.add_argument("name")
    name = parser.parse(words).name
    if name not in context.resources:
        raise hook_context.CommandError(
            f"could not download resource: HTTP request failed: getting UUID of resource {name} "
            "for application: resource not found"
        )
    return f"{context.resources[name]}\n"


def juju_reboot(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Ask for a reboot of the machine: noted, never done."""
    parser = hook_context.Parser("juju-reboot")
    parser.add_switch("--now")
    parser.parse(words)
    context.reboot = True
    return ""


def _action(context: hook_context.HookContext) -> unit_state.ActionRun:
    if context.action is None:
        raise hook_context.CommandError("not running an action")
    return context.action


def action_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """The parameters of the action, defaults included, or one of them."""
    params = _action(context).params
    parser = _format_parser("action-get")
    parser.add_argument("key", nargs="?")
    asked = parser.parse(words)
    return hook_context.render(params.get(asked.key) if asked.key else params, asked.format)


def action_set(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Add results; a.b is b below a, and replaces a value of a."""
    parser = hook_context.Parser("action-set")
    parser.add_argument("pairs", nargs="*")
    results: list[tuple[list[str], str]] = []
    for word in parser.parse(words).pairs:
        key, equals, value = word.partition("=")
        if not equals:
            raise _refused(f'argument "{word}" must be of the form key...=value')
        path = key.split(".")
        for part in path:
            if not RESULT_KEY.fullmatch(part):
                raise _refused(
                    f'key "{part}" must start and end with lowercase alphanumeric, '
                    "and contain only lowercase alphanumeric and hyphens"
                )
        if key in RESERVED_RESULT_KEYS:
            raise _refused(f'cannot set reserved action key "{key}"')
        results.append((path, value))
    action = _action(context)
    for path, value in results:
        _set_result(action.results, path, value)
    return ""


def _refused(text: str) -> hook_context.CommandError:
    return hook_context.CommandError(text, code=2)


def _set_result(results: dict[str, object], path: list[str], value: str) -> None:
    *parents, leaf = path
    for parent in parents:
        below = results.get(parent)
        if not isinstance(below, dict):
            below = results[parent] = {}
        results = below
    results[leaf] = value


def action_fail(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Let the action end as failed."""
    parser = hook_context.Parser("action-fail")
    parser.add_argument(
        "message", nargs="?", default="action failed without reason given, check action for errors"
    )
    action = _action(context)
    action.message = parser.parse(words).message
    action.failed = True
    return ""


def action_log(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Add a progress line, seen at once by who runs the action."""
    parser = hook_context.Parser("action-log")
    parser.add_argument("message", nargs="+")
    _action(context).log.append(" ".join(parser.parse(words).message))
    return ""


def storage_list(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """No storage is attached."""
    parser = _format_parser("storage-list")
    parser.add_argument("name", nargs="?")
    return hook_context.render([], parser.parse(words).format)


def storage_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """No storage is attached."""
    raise hook_context.CommandError("no storage instance specified", code=2)


def storage_add(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """No storage can be added: the charm declares none."""
    raise hook_context.CommandError("charm storage not found")


def credential_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Refused, as for an application that was not deployed with --trust."""
    raise hook_context.CommandError("cannot access cloud credentials: permission denied")


COMMANDS = (
    config_get,
    is_leader,
    status_set,
    status_get,
    juju_log,
    application_version_set,
    unit_get,
    state_get,
    state_set,
    state_delete,
    open_port,
    close_port,
    opened_ports,
    resource_get,
    juju_reboot,
    action_get,
    action_set,
    action_fail,
    action_log,
    storage_list,
    storage_get,
    storage_add,
    credential_get,
)
