"""The Juju controller, asked through the juju client."""
