"""The rehearsal: the charm's main job, played on real services for a person to watch."""
