"""`engine keys add | revoke | rotate`: the file of trusted keys, changed as a person would by hand.

A private half is written to a new file of its own, and never read, printed or kept beside what is reviewed.
"""

import os
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError, ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.signature import TrustedKey

_LARGEST = 1024 * 1024  # bytes of a file of keys; one that is larger is refused as YAML
_SAYS = "what it may sign; may be repeated"


def arguments(verbs: Any) -> None:
    """The three verbs."""
    from engine.core.signature import PURPOSES

    add = verbs.add_parser("add", help="trust a key: write the entry that `engine keys new` prints into the file")
    add.add_argument("entry", metavar="FILE", help="what `engine keys new` printed, or a public key in PEM; - reads it")
    add.add_argument("--purpose", action="append", choices=PURPOSES, help=f"{_SAYS} (default: as the entry says)")
    revoke = verbs.add_parser("revoke", help="say that nothing a key ever signed counts any more; its entry stays")
    revoke.add_argument("name", metavar="NAME", help="its name or id, as `engine keys list` shows them")
    revoke.add_argument("--reason", metavar="TEXT", required=True, help="why: it is written beside the key")
    rotate = verbs.add_parser("rotate", help="make a key that follows another one, which counts on for a while")
    rotate.add_argument("name", metavar="NAME", help="name or id of the one that ends")
    rotate.add_argument("--out", metavar="FILE", required=True, help="the new private key; outside of any repository")
    rotate.add_argument("--until", metavar="DAYS|DATE", default="30d", help="end of the old one (default: 30d)")
    for verb, default in ((add, "as the entry says, else 365d"), (rotate, "365d")):
        name_of(verb)
        verb.add_argument("--expires", metavar="DAYS|DATE", help=f"365d or 2027-11-23 (default: {default})")
    for verb in (add, revoke, rotate):
        file_of(verb)
        verb.add_argument("--json", action="store_true", help="for machines")


def file_of(verb: ArgumentParser) -> None:
    """`--keys`."""
    verb.add_argument("--keys", metavar="FILE", help="the file of trusted keys (default: ENGINE_TRUSTED_KEYS)")


def name_of(verb: ArgumentParser) -> None:
    """`--name`, which is `called`."""
    verb.add_argument("--name", metavar="NAME", dest="called", type=_name, help="what people call it")


def _name(text: str) -> str:
    import re
    from argparse import ArgumentTypeError

    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,63}", text):  # as in schemas/trusted-keys.schema.json
        raise ArgumentTypeError(f"{text!r} is no name: a-z, 0-9, `.`, `_` and `-`, at most 64 of them")
    return text


def add(options: Namespace, console: "Console") -> int:
    """One key more; where there is no file yet, it begins one."""
    from engine.adapters import files
    from engine.adapters.clock import now
    from engine.core.verdict import keyfile

    file, moment = _file(options), now()
    data = sys.stdin.buffer.read(_LARGEST) if options.entry == "-" else _read(options.entry)
    expires = expiry(options.expires or "365d", moment)
    key = keyfile.handed_over(data, options.entry, expires, options.purpose or ())
    key = key._replace(name=options.called or key.name, expires=expires if options.expires else key.expires)
    with files.alone(file):
        _write(file, keyfile.added(_read(file) if os.path.lexists(file) else None, key, file))
    return _told(
        file, [key], f"{key.id} is trusted for {', '.join(key.purposes)} until {key.expires}", options, console
    )


def revoke(options: Namespace, console: "Console") -> int:
    """Nothing that it ever signed counts from now on: a thief can write any date."""
    from engine.adapters import files
    from engine.adapters.clock import now
    from engine.core.verdict import keyfile
    from engine.run import trusted

    file, moment = _file(options), now()
    with files.alone(file):
        key = keyfile.find(trusted.keys(file), options.name, file)
        _write(file, keyfile.revoked(_read(file), key, moment, options.reason, file))
    said = f"{key.id} is revoked: nothing that it ever signed counts"
    return _told(file, [key._replace(revoked=moment)], said, options, console)


def rotate(options: Namespace, console: "Console") -> int:
    """A key with the same purposes, and an end for the old one. Its private half is there before it is trusted."""
    from engine.adapters import files
    from engine.adapters.clock import now
    from engine.adapters.keys import new_key
    from engine.core.signature import TrustedKey
    from engine.core.verdict import keyfile
    from engine.run import trusted

    file, moment = _file(options), now()
    with files.alone(file):
        keys = trusted.keys(file)
        old = keyfile.find(keys, options.name, file)
        if old.revoked:
            raise failure("ENG757", name=old.name or old.id, moment=old.revoked)
        expires, until = expiry(options.expires or "365d", moment), min(old.expires, expiry(options.until, moment))
        called = options.called or _next(old.name, {key.name for key in keys.values()})
        ended = keyfile.expiring(_read(file), old, until, file)
        outside(options.out)
        signer = new_key(options.out)
        new = TrustedKey(signer.id, signer.public, old.purposes, expires, None, called)
        try:
            _write(file, keyfile.added(ended, new, file))
        except EngineError:
            files.remove(options.out)  # nobody trusts it, and nobody has it yet
            raise
    said = (
        f"{new.id} follows {old.id}, which counts until {until}\n"
        f"The private key is in {options.out} (mode 0600): have every job that signs use it before then."
    )
    return _told(file, [new, old._replace(expires=until)], said, options, console)


def expiry(value: str, now: str) -> str:
    """A key's last moment, from a number of days or a date.

    Raises:
        EngineError: ENG285.
    """
    import re

    from engine.core.moment import is_moment, later

    try:
        if days := re.fullmatch(r"([1-9][0-9]{0,4})d", value):
            return later(now, int(days[1]) * 86_400)
        moment = later(f"{value}T00:00:00Z" if "T" not in value else value, 0)
    except ValueError as error:
        raise failure("ENG285", value=value, reason=error) from None
    if not is_moment(moment) or moment <= now:
        raise failure("ENG285", value=value, reason="it has passed")
    return moment


def outside(file: str) -> None:
    """Nothing, if no repository is around `file`: a private key that lies in one is pushed some day.

    Raises:
        EngineError: ENG756.
    """
    from engine.adapters.git.whose import is_bare, is_checkout

    folder = os.path.dirname(os.path.realpath(file))
    while True:
        if is_checkout(folder) or is_bare(folder):
            raise failure("ENG756", file=file, directory=folder)
        if folder == (folder := os.path.dirname(folder)):
            return


def _file(options: Namespace) -> str:
    from engine.adapters import settings

    file = options.keys or settings.read().trusted_keys
    if file is None:
        raise failure("ENG010")
    return str(file)


def _read(file: str) -> bytes:
    from engine.adapters import files

    return files.read(file, _LARGEST)


def _write(file: str, data: bytes) -> None:
    """Everybody may read it, as before; whoever does sees the old one or the new one."""
    from engine.adapters import files

    place = os.path.realpath(file)  # a link stays one
    mode = os.stat(place).st_mode & 0o777 if os.path.exists(place) else 0o644
    files.write(place, data, sync=True)
    with files.failing("ENG002", file):
        os.chmod(place, mode)


def _next(name: str, taken: set[str]) -> str:
    """`release-2` after `release`, `release-3` after that; of what has no name, none."""
    stem, _, number = name.rpartition("-")
    stem, following = (stem, int(number) + 1) if stem and number.isdecimal() else (name, 2)
    while name and f"{stem}-{following}" in taken:
        following += 1
    return f"{stem}-{following}" if name else ""


def _told(file: str, keys: "list[TrustedKey]", said: str, options: Namespace, console: "Console") -> int:
    from engine.core.verdict.trust import to_json

    if options.json:
        console.json({"file": file, "keys": [to_json(key) for key in keys]})
    else:
        console.out(said)
        console.progress(f"{file} says so. Have the change reviewed: from then on it holds.")
    return ExitCode.DONE
