"""A stand-in for a Juju controller, and for the `juju` command that talks to it."""
