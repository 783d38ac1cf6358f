"""The packed charm, run as Juju runs it: its own dispatch as a real process."""
