"""Stands for the charms of which only applications, integrations and statuses count."""

import sys

import hook


def main() -> None:
    """One hook: it fails where it is told to, and says what it is told to say."""
    options = hook.read("config-get")
    if options["failing-hook"] == hook.name():
        sys.exit(1)
    if options["workload"]:
        hook.status(options["workload"], options["message"])


if __name__ == "__main__":
    main()
