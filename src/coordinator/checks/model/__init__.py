"""Findings of the Juju model about the systems of the stack."""
