"""`trusted-keys.yaml`: whose signatures count, for what, and until when."""

from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from engine.core.curve import weakness
from engine.core.moment import is_day, is_moment
from engine.core.schema import check
from engine.core.signature import TrustedKey, TrustedKeys, key_id
from engine.core.source import load_yaml
from engine.errors import EngineError, Errors, Problem

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake

_UNTIL = "write until when: 2027-11-23T00:00:00Z"


def load_trusted_keys(data: bytes, file: str = "trusted-keys.yaml") -> TrustedKeys:
    """The keys of the file, by id.

    Raises:
        EngineError: all that is wrong with it; a file that is not fully right makes nobody trusted.
    """
    try:
        document = load_yaml(data, file)
        if found := check("trusted-keys", document):
            raise EngineError(*map(_told, found))
    except EngineError as error:
        from engine.core.rules.headless import headless  # a failure path: not worth start-up time

        whole = headless(data, file, "trusted-keys", error.problems)
        raise EngineError(whole) if whole else error from None
    errors, keys = Errors(), dict[str, TrustedKey]()
    for number, one in enumerate(document.data["keys"]):
        try:
            public = b64decode(one["public"], validate=True)
        except ValueError:
            public = b""
        if len(public) != 32:
            errors.add("ENG276", document.place("keys", number, "public"))
        elif reason := weakness(public):
            errors.add("ENG286", document.place("keys", number, "public"), reason=reason)
        elif key_id(public) != one["id"]:
            errors.add("ENG277", document.place("keys", number, "id"), id=one["id"], right=key_id(public))
        if one["id"] in keys:
            errors.add("ENG278", document.place("keys", number, "id"), id=one["id"])
        for name in ("expires", "revoked"):
            if name in one and not (is_moment(one[name]) and is_day(one[name])):
                errors.add("ENG279", document.place("keys", number, name), value=one[name])
        called = one.get("name", "")
        before = document.data["keys"][:number] if called else ()
        twice = next((at for at, known in enumerate(before) if known.get("name") == called), None)
        if twice is not None and one["id"] not in keys:  # else it is the same key
            first = f"{file}:{document.place('keys', twice, 'name').line}"
            errors.add("ENG061", document.place("keys", number, "name"), what="key", name=called, first=first)
        keys[one["id"]] = TrustedKey(
            one["id"], public, tuple(one["purposes"]), one["expires"], one.get("revoked"), called
        )
    errors.check()
    return keys


def _told(mistake: "Mistake") -> Problem:
    """A problem, with what the file wants there where that is a list or a moment."""
    one, last = mistake.problem, mistake.path[-1:]
    if one.code == "ENG042" and last in (("expires",), ("revoked",)):
        return one._replace(hint="write since when: 2026-11-23T00:00:00Z" if last == ("revoked",) else _UNTIL)
    if one.code == "ENG042" and last == ("purposes",) and one.place and one.hint.startswith("did you mean"):
        written = one.place.excerpt[one.place.column - 1 : one.place.column - 1 + one.place.length]
        return one._replace(hint=f"write a list: [{', '.join(written.replace(',', ' ').split())}]")
    return one


def entry(key: TrustedKey) -> str:
    """The file that trusts one key: what `engine keys new` prints."""
    rows = "\n".join(f"  {line}" for line in row(key).split("\n"))
    return f"# yaml-language-server: $schema=schemas/trusted-keys.schema.json\nversion: 1\nkeys:\n{rows}"


def row(key: TrustedKey) -> str:
    """One key of the file."""
    called = [f"name: {key.name}"] if key.name else []
    public, purposes = b64encode(key.public).decode(), ", ".join(key.purposes)
    lines = (f"id: {key.id}", *called, f"public: {public}", f"purposes: [{purposes}]", f"expires: {key.expires}")
    return "- " + "\n  ".join(lines)


def to_json(key: TrustedKey) -> dict[str, str | list[str] | None]:
    """A row of the file, for machines."""
    return {
        "name": key.name or None,
        "id": key.id,
        "public": b64encode(key.public).decode(),
        "purposes": list(key.purposes),
        "expires": key.expires,
        "revoked": key.revoked,
    }
