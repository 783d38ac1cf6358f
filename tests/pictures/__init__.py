"""Pictures for the documentation, made by a command and not by hand."""
