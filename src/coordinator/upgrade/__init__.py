"""Whether ceilometer-upgrade has to run, and how it is run."""
