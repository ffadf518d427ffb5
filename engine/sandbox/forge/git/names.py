"""Which names of refs, paths and repositories are names: git's own rules, and GitHub's on top."""

import re

SHA = re.compile(r"[0-9a-f]{40}\Z")
SHORT = re.compile(r"[0-9a-f]{4,40}\Z")
ABSENT = "0" * 40
_REPOSITORY = re.compile(r"[A-Za-z0-9._-]{1,100}\Z")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_PATH_PART = re.compile(r"(?:\.|\.\.|\.git)\Z", re.IGNORECASE)


def is_ref(name: str) -> bool:
    """Would git take this as the full name of a ref (`refs/heads/x`)? See git-check-ref-format(1)."""
    parts = name.split("/")
    return (
        len(parts) > 2
        and parts[0] == "refs"
        and len(name.encode(errors="surrogatepass")) <= 1024
        and not _FORBIDDEN.search(name)
        and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)
        and all(part and not part.startswith(".") and not part.endswith(".lock") for part in parts)
        and not name.endswith((".", "/"))
    )


def is_branch(name: str) -> bool:
    """Is this a name for a branch or tag? One that looks like a commit's (GitHub's GH002) or an option is none."""
    return is_ref(f"refs/heads/{name}") and not SHA.match(name) and not name.startswith("-") and name != "HEAD"


def is_path(path: str) -> bool:
    """May a file of a tree be called so?"""
    return (
        bool(path)
        and "\x00" not in path
        and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in path)
        and not any(not part or _PATH_PART.match(part) for part in path.split("/"))
    )


def is_repository(name: str) -> bool:
    """May a repository be called so?"""
    return bool(_REPOSITORY.match(name)) and name not in (".", "..") and not name.lower().endswith((".git", ".wiki"))
