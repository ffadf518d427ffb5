"""A language for tests: the real functions and facts, and `any`, of which nothing is known."""

import json
import os
from collections.abc import Mapping
from typing import Any

from engine import data
from engine.core.expressions.compile import Language, compile_expression, compile_text
from engine.core.expressions.functions import FUNCTIONS
from engine.core.expressions.model import Expression, Kind
from engine.errors import Place

with open(os.path.join(data.path("schemas"), "facts.schema.json"), encoding="utf-8") as _file:
    FACTS: dict[str, Any] = json.load(_file)

DEFINES = {
    "risky": "has_label('danger')",
    "calm": "!risky()",
    "count": "length(labels)",
    "ping": "pong()",
    "pong": "ping()",
}


def language(roots: Mapping[str, Any] | None = None, defines: Mapping[str, str] = DEFINES) -> Language:
    """The facts and `any` as roots, unless others are given."""
    known = {**FACTS["properties"]["facts"]["properties"], "any": {}} if roots is None else roots
    return Language({f.name: f for f in FUNCTIONS}, known, defines, FACTS["$defs"])


def at(text: str) -> Place:
    """A place whose columns are those of `text` itself."""
    return Place("rules.yaml", 1, 1, 1, text)


def condition(text: str, known: Language | None = None) -> Expression:
    """`text` as `when:` has it."""
    return compile_expression(text, Kind.BOOLEAN, at(text), known or language())


def value(text: str, known: Language | None = None) -> Expression:
    """`text` as a whole `${…}` has it."""
    return compile_expression(text, Kind.VALUE, at(text), known or language())


def text(text: str, known: Language | None = None) -> Expression | str:
    """`text` as `with:` has it."""
    return compile_text(text, at(text), known or language())
