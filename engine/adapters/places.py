"""Places that settings name: paths, stores, GitHub. What cannot be one is refused before anybody looks there."""

import os
from typing import NamedTuple

from engine.adapters import mistyped
from engine.errors import failure

_LONGEST_PREFIX = 120  # characters: S3 takes 1,024 bytes, with `storage/port.LONGEST` behind it
_LABEL = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
_PREFIX = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")


class StorePlace(NamedTuple):
    """A directory that `ENGINE_STORE` names."""

    directory: str  # absolute
    shared: bool  # others see it: a person's own directory, or a volume that is said to be shared

    def __str__(self) -> str:
        """The path."""
        return self.directory


class Identity(NamedTuple):
    """Where a job asks who it is, and with what. The second is a secret."""

    url: str
    bearer: str

    def __repr__(self) -> str:
        """Nothing of it."""
        return "Identity()"


class BucketPlace(NamedTuple):
    """A place in S3 that `ENGINE_STORE` names, and how to get there."""

    bucket: str
    prefix: str  # of the keys in it: none, or one that ends with `/`
    region: str | None
    profile: str | None
    role: str | None = None  # in place of a profile, for a job with that identity
    identity: Identity | None = None

    def __str__(self) -> str:
        """As the setting has it."""
        return f"s3:{self.bucket}/{self.prefix}".rstrip("/")


class Forge(NamedTuple):
    """Where GitHub is, and as which App."""

    api_url: str  # without a `/` at its end
    app: str | None

    @property
    def web_url(self) -> str:
        """Where its pages are: beside its API."""
        public = self.api_url == "https://api.github.com"
        return "https://github.com" if public else self.api_url.removesuffix("/api/v3")


def below(home: str, path: str) -> str:
    """`path`, with `~` for what it stands for."""
    return home + path[1:] if path == "~" or path.startswith("~/") else path


def absolute(home: str, name: str, path: str) -> str | None:
    """What decides who or what is believed is never looked for where we happen to be: a branch could bring it."""
    path = below(home, path)
    if path and not os.path.isabs(path):
        write = f"{name}=dir:/…/{path}" if name == "ENGINE_STORE" else f"{name}=/…/{path}"
        reason = f"`{path}` is relative, so a checkout could bring it"
        raise mistyped.refused(name, reason, f"write the whole path: {write}")
    return path or None


class Given(NamedTuple):
    """What else is said about a store."""

    in_job: bool  # of CI: nobody else has a directory of it
    profile: str | None
    taken: str  # the profile that Terraform takes
    region: str | None
    role: str | None
    identity: Identity | None


def store_at(home: str, value: str, given: Given) -> StorePlace | BucketPlace | None:
    """What `ENGINE_STORE` names; None: nothing.

    Raises:
        EngineError: ENG004, it is no place for a store.
    """
    if not value:
        return None
    scheme, colon, rest = value.partition(":")
    if not colon or scheme not in ("dir", "s3"):
        reason = f"`{value}` is neither `dir:PATH` nor `s3:BUCKET/PREFIX`"
        raise mistyped.refused("ENGINE_STORE", reason, mistyped.store(value))
    return _bucket(rest, given) if scheme == "s3" else _directory(home, rest, given)


def _directory(home: str, value: str, given: Given) -> StorePlace:
    path, _, query = value.partition("?")
    if query not in ("", "shared=1", "shared=0"):
        raise failure("ENG004", name="ENGINE_STORE", reason=f"`?{query}` is not `?shared=1`")
    directory = absolute(home, "ENGINE_STORE", path)
    if directory is None or "\0" in directory:
        raise failure("ENG004", name="ENGINE_STORE", reason="`dir:` names no directory")
    return StorePlace(directory, query == "shared=1" or not (given.in_job or query))


def _bucket(value: str, given: Given) -> BucketPlace:
    if value.startswith("//"):
        reason = f"`s3:{value}` is an address, and a store is `s3:BUCKET/PREFIX`"
        raise mistyped.refused("ENGINE_STORE", reason, mistyped.store(f"s3:{value}"))
    bucket, _, prefix = value.partition("/")
    prefix = prefix.removesuffix("/")
    if reason := _no_bucket(bucket) or _no_prefix(prefix):
        raise failure("ENG004", name="ENGINE_STORE", reason=reason)
    if given.profile and given.profile == given.taken:
        reason = f"Terraform takes `{given.taken}` too, and must not reach the store"
        raise failure("ENG004", name="ENGINE_STORE_PROFILE", reason=reason)
    return BucketPlace(
        bucket, prefix and f"{prefix}/", given.region, given.profile, given.role, given.identity if given.role else None
    )


def _no_bucket(name: str) -> str:
    """Why it is no name of a bucket; no text: it is one."""
    labels = name.split(".")
    if not 3 <= len(name) <= 63 or not all(map(_is_label, labels)) or all(label.isdigit() for label in labels):
        return f"`{name}` is no name of a bucket: 3 to 63 of a-z, 0-9, `-` and `.`"
    if name.endswith("--x-s3"):
        return f"`{name}` is a directory bucket, which lists its keys in no order; name a general purpose bucket"
    return ""


def _is_label(label: str) -> bool:
    return bool(label) and _LABEL.issuperset(label) and "-" not in (label[0], label[-1])


def _no_prefix(prefix: str) -> str:
    """Why keys cannot begin so; no text: they can."""
    parts = prefix.split("/") if prefix else []
    if len(prefix) > _LONGEST_PREFIX:
        return f"its prefix has {len(prefix)} characters, at most {_LONGEST_PREFIX} leave room for keys"
    if not all(part and part.strip(".") and _PREFIX.issuperset(part) for part in parts):
        return f"`{prefix}` is no prefix: letters, digits, `.`, `_` and `-`, with `/` between them"
    return ""


def forge_at(url: str) -> str:
    """The URL of GitHub's API.

    Raises:
        EngineError: ENG004, it is no place to send a token to.
    """
    from urllib.parse import urlsplit

    url = url.rstrip("/")
    try:
        parts = urlsplit(url)
        is_url = bool(parts.hostname) and parts.port != 0 and not (parts.query or parts.fragment or "@" in parts.netloc)
    except ValueError:
        is_url = False
    if not is_url or parts.scheme not in ("http", "https"):
        hint = f"write GITHUB_API_URL=https://{url}" if "://" not in url and "." in url else ""
        raise mistyped.refused("GITHUB_API_URL", "it is no URL like https://api.github.com", hint)
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "::1", "localhost"):
        raise failure("ENG004", name="GITHUB_API_URL", reason="without https everybody on the way reads the token")
    return url
