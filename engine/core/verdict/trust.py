"""`trusted-keys.yaml`: whose signatures count, for what, and until when."""

from base64 import b64decode, b64encode

from engine.core.curve import weakness
from engine.core.moment import is_moment
from engine.core.schema import validate
from engine.core.signature import TrustedKey, TrustedKeys, key_id
from engine.core.source import load_yaml
from engine.errors import Errors


def load_trusted_keys(data: bytes, file: str = "trusted-keys.yaml") -> TrustedKeys:
    """The keys of the file, by id.

    Raises:
        EngineError: all that is wrong with it; a file that is not fully right makes nobody trusted.
    """
    document = load_yaml(data, file)
    validate("trusted-keys", document)
    errors, keys = Errors(), dict[str, TrustedKey]()
    for number, row in enumerate(document.data["keys"]):
        try:
            public = b64decode(row["public"], validate=True)
        except ValueError:
            public = b""
        if len(public) != 32:
            errors.add("ENG276", document.place("keys", number, "public"))
        elif reason := weakness(public):
            errors.add("ENG286", document.place("keys", number, "public"), reason=reason)
        elif key_id(public) != row["id"]:
            errors.add("ENG277", document.place("keys", number, "id"), id=row["id"], right=key_id(public))
        if row["id"] in keys:
            errors.add("ENG278", document.place("keys", number, "id"), id=row["id"])
        for name in ("expires", "revoked"):
            if name in row and not is_moment(row[name]):
                errors.add("ENG279", document.place("keys", number, name), value=row[name])
        keys[row["id"]] = TrustedKey(row["id"], public, tuple(row["purposes"]), row["expires"], row.get("revoked"))
    errors.check()
    return keys


def entry(key: TrustedKey) -> str:
    """The file that trusts one key: what `engine keys new` prints."""
    return (
        "# yaml-language-server: $schema=schemas/trusted-keys.schema.json\n"
        "version: 1\n"
        "keys:\n"
        f"  - id: {key.id}\n"
        f"    public: {b64encode(key.public).decode()}\n"
        f"    purposes: [{', '.join(key.purposes)}]\n"
        f"    expires: {key.expires}"
    )


def to_json(key: TrustedKey) -> dict[str, str | list[str] | None]:
    """A row of the file, for machines."""
    return {
        "id": key.id,
        "public": b64encode(key.public).decode(),
        "purposes": list(key.purposes),
        "expires": key.expires,
        "revoked": key.revoked,
    }
