"""What runs from a checkout alone, and is no part of the charm."""
