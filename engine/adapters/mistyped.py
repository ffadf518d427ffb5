"""What somebody probably meant by a setting that is none, or by a value that it does not take."""

from collections.abc import Collection, Mapping

from engine.errors import EngineError, failure
from engine.names import distance

_PREFIX = "ENGINE_"
_LIKELY = 1  # slips in a name: two words of ours are only two letters apart
_QUOTES = ("'", '"', "`")


def refuse_names(environ: Mapping[str, str], known: Collection[str]) -> None:
    """A name that is a letter from one of ours, which is not set: that one would be looked for in vain.

    Other names are other people's.

    Raises:
        EngineError: ENG994.
    """
    for name in environ:
        folded = name.upper()
        if folded.startswith(_PREFIX) and name not in known:
            near = next((one for one in known if one not in environ and distance(folded, one) <= _LIKELY), "")
            if near:
                raise failure("ENG994", name=name[:100], near=near)


def refuse_wrapping(name: str, value: str) -> None:
    """White space around a value, and quotes that a shell would have taken off.

    Raises:
        EngineError: ENG004.
    """
    bare = value.strip()
    if value and value[0] in _QUOTES and value[-1] == value[0] and len(value) > 1:
        raise refused(name, "the quotes are part of its value", f"write it without them: {name}={value[1:-1][:200]}")
    if bare != value:
        raise refused(name, "its value begins or ends with white space", f"write it without: {name}={bare[:200]}")


def refused(name: str, reason: str, hint: str = "") -> EngineError:
    """ENG004, with what to write."""
    return failure("ENG004", hint=hint, name=name, reason=reason)


def store(value: str) -> str:
    """What to write for a store that has no form of one; nothing where that is not clear."""
    scheme, colon, rest = value.partition(":")
    if value.startswith(("/", "~/", "file:")):
        return f"write ENGINE_STORE=dir:/{rest.lstrip('/')}" if colon else f"write ENGINE_STORE=dir:{value}"
    if scheme.casefold() in ("dir", "s3", "directory", "path") and colon:
        right = "s3" if scheme.casefold() == "s3" else "dir"
        return f"write ENGINE_STORE={right}:{rest.removeprefix('//') if right == 's3' else rest}"
    if value.startswith("arn:aws:s3:::"):
        return f"write ENGINE_STORE=s3:{value.rpartition(':')[2]}"
    if value.startswith(("./", "../")):
        return f"write the whole path: ENGINE_STORE=dir:/…/{value.rpartition('./')[2]}"
    if value and ":" not in value:
        return f"write ENGINE_STORE=s3:{value[:200]} for a bucket, or ENGINE_STORE=dir:/… for a directory"
    return ""
