"""Hook commands about secrets: those an operator granted and those the charm made itself."""

from __future__ import annotations

import pathlib
import re
import secrets

from tests.support.agent import hook_context, relation_commands, unit_state

SCHEME = "secret:"
ID = re.compile("[0-9a-v]{20}")
KEY = re.compile("[a-z](-?[a-z0-9]){2,}")
"""A key of a secret's content: three characters or more."""


def find(
    context: hook_context.HookContext, reference: str | None, label: str | None
) -> unit_state.Secret:
    """The secret with this id (with or without its scheme, or as a URI) or this label.

    Raises:
        CommandError: "not found", the words by which ops knows a missing secret.
    """
    if not reference and not label:
        raise hook_context.CommandError("require either a secret URI or label", code=2)
    known = context.databags.secrets
    if not reference:
        found = next((secret for secret in known.values() if secret.label == label), None)
        if found is None:
            text = context.behaviour.secret_label_missing.format(label=label)
            raise hook_context.CommandError(text)
        return found
    name = _name(reference)
    if name not in known:
        raise hook_context.CommandError(context.behaviour.secret_missing.format(id=name))
    return known[name]


def _name(reference: str) -> str:
    name = reference.removeprefix(SCHEME).rsplit("/", 1)[-1]
    if not ID.fullmatch(name):
        raise hook_context.CommandError(f'secret URI "{reference}" not valid', code=2)
    return name


def new_id() -> str:
    """An id with the alphabet and length of Juju's."""
    return secrets.token_hex(10)


def secret_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """The tracked content; --refresh tracks the newest, --peek only shows it."""
    parser = hook_context.Parser("secret-get")
    parser.add_argument("--format", default="yaml")
    parser.add_argument("--label")
    parser.add_switch("--refresh")
    parser.add_switch("--peek")
    parser.add_argument("id", nargs="?")
    parser.add_argument("key", nargs="?")
    asked = parser.parse(words)
    secret = find(context, asked.id, asked.label)
    if not secret.granted:
        text = context.behaviour.secret_refused.format(unit=context.unit)
        raise hook_context.CommandError(text)
    if asked.label:
        secret.label = asked.label
    if asked.refresh or secret.tracked is None:
        secret.tracked = secret.latest
    content = secret.revisions[secret.latest if asked.peek else secret.tracked]
    if asked.key and asked.key not in content:
        raise hook_context.CommandError(f'secret key value "{asked.key}" not found')
    answer = content[asked.key] if asked.key else dict(sorted(content.items()))
    return hook_context.render(answer, asked.format)


def secret_ids(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Secrets that the charm made."""
    parser = hook_context.Parser("secret-ids")
    parser.add_argument("--format", default="smart")
    asked = parser.parse(words)
    owned = [secret.id for secret in context.databags.secrets.values() if secret.owned]
    return hook_context.render(owned or None, asked.format)


def secret_info_get(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """What is known of an own secret, except its content."""
    parser = hook_context.Parser("secret-info-get")
    parser.add_argument("--format", default="yaml")
    parser.add_argument("--label")
    parser.add_argument("id", nargs="?")
    asked = parser.parse(words)
    secret = _owned(context, asked.id, asked.label)
    info = {
        "revision": secret.latest,
        "label": secret.label,
        "description": secret.description,
        "owner": secret.owner,
        "rotation": secret.rotation,
        "expiry": secret.expiry,
    }
    told = {key: value for key, value in info.items() if value or key == "label"}
    return hook_context.render({secret.id: told}, asked.format)


def secret_add(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Make a secret."""
    asked = _content_parser("secret-add").parse(words)
    content = _content(asked.pairs)
    _may_own(context, asked.owner)
    secret = unit_state.Secret(
        id=new_id(),
        revisions={1: content},
        owner=asked.owner,
        tracked=1,
        label=asked.label or "",
        description=asked.description or "",
        rotation=asked.rotate or "never",
        expiry=asked.expire or "",
    )
    context.databags.secrets[secret.id] = secret
    uri = context.behaviour.secret_uri.format(id=secret.id, model=context.model_uuid)
    return f"{uri}\n"


def secret_set(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Change an own secret; new content makes a new revision."""
    parser = _content_parser("secret-set")
    asked = parser.parse(words)
    if not asked.pairs:
        raise hook_context.CommandError("missing secret URI", code=2)
    reference, *content = asked.pairs
    secret = _owned(context, reference, None)
    if content:
        secret.revisions[secret.latest + 1] = _content(content)
    secret.label = asked.label or secret.label
    secret.description = asked.description or secret.description
    secret.rotation = asked.rotate or secret.rotation
    secret.expiry = asked.expire or secret.expiry
    return ""


def secret_remove(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Remove an own secret, or one revision of it."""
    parser = hook_context.Parser("secret-remove")
    parser.add_argument("--revision", type=int)
    parser.add_argument("id")
    asked = parser.parse(words)
    secret = _owned(context, asked.id, None)
    if asked.revision is not None:
        secret.revisions.pop(asked.revision, None)
    if asked.revision is None or not secret.revisions:
        del context.databags.secrets[secret.id]
    return ""


def secret_grant(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Let the other side of a relation read an own secret."""
    secret, grant = _grant("secret-grant", context, words)
    secret.grants.add(grant)
    return ""


def secret_revoke(context: hook_context.HookContext, words: list[str], stdin: bytes) -> str:
    """Take a grant back."""
    secret, grant = _grant("secret-revoke", context, words)
    secret.grants.discard(grant)
    return ""


def _grant(
    command: str, context: hook_context.HookContext, words: list[str]
) -> tuple[unit_state.Secret, tuple[int, str]]:
    parser = hook_context.Parser(command)
    parser.add_argument("--relation", "-r", required=True)
    parser.add_argument("--unit", default="")
    parser.add_argument("id")
    asked = parser.parse(words)
    relation = context.relation(asked.relation)
    return _owned(context, asked.id, None), (relation.id, asked.unit or relation.remote_app)


def _content_parser(command: str) -> hook_context.Parser:
    parser = hook_context.Parser(command)
    for option in ("--label", "--description", "--expire", "--rotate"):
        parser.add_argument(option)
    parser.add_argument("--owner", choices=("application", "unit"), default="application")
    parser.add_argument("pairs", nargs="*")
    return parser


def _content(words: list[str]) -> dict[str, str]:
    """KEY=VALUE or KEY#file=PATH, as ops gives it."""
    content: dict[str, str] = {}
    for key, value in relation_commands.pairs(words).items():
        name, _, kind = key.partition("#")
        if not KEY.fullmatch(name):
            raise hook_context.CommandError(f'key "{name}" not valid', code=2)
        content[name] = pathlib.Path(value).read_text() if kind == "file" else value
    return content


def _owned(
    context: hook_context.HookContext, reference: str | None, label: str | None
) -> unit_state.Secret:
    secret = find(context, reference, label)
    if not secret.owned:
        raise hook_context.CommandError(f'secret "{secret.id}" not found')
    _may_own(context, secret.owner)
    return secret


def _may_own(context: hook_context.HookContext, owner: str) -> None:
    if owner == "application":
        context.must_lead("this unit is not the leader")


COMMANDS = (
    secret_get,
    secret_ids,
    secret_info_get,
    secret_add,
    secret_set,
    secret_remove,
    secret_grant,
    secret_revoke,
)
