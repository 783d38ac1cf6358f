"""The half of the stack that runs on the interpreter of a release set's own environment."""
