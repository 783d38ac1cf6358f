"""Things of the coordinator's own that prove a service by passing through it."""
