"""Decides if ceilometer-upgrade has to run, runs it, and remembers it."""
