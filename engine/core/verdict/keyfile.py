"""The file of trusted keys, changed by a line or three: everything else in it stays, comments and their places too.

Text is changed, then read again: what comes out has to be what was meant, and nothing else. A file that is written in a
way which we would break is refused, never guessed at.
"""

from base64 import b64decode
from collections.abc import Callable, Sequence
from json import dumps

from engine.core.signature import PURPOSES, TrustedKey, TrustedKeys
from engine.core.source import load_yaml
from engine.core.source.document import Document
from engine.core.verdict.trust import entry, load_trusted_keys, row
from engine.errors import EngineError, failure
from engine.names import closest, either

_DER = bytes.fromhex("302a300506032b6570032100")  # what stands before an Ed25519 key in a public key of OpenSSL's form
_BEGIN, _END = b"-----BEGIN PUBLIC KEY-----", b"-----END PUBLIC KEY-----"


def handed_over(data: bytes, file: str, expires: str, purposes: Sequence[str] = ()) -> TrustedKey:
    """The one public key in what `engine keys new` prints, or in OpenSSL's form; `expires` where it does not say.

    Raises:
        EngineError: ENG755, it is something else; a private key above all.
    """
    if b"PRIVATE KEY" in data:
        raise failure("ENG755", file=file, reason="it is a private one")
    if data.strip().startswith(_BEGIN):
        from engine.core.signature import key_id

        public = _public(data, file)
        return TrustedKey(key_id(public), public, tuple(purposes) or PURPOSES[:1], expires, None)
    try:
        whole = data if b"keys:" in data else b"version: 1\nkeys:\n" + data
        keys = [*load_trusted_keys(whole, file).values()]
    except EngineError as error:
        raise failure("ENG755", file=file, reason=f"{error.problems[0].code} {error.problems[0].message}") from None
    if len(keys) != 1:
        raise failure("ENG755", file=file, reason=f"it holds {len(keys)} of them")
    return keys[0]._replace(purposes=tuple(purposes) or keys[0].purposes)


def _public(pem: bytes, file: str) -> bytes:
    try:
        der = b64decode(b"".join(pem.strip().removeprefix(_BEGIN).removesuffix(_END).split()), validate=True)
    except ValueError:
        der = b""
    if not der.startswith(_DER) or len(der) != len(_DER) + 32:
        raise failure("ENG755", file=file, reason="it is no Ed25519 key")
    return der.removeprefix(_DER)


def find(keys: TrustedKeys, name: str, file: str) -> TrustedKey:
    """The key of that name or id.

    Raises:
        EngineError: ENG753, there is none.
    """
    found = [key for key in keys.values() if name in (key.id, key.name)]
    if not found:
        known = [key.name or key.id for key in keys.values()]
        raise failure("ENG753", hint=closest(name, known), file=file, name=name, known=either(known))
    return found[0]


def added(data: bytes | None, key: TrustedKey, file: str) -> bytes:
    """The file with one key more; of None, a new one.

    Raises:
        EngineError: ENG752, the key or its name is there; ENG754.
    """
    if data is None:
        load_trusted_keys(made := f"{entry(key)}\n".encode(), file)  # weak keys are refused here as anywhere
        return made
    before = load_trusted_keys(data, file)
    for known in before.values():
        if known.id == key.id or (key.name and known.name == key.name):
            raise failure("ENG752", file=file, name=known.name or known.id)

    def change(document: Document, lines: list[str]) -> None:
        number = len(document.data["keys"]) - 1
        first = min(document.place("keys", number, field).line for field in document.data["keys"][number])
        last = next(
            (at for at in range(first, len(lines)) if lines[at][:1] not in ("", " ", "#", "-", "\r")), len(lines)
        )
        while last > first and not lines[last - 1].strip():  # empty lines at the end stay at the end
            last -= 1
        indent = lines[first - 1].partition("-")[0]
        lines[last:last] = [f"{indent}{line}" for line in row(key).split("\n")]

    return _changed(data, file, change, {**before, key.id: key})


def revoked(data: bytes, key: TrustedKey, moment: str, reason: str, file: str) -> bytes:
    """The file in which the key counts no more, and why; its entry stays, so that what it signed is known.

    Raises:
        EngineError: ENG757, it is revoked; ENG754.
    """
    if key.revoked:
        raise failure("ENG757", name=key.name or key.id, moment=key.revoked)

    def change(document: Document, lines: list[str]) -> None:
        place = document.place("keys", _number(document, key), "expires", key=True)
        more = [f"revoked: {moment}", *([f"reason: {dumps(reason, ensure_ascii=False)}"] if reason else [])]
        lines[place.line : place.line] = [" " * (place.column - 1) + line for line in more]

    return _changed(data, file, change, {key.id: key._replace(revoked=moment)})


def expiring(data: bytes, key: TrustedKey, moment: str, file: str) -> bytes:
    """The file in which the key counts until `moment`.

    Raises:
        EngineError: ENG754.
    """

    def change(document: Document, lines: list[str]) -> None:
        place = document.place("keys", _number(document, key), "expires")
        text, first = lines[place.line - 1], place.column - 1
        lines[place.line - 1] = text[:first] + text[first:].replace(key.expires, moment, 1)

    return _changed(data, file, change, {key.id: key._replace(expires=moment)})


def _number(document: Document, key: TrustedKey) -> int:
    return next(number for number, one in enumerate(document.data["keys"]) if one["id"] == key.id)


def _changed(data: bytes, file: str, change: Callable[[Document, list[str]], None], keys: TrustedKeys) -> bytes:
    """What `change` makes of the lines, if it reads as before but for `keys`.

    Raises:
        EngineError: ENG754, it does not.
    """
    wanted = {**load_trusted_keys(data, file), **keys}
    lines = data.decode().split("\n")
    if not lines[-1]:
        lines.pop()
    change(load_yaml(data, file), lines)
    made = ("\n".join(lines) + "\n").encode()
    try:
        is_right = load_trusted_keys(made, file) == wanted
    except EngineError:
        is_right = False
    if not is_right:
        raise failure("ENG754", file=file)
    return made
