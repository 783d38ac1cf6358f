"""The questions to each system of the stack, and what its answers mean."""
