"""Stands for the ceilometer charm (charm-ceilometer, hooks/ceilometer_utils.py, actions/)."""

import json
import urllib.request

import hook

ASKING = "Run the ceilometer-upgrade action on the leader to initialize ceilometer and gnocchi"


def upgrade(options: dict) -> None:
    """Run the real command; only the leader may remember that, others fail although it ran."""
    with urllib.request.urlopen(options["upgrade-url"], data=b"", timeout=150) as answer:
        ended = json.load(answer)
    if ended["code"]:
        hook.call("action-fail", f"ceilometer-upgrade resulted in an error: {ended['line']}")
        return
    hook.call("action-set", "outcome=success, ceilometer-upgrade completed.")
    if not hook.is_leader():
        hook.call("action-fail", "cannot write leadership settings")
        return
    for relation in hook.relations("cluster"):
        hook.publish(relation, {"ceilometer-upgrade-run": "True"}, app=True)


def upgraded() -> bool:
    """Whether the action ran, as the leader remembers it for all units."""
    found = (hook.own_databag(relation, app=True) for relation in hook.relations("cluster"))
    return any(databag.get("ceilometer-upgrade-run") for databag in found)


def main() -> None:
    """One hook, or the action."""
    if hook.is_leaving():
        return
    options = hook.read("config-get")
    if hook.name() == "ceilometer-upgrade":
        upgrade(options)
    if options["workload-version"]:
        hook.call("application-version-set", options["workload-version"])
    messages = [options["extra-message"]] if options["extra-message"] else []
    if not upgraded():
        messages.append(ASKING)
    hook.status("blocked" if messages else "active", ", ".join(messages) or "Unit is ready")


if __name__ == "__main__":
    main()
