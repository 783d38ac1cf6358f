"""What the Juju model says about each system of the stack."""
