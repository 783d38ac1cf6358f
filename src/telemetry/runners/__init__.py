"""Ways to run ceilometer-upgrade."""
