"""Facts in messages that nobody puts in."""

import re
from collections.abc import Iterator

from engine.core.expressions.snippet import Snippet
from engine.core.rules.checks.subject import Check, Subject
from engine.errors import Problem, problem

_BARE = re.compile(
    r"(?<!\$)[%#@]?\{ *([a-z]+(?:\.\w+)+|now|[a-z_]+\(\)) *\}"
    r"|\$([a-z]+(?:\.\w+)+)"
    r"|[$#%]\(+ *([a-z]+(?:\.\w+)+|now|[a-z_]+\(\)) *\)+"
    r"|\$([a-z_]+\([^()]{0,80}\))"
    r"|\$\{ *'([a-z]+(?:\.\w+)+)' *\}"
    r"|<%?=? *([a-z]+(?:\.\w+)+) *%?>"
)
_VARIABLE = re.compile(r"(?<!\$)\$[A-Z][A-Z0-9]{0,40}_[A-Z0-9_]{1,60}")  # of a shell or a job


def messages(subject: Subject) -> Iterator[Problem]:
    """Facts in messages that nobody puts in: `{pr.number}` for `${pr.number}`."""
    called = {*subject.catalog.functions, *(entry.name for entry in subject.draft.sections["define"])}
    for entry in subject.draft.sections["gates"]:
        text = entry.data.get("message", "")
        for found in _BARE.finditer(text):
            path = next(filter(None, found.groups()))
            start, end = found.span()
            if text[start - 1 : start] == "{" and text[end : end + 1] == "}":
                start, end = start - 1, end + 1
            if path.partition(".")[0] in subject.catalog.facts or path.partition("(")[0] in called:
                at = Snippet(text, entry.place("message")).at(start, end)
                yield problem("ENG907", at, text=text[start:end], path=path)
        for found in _VARIABLE.finditer(text):
            at, hint = Snippet(text, entry.place("message")).at(*found.span()), "name a fact, as in `${source.repo}`"
            yield problem("ENG907", at, hint=hint, text=found[0], path="")


CHECKS = (Check("ENG907", messages),)
