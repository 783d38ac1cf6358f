"""Stands for the gnocchi charm (charm-gnocchi, src/reactive/gnocchi_handlers.py)."""

import hook


def main() -> None:
    """One hook: every unit publishes the URL, as soon as there is one."""
    if hook.is_leaving():
        return
    url = hook.read("config-get")["url"]
    if not url:
        hook.status("waiting", "Incomplete relations: shared-db")
        return
    for relation in hook.relations("metric-service"):
        hook.publish(relation, {"gnocchi_url": url})
    hook.status("active", "Unit is ready")


if __name__ == "__main__":
    main()
