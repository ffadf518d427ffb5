"""Names of repositories."""


def same_repository(one: str, other: str) -> bool:
    """Do two `owner/name` name one repository? GitHub ignores the case of both; its alphabet is ASCII."""
    return one == other or (one.isascii() and other.isascii() and one.lower() == other.lower())
