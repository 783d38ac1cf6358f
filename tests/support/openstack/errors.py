"""What can go wrong with the stack itself, as opposed to with the code under test."""


class StackError(RuntimeError):
    """The stack could not be built, booted or changed; the message says why and where logs are."""
