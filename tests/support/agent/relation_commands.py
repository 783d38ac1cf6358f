"""Hook commands about relations, with the permissions that Juju gives a unit."""

from __future__ import annotations

import ipaddress
import typing

import yaml

from tests.support.agent import hook_context, unit_state

Answer = str
MAC_ADDRESS = "00:16:3e:00:00:01"


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
    if asked.owner == "":
        raise hook_context.CommandError('invalid unit name ""', code=2)
    owner = asked.owner or context.remote_unit
    if not owner and context.relation_id is not None:
        # in hooks that are about the application, such as broken
        owner, asked.app = relation.remote_app, True
    if not owner:
        raise hook_context.CommandError("no unit or application specified", code=2)
    bag = (_app_databag if asked.app else _unit_databag)(context, relation, owner)
    answer = dict(sorted(bag.items())) if asked.key == "-" else bag.get(asked.key)
    return hook_context.render(answer, asked.format)


def _app_databag(
    context: hook_context.HookContext, relation: unit_state.Relation, owner: str
) -> dict[str, str]:
    name = owner.partition("/")[0]
    if name == context.app:
        followers_read = relation.is_peer or context.behaviour.own_data_is_read_by_followers
        if not (followers_read or context.leader):
            raise hook_context.CommandError("permission denied")
        return relation.local_app_data
    if name != relation.remote_app:
        raise hook_context.CommandError(context.behaviour.unknown_application.format(name=name))
    return relation.remote_app_data


def _unit_databag(
    context: hook_context.HookContext, relation: unit_state.Relation, owner: str
) -> dict[str, str]:
    if owner == context.unit:
        return relation.local_unit_data
    if owner not in relation.remote_units:
        raise hook_context.CommandError(context.behaviour.unknown_unit)
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
    for switch in ("--bind-address", "--egress-subnets", "--ingress-address"):
        parser.add_switch(switch)
    parser.add_argument("binding")
    asked = parser.parse(words)
    if asked.r is not None:
        context.relation(asked.r)
    if asked.binding not in context.files.bindings:
        raise hook_context.CommandError(f'no network config found for binding "{asked.binding}"')
    if asked.ingress_address or asked.bind_address:
        return f"{context.address}\n"
    if asked.egress_subnets:
        return f"{context.address}/32\n"
    subnet = ipaddress.ip_interface(f"{context.address}/24").network
    address = {"hostname": context.address, "value": context.address, "cidr": str(subnet)}
    if context.behaviour.network_get_address:
        address |= {"hostname": "", "address": context.address}
    card = {"mac-address": MAC_ADDRESS, "interface-name": "eth0", "addresses": [address]}
    network = {
        "bind-addresses": [card],
        "egress-subnets": [f"{context.address}/32"],
        "ingress-addresses": [context.address],
    }
    return hook_context.render(network, asked.format)


def goal_state(context: hook_context.HookContext, words: list[str], stdin: bytes) -> Answer:
    """The units and relations that should be there: those that are, without the peer relation.

    Units are always active here, and the applications that they are related to joined.
    """
    parser = hook_context.Parser("goal-state")
    parser.add_argument("--format", default="yaml")
    asked = parser.parse(words)
    since = "2026-01-01 00:00:00Z"
    active = {"status": "active", "since": since}
    units = {context.unit: active}
    relations: dict[str, dict[str, dict[str, str]]] = {}
    for relation in context.databags.relations.values():
        there = [
            name
            for name, unit in relation.remote_units.items()
            if relation.is_dying or unit.presence is not unit_state.Presence.GONE
        ]
        if relation.is_peer:
            units |= dict.fromkeys(there, active)
        else:
            goals = relations.setdefault(relation.endpoint, {})
            goals[relation.remote_app] = {"status": "joined", "since": since}
            goals |= dict.fromkeys(there, active)
    document = {"units": dict(sorted(units.items())), "relations": relations}
    return hook_context.render(document, asked.format)


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
