"""Hides secrets by value, whatever the text around them: every comment, log, audit record and error goes through it.

Marks ("this field is sensitive") are lost as soon as a value is copied into another field, a document or a message;
values are not. `engine.core.plan.mask` finds the values, `engine.core.disguise` sees them however they are written;
this module makes sure that they are not shown. Only leaves and texts come here: what something is (its type, address,
actions, the keys of a map) decides, and a decision is never redacted.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cached_property

from engine.core import exact
from engine.core.disguise import SHORTEST, Disguises
from engine.core.exact import Json
from engine.printable import printable, uncoloured

HIDDEN = "(sensitive)"
CHANGED = "(sensitive, changed)"

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL", re.IGNORECASE)
_MARK = re.compile(re.escape(HIDDEN) + "|" + re.escape(CHANGED))
_SEEN = 1_000_000  # characters of a long text that are looked at before one of its ends is shown


def is_secret_name(name: str) -> bool:
    """Does the name of a setting say that its value is a secret?"""
    return bool(_SECRET_NAME.search(name))


def credentials(environ: Mapping[str, str]) -> frozenset[str]:
    """The secrets in a program's environment: by the name of the variable, and what a URL says before its `@`."""
    found = {value for name, value in environ.items() if is_secret_name(name)}
    return frozenset((found | {_userinfo(name, value) for name, value in environ.items()}) - {""})


def _userinfo(name: str, value: str) -> str:
    """The password in a URL, or the token in its place. A proxy may be written without `http://`."""
    scheme, _, rest = value.rpartition("://")
    user, _, password = rest.rpartition("@")[0].partition(":")
    return (password or user) if scheme or name.upper().endswith("_PROXY") else ""


class Redactor:
    """Replaces each secret wherever it stands in a text, however it is written there."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = frozenset(s for s in secrets if s)

    @cached_property
    def _disguises(self) -> Disguises:
        return Disguises(s for s in self.secrets if len(s) >= SHORTEST)

    def text(self, text: str) -> str:
        """`text` with every secret replaced."""
        return HIDDEN if text in self.secrets else _replaced(text, self._spans(text))

    def excerpt(self, text: str, limit: int, *, end: bool = False) -> str:
        """About `limit` characters from the beginning (or the end) of `text`, printable and without secrets.

        The one door for what is too long to be told: secrets are found before anything is cut, since half of one would
        not be recognised, and a cut never goes through one.
        """
        text = uncoloured(text)
        if text in self.secrets:
            return HIDDEN
        seen = text[-_SEEN:] if end else text[:_SEEN]
        spans = self._spans(seen)
        if len(seen) <= limit:
            return printable(_replaced(seen, spans))
        cut = len(seen) - limit if end else limit
        for start, stop in spans:
            if start < cut < stop:
                cut = start if end else stop
        if end:
            return "…" + printable(_replaced(seen[cut:], [(a - cut, b - cut) for a, b in spans if a >= cut]))
        return printable(_replaced(seen[:cut], [span for span in spans if span[1] <= cut])) + "…"

    def json(self, value: Json, documents: int = exact.DOCUMENTS) -> Json:
        """The same for every leaf of a JSON value, also of the documents in its texts; keys stay as they are."""
        if isinstance(value, str):
            return HIDDEN if value in self.secrets else self.text(self._document(value, documents) or value)
        if isinstance(value, dict):
            return {key: self.json(item, documents) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item, documents) for item in value]
        if value is None or isinstance(value, bool):
            return value
        return HIDDEN if exact.dumps(value) in self.secrets else value

    def _document(self, text: str, documents: int) -> str | None:
        """A JSON document with the secrets inside it hidden, however short; None: no document, or none inside."""
        found = exact.document(text) if documents else None
        hidden = self.json(found, documents - 1)
        return None if exact.same(hidden, found) else exact.dumps(hidden)

    def _spans(self, text: str) -> list[tuple[int, int]]:
        if not self.secrets:
            return []
        marks = [mark.span() for mark in _MARK.finditer(text)]  # a secret may be spelt like a part of what hides it
        spans = self._disguises.spans(text)
        return [s for s in spans if not any(a <= s[0] and s[1] <= b for a, b in marks)] if marks else spans


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    parts: list[str] = []
    at = 0
    for start, end in spans:
        parts += [text[at:start], HIDDEN]
        at = end
    return "".join([*parts, text[at:]])
