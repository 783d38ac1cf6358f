"""Hook commands about relations, with the permissions that Juju gives a unit."""

from __future__ import annotations

import typing

import yaml

from tests.support.agent import hook_context, unit_state

Answer = str


def relation_ids(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """Relations of an endpoint, as ENDPOINT:ID."""
    parser = hook_context.Parser("relation-ids")
    parser.add_argument("--format", default="smart")
    parser.add_argument("endpoint")
    asked = parser.parse(words)
    ids = [
        f"{relation.endpoint}:{relation.id}"
        for relation in context.databags.relations.values()
        if relation.endpoint == asked.endpoint
    ]
    return hook_context.render(ids, asked.format)


def relation_list(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """Remote units that have joined, or with --app the remote application."""
    parser = hook_context.Parser("relation-list")
    parser.add_argument("--format", default="smart")
    parser.add_argument("-r")
    parser.add_switch("--app")
    asked = parser.parse(words)
    relation = context.relation(asked.r)
    answer = relation.remote_app if asked.app else relation.members
    return hook_context.render(answer, asked.format)


def relation_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """A databag of the relation, or one key of it."""
    parser = hook_context.Parser("relation-get")
    parser.add_argument("--format", default="smart")
    parser.add_argument("-r")
    parser.add_switch("--app")
    parser.add_argument("key", nargs="?", default="-")
    parser.add_argument("owner", nargs="?")
    asked = parser.parse(words)
    relation = context.relation(asked.r)
    owner = asked.owner or context.remote_unit
    if not owner:
        raise hook_context.CommandError("no unit id specified", code=2)
    bag = _databag(context, relation, owner, asked.app)
    return hook_context.render(bag if asked.key == "-" else bag.get(asked.key), asked.format)


def _databag(
    context: hook_context.HookContext, relation: unit_state.Relation, owner: str, app: bool
) -> dict[str, str]:
    denied = hook_context.CommandError("permission denied")
    if app:
        name = owner.partition("/")[0]
        if name == context.app:
            # Every unit reads its own application's databag in a peer relation; elsewhere
            # only the leader does (ops, _ModelBackend._relation_is_gone).
            if not (relation.is_peer or context.leader):
                raise denied
            return relation.local_app_data
        if name != relation.remote_app:
            raise denied
        return relation.remote_app_data
    if owner == context.unit:
        return relation.local_unit_data
    if owner not in relation.remote_units:
        raise denied
    return relation.remote_units[owner].data


def relation_set(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """Change the own databag; an empty value removes its key."""
    parser = hook_context.Parser("relation-set")
    parser.add_argument("-r")
    parser.add_switch("--app")
    parser.add_argument("--file")
    parser.add_argument("pairs", nargs="*")
    asked = parser.parse(words)
    relation = context.relation(asked.r)
    if asked.app:
        context.must_lead("cannot write relation settings")
    bag = relation.local_app_data if asked.app else relation.local_unit_data
    values = {**read_values(asked.file, stdin), **pairs(asked.pairs)}
    bag.update(values)
    for key in [key for key, value in values.items() if value == ""]:
        del bag[key]
    return ""


def relation_model_get(
    context: hook_context.HookContext, words: list[str], stdin: bytes
) -> Answer:
    """The model at the other side: this stand-in knows one model only."""
    parser = hook_context.Parser("relation-model-get")
    parser.add_argument("--format", default="smart")
    parser.add_argument("-r")
    asked = parser.parse(words)
    context.relation(asked.r)
    return hook_context.render({"uuid": context.model_uuid}, asked.format)


def network_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """The unit's one address, for every binding that the charm declares."""
    parser = hook_context.Parser("network-get")
    parser.add_argument("--format", default="yaml")
    parser.add_argument("-r")
    parser.add_argument("binding")
    asked = parser.parse(words)
    if asked.r is not None:
        context.relation(asked.r)
    if asked.binding not in context.files.bindings:
        raise hook_context.CommandError(
            f'no network config found for binding "{asked.binding}"', code=1
        )
    subnet = f"{context.address}/32"
    address = {
        "hostname": "",
        "value": context.address,
        "cidr": subnet,
        "address": context.address,
    }
    network = {
        "bind-addresses": [
            {"mac-address": "", "interface-name": "eth0", "addresses": [address]},
        ],
        "egress-subnets": [subnet],
        "ingress-addresses": [context.address],
    }
    return hook_context.render(network, asked.format)


def goal_state(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """The units that should be there: here those that are."""
    parser = hook_context.Parser("goal-state")
    parser.add_argument("--format", default="yaml")
    asked = parser.parse(words)
    goal = {"status": "active", "since": "2026-01-01T00:00:00Z"}
    relations: dict[str, dict[str, dict[str, str]]] = {}
    for relation in context.databags.relations.values():
        names = (relation.remote_app, *relation.remote_units)
        relations.setdefault(relation.endpoint, {}).update(dict.fromkeys(names, goal))
    return hook_context.render(
        {"units": {context.unit: goal}, "relations": relations}, asked.format
    )


def read_values(source: str | None, stdin: bytes) -> dict[str, str]:
    """The mapping given by `--file -` as YAML, of which JSON is a part.

    Raises:
        CommandError: if it is not a mapping of strings to strings.
    """
    if source is None:
        return {}
    if source != "-":
        raise hook_context.CommandError(f"cannot read {source}: only --file - is served", code=2)
    values: typing.Any = yaml.safe_load(stdin) or {}
    if not isinstance(values, dict) or not all(
        isinstance(item, str) for pair in values.items() for item in pair
    ):
        raise hook_context.CommandError("expected a mapping of strings to strings")
    return values


def pairs(words: list[str]) -> dict[str, str]:
    """Words of the form KEY=VALUE.

    Raises:
        CommandError: for a word without `=`.
    """
    for word in words:
        if "=" not in word:
            raise hook_context.CommandError(f'expected "key=value", got "{word}"', code=2)
    return dict(word.split("=", 1) for word in words)


COMMANDS = (
    relation_ids,
    relation_list,
    relation_get,
    relation_set,
    relation_model_get,
    network_get,
    goal_state,
)
