"""Hides secrets by value, whatever the text around them: every comment, log, audit record and error goes through it.

Marks ("this field is sensitive") are lost as soon as a value is copied into another field, a document or a message;
values are not. `engine.core.plan.mask` finds the values; this module makes sure that they are not shown.
"""

import json
import re
from collections.abc import Iterable
from typing import TypeAlias
from urllib.parse import quote

HIDDEN = "(sensitive)"
_LINE = 16  # a line of a secret that is shorter says little, and hides much
SHORTEST = 4  # a shorter secret would hide half of every text; it is hidden only where it is a whole value

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSPHRASE|CREDENTIAL", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Does the name of a setting say that its value is a secret?"""
    return bool(_SECRET_NAME.search(name))


class Redactor:
    """Replaces each secret wherever it stands: plain, or written as JSON or a URL would write it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self.secrets = frozenset(s for s in secrets if s)
        forms = {form for secret in self.secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda f: (-len(f), f))
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """`text` with every secret replaced."""
        if text in self.secrets:
            return HIDDEN
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def json(self, value: Json) -> Json:
        """The same for every string, key and number inside a JSON value."""
        if isinstance(value, str):
            return HIDDEN if value in self.secrets else self.text(self._document(value) or value)
        if isinstance(value, dict):
            return {self.text(key): self.json(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item) for item in value]
        if value is None or isinstance(value, bool):
            return value
        return HIDDEN if json.dumps(value) in self.secrets else value

    def _document(self, text: str) -> str | None:
        """A JSON document with the secrets inside it hidden, however it is spelt; None: no document, or none inside."""
        if text[:1] not in ("{", "[", '"'):
            return None
        try:
            found: Json = json.loads(text)
        except (ValueError, RecursionError):
            return None
        hidden = self.json(found)
        return None if hidden == found else json.dumps(hidden, ensure_ascii=False)


def _forms(secret: str) -> Iterable[str]:
    """Ways to write a secret: itself, in JSON, in JSON within JSON, in a URL, line by line."""
    yield secret
    for once in _in_json(secret):
        yield once
        yield from _in_json(once)
    yield quote(secret, safe="")
    for line in secret.splitlines():  # a key in a heredoc is shown line by line
        if len(line) >= _LINE:
            yield line


def _in_json(text: str) -> set[str]:
    """`text` inside a JSON string, as the writers that we meet write it: UTF-8, ASCII only, and Go's (Terraform)."""
    plain = json.dumps(text, ensure_ascii=False)[1:-1]
    go = plain
    for char in "<>&\u2028\u2029":
        go = go.replace(char, f"\\u{ord(char):04x}")
    return {plain, json.dumps(text)[1:-1], go}
