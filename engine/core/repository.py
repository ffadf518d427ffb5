"""Names of repositories."""


def is_repository(text: str) -> bool:
    """Could this be one's name, `owner/name`?"""
    owner, _, name = text.partition("/")
    return all(
        part.isascii() and part.strip(".") and part.replace("-", "").replace("_", "").replace(".", "").isalnum()
        for part in (owner, name)
    )


def same_repository(one: str, other: str) -> bool:
    """Do two `owner/name` name one repository? GitHub ignores the case of both; its alphabet is ASCII."""
    return one == other or (one.isascii() and other.isascii() and one.lower() == other.lower())
