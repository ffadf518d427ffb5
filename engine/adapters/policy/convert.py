"""Policies of before 1.0, written as Rego is today: by `opa fmt`, and what that leaves where it means the same."""

import re
from collections.abc import Mapping

from engine.adapters.policy.bundle import PolicySet, one_import
from engine.adapters.policy.opa import formatted
from engine.adapters.policy.port import Terms
from engine.adapters.policy.rego import ask, problem_of
from engine.errors import TABLE, EngineError, Errors, ExitCode, Place, failure

# Texts and comments come first, so that a name inside one is no call. One without an end goes as far as it could: it is
# refused later, and is not looked at again from each of its quotation marks.
_CALL = re.compile(r'"(?:[^"\\\n]|\\.)*"?|`[^`]*`?|#[^\n]*|(?<![\w.])re_match(?=[ \t]*\()')


def text_of(path: str, data: bytes) -> str:
    """The text of a module.

    Raises:
        EngineError: ENG021.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise failure("ENG021", Place(path), byte=error.start) from error


def converted(texts: Mapping[str, str], terms: Terms) -> dict[str, str]:
    """The new text of each of `texts` (path of a module → its text) that has to change.

    Raises:
        EngineError: ENG529, what `opa fmt` does not read, or whose new text does not parse, all in one go; ENG521,
            there is no `opa` and one is needed.
    """
    changed = {path: _functions(text) for path, text in texts.items() if _functions(text) != text}
    old = _unread({**texts, **changed}, terms)
    errors = Errors()
    if old:
        now = {path: changed.get(path, texts[path]) for path in old}
        for path, (code, text, said) in formatted(now, terms).items():
            changed[path] = text
            if code:
                errors.add("ENG529", Place(path), file=path, reason=" ".join(said.split()) or f"exit code {code}")
        errors.check()
        for path, reason in _unread(changed, terms).items():
            errors.add("ENG529", Place(path), file=path, reason=reason)
    errors.check()
    return dict(sorted(changed.items()))


def _functions(text: str) -> str:
    return _CALL.sub(lambda match: "regex.match" if match[0] == "re_match" else match[0], text)


def _unread(texts: Mapping[str, str], terms: Terms) -> dict[str, str]:
    """Modules that are no Rego of today, with the reason."""
    modules = {path: one_import(text) for path, text in texts.items()}
    try:
        found = ask(PolicySet("", modules, {}, {}, {}, ""), terms, guard=True)["unread"]
    except EngineError as error:
        if any(TABLE[problem.code].exit is not ExitCode.CONFIG for problem in error.problems):
            raise
        return {}  # it parses; what the guards have to say is said when it is judged
    problems = [problem_of(each) for each in found]
    return {problem.place.file: problem.message for problem in problems if problem.place}
