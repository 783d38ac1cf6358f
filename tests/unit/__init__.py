"""Fast tests without services: each stage alone, and the charm under ops.testing."""
