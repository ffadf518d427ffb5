"""Keys that sign: whose signatures count today and for how long, what for, and what hangs on one that runs out."""

import os
from collections.abc import Iterator, Mapping
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING

from engine.core.doctor import Finding, fine
from engine.core.signature import PURPOSES, TrustedKey, TrustedKeys
from engine.names import listing, plural
from engine.run.doctor.asking import tried

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store

FILE = "trusted-keys.yaml"
_SOON_S = 30 * 86_400

_ENDS = {
    "verdict": "no verdict is believed then, so nothing is merged or applied",
    "merge": "no merge decision is believed then, so nothing that is merged is applied",
    "audit": "no entry of the ledger or the trail is believed then, so each state waits for two people",
}


def look(controller: str, environ: Mapping[str, str]) -> list[Finding]:
    """What is wrong with them; nothing where nobody is trusted yet.

    Raises:
        EngineError: the settings cannot be read.
    """
    from engine.adapters import clock, settings
    from engine.run import trusted

    values = settings.read(environ)
    file = values.trusted_keys or os.path.join(controller, FILE)
    if values.trusted_keys is None and not os.path.lexists(file):
        return []

    def checked() -> Iterator[Finding]:
        keys, now = trusted.keys(file), clock.now()
        yield from judged(keys, now, file)
        for purpose in PURPOSES:
            yield from tried(f"key that signs: {purpose}", "", partial(_ours, keys, purpose, now, file, environ))
        ending = {key.id: key for key in keys.values() if "verdict" in key.purposes and _ends(key, now)}
        if ending and values.store is not None:
            from engine.adapters.storage.named import opened

            yield from tried("verdicts", "", lambda: _hanging(opened(values.store), keys, ending, file))

    return tried(file, "", checked)


def judged(keys: TrustedKeys, now: str, file: str) -> list[Finding]:
    """What is wrong with the keys that are trusted."""
    found = list[Finding]()
    for purpose in PURPOSES:
        of = [key for key in keys.values() if purpose in key.purposes]
        counting = [key for key in of if not key.revoked and now < key.expires]
        subject, mend = f"keys that sign: {purpose}", _rotate(max(of, key=lambda key: key.expires), file) if of else ""
        if not of:
            continue
        if not counting:
            mend = _new(purpose, file)
            found.append(Finding(subject, False, "none of them counts any more", _ENDS[purpose], mend))
        elif all(_ends(key, now) for key in counting):
            what = f"the last runs out {max(key.expires for key in counting)}"
            found.append(Finding(subject, False, what, _ENDS[purpose], mend, "warning"))
        else:
            found.append(fine(subject, f"{plural(len(counting), 'key')} until {max(key.expires for key in counting)}"))
    for key in keys.values():
        if len(key.purposes) > 1 and not key.revoked and now < key.expires:
            what = f"signs {' and '.join(key.purposes)}"
            attack = "whoever steals it from one job says everything that the engine believes, as one person"
            mend = _new(key.purposes[0], file)
            found.append(Finding(_called(key), False, what, attack, mend, "warning"))
    return found


def _ours(keys: TrustedKeys, purpose: str, now: str, file: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """The key by which this machine signs, if it has one: will it be believed?"""
    from engine.adapters import key_files
    from engine.adapters.keys import load_signer

    pem = key_files.signing_key(environ, purpose)
    if pem is None:
        return
    id_ = load_signer(pem).id
    subject, key = f"key that signs here: {purpose}", keys.get(id_)
    new = _new(purpose, file)
    if key is None:
        yield Finding(subject, False, f"{id_} is not among the trusted keys", _ENDS[purpose], new)
    elif key.revoked:
        attack = (
            "whoever it was revoked because of may still use it from here, and what is signed here counts for nothing"
        )
        yield Finding(subject, False, f"{_called(key)} was revoked {key.revoked}", attack, new)
    elif purpose not in key.purposes:
        what = f"{_called(key)} is trusted for {listing(key.purposes)} alone"
        yield Finding(subject, False, what, _ENDS[purpose], new)
    elif now >= key.expires:
        what = f"{_called(key)} has run out {key.expires}"
        yield Finding(subject, False, what, _ENDS[purpose], _rotate(key, file))
    elif _ends(key, now):
        what = f"{_called(key)} runs out {key.expires}"
        yield Finding(subject, False, what, _ENDS[purpose], _rotate(key, file), "warning")
    else:
        yield fine(subject, f"{_called(key)} until {key.expires}")


def _hanging(store: "Store", keys: TrustedKeys, ending: Mapping[str, TrustedKey], file: str) -> Iterator[Finding]:
    """Verdicts of pull requests that have not ended, by keys that run out: they are void then."""
    from engine.run.facts.teller import GITHUB
    from engine.run.kept import statements
    from engine.run.kept.board import Board

    board, signed = Board(store).read(), dict[str, list[str]]()
    if board.problem is not None:
        why = board.problem
        yield Finding("verdicts", False, why.message, _ENDS["verdict"], why.hint)
    for entry in board.entries:
        if entry.sequence:
            series = statements.Series(GITHUB, entry.repo, entry.pr)
            by = statements.one(store, series, entry.sequence, keys).key_id
            if by in ending:
                signed.setdefault(by, []).append(entry.name)
    for by, names in signed.items():
        key = ending[by]
        count = plural(len(names), "verdict that waits", "verdicts that wait")
        what = f"runs out {key.expires}, and has signed {count} to be merged: {listing(names)}"
        attack = "what was approved by then is void, and has to be validated and approved again"
        mend = f"merge them before, or comment `/engine validate` after {_rotate(key, file)}"
        yield Finding(_called(key), False, what, attack, mend, "warning")


def _ends(key: TrustedKey, now: str) -> bool:
    """Does it count, and not for long?"""
    from engine.core.moment import later

    return not key.revoked and now < key.expires <= later(now, _SOON_S)


def _called(key: TrustedKey) -> str:
    return key.name or key.id


def _rotate(key: TrustedKey, file: str) -> str:
    return f"engine keys rotate {_called(key)} --out FILE --keys {quote(file)}"


def _new(purpose: str, file: str) -> str:
    return f"engine keys new --purpose {purpose} --out FILE | engine keys add - --keys {quote(file)}"
