"""What a generated validator raises: only that something is wrong. What it is, `failures` finds out."""


class InvalidError(Exception):
    """The value does not fit its schema."""
