"""Stands for the keystone charm (charm-keystone, hooks/keystone_utils.py)."""

import json

import hook

ADDRESSES = ("auth_host", "auth_port", "auth_protocol")


def credentials(options: dict) -> None:
    """The leader answers who wrote a username; other units publish their address only."""
    databag = json.loads(options["databag"])
    for relation in hook.relations("identity-credentials"):
        asked = any("username" in bag for bag in hook.remote_databags(relation))
        whole = asked and hook.is_leader()
        data = {key: value for key, value in databag.items() if whole or key in ADDRESSES}
        hook.publish(relation, data)


def notifications(options: dict) -> None:
    """Each notification replaces the one before, in the databags of unit and application."""
    key, _, value = options["notification"].partition("=")
    if not key or not hook.is_leader():
        return
    for relation in hook.relations("identity-notifications"):
        for app in (False, True):
            before = hook.own_databag(relation, app=app)
            hook.publish(relation, {**dict.fromkeys(before, ""), key: value}, app=app)


def main() -> None:
    """One hook."""
    if hook.is_leaving():
        return
    options = hook.read("config-get")
    credentials(options)
    notifications(options)
    hook.status("active", "Unit is ready")


if __name__ == "__main__":
    main()
