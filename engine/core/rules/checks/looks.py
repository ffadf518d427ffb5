"""Functions that look at a part of a text: do they look at the right one, and is there a value that has it?"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from engine.core.expressions.globs import glob
from engine.core.expressions.parse import Node
from engine.core.expressions.snippet import Snippet
from engine.core.rules.checks.globs import regular_expression
from engine.core.rules.checks.subject import Subject, literal_texts
from engine.errors import Problem, problem
from engine.names import either


class Looked(NamedTuple):
    """How a function looks at a text, and how that is told."""

    finds: Callable[[str, str], bool]
    how: str


_LOOKS: Mapping[str, Looked] = {
    "starts_with": Looked(str.startswith, "begins with"),
    "ends_with": Looked(str.endswith, "ends with"),
    "contains": Looked(str.__contains__, "has"),
    "glob": Looked(lambda text, pattern: glob(pattern)(text), "matches"),
}


def parts(node: Node, text: str, snippet: Snippet, subject: Subject) -> Iterator[Problem]:
    """What a function asks of a part of a text: of the right one of its arguments, and of some value that there is."""
    look = _LOOKS.get(node.value)
    if look is None or len(node.children) != 2:
        return
    where, what = node.children
    name, asked = (text[one.start : one.end] for one in (where, what))
    if where.kind == "literal" and isinstance(where.value, str) and what.kind not in ("literal", "multi_select_list"):
        if node.value != "contains" or not re.search(r"[\s,|]", where.value):  # which is a poor man's list
            wanted = f"the text that is looked at comes first: write `{node.value}({asked}, {name})`"
            yield problem(
                "ENG891",
                snippet.at(where.start, where.end),
                value=where.value,
                what="a text to be looked at",
                wanted=wanted,
            )
        return
    patterns = list(literal_texts(what))
    if node.value == "glob" and not name.endswith("path"):
        for value, literal in patterns:
            if regular := list(regular_expression(value, snippet.at(literal.start, literal.end))):
                yield from regular
                return
    for value, literal in patterns if node.value in ("contains", "starts_with", "ends_with") else ():
        prose = name.endswith(("body", "title", "message", "reason"))  # in which people write stars
        if "*" in value and not prose and what.kind == "literal" and not isinstance(what.value, list):
            way = f"write `glob({name}, '{value}')`"
            if name == "files[*].path":
                way = f"write `changed_any('{value if '/' in value else f'**/{value}'}')`"
            elif "[*]." in name:
                way = f"write ``length({name.replace('[*].', '[?glob(')}, '{value}')]) > `0` ``"
            reason = f"in {node.value}() `*` stands for itself"
            yield problem("ENG893", snippet.at(literal.start, literal.end), glob=value, reason=reason, way=way)
            return
    known, kind = next((world(subject) for end, world in _CLOSED.items() if ends(name, end)), ([], ""))
    if known and patterns and not any(look.finds(one, value) for one in known for value, _ in patterns):
        value, literal = patterns[0]
        at = snippet.at(literal.start, literal.end)
        yield problem("ENG975", at, what=kind, how=look.how, value=value, known=either(known))


def known_sources(subject: Subject) -> tuple[list[str], str]:
    """The repositories that may send changes, and what one is."""
    return [e.data["repo"] for e in subject.draft.sections["sources"]], "source"


def known_branches(subject: Subject) -> tuple[list[str], str]:
    """The branches that changes go to, and what one is."""
    known = [e.data["branch"] for e in subject.draft.sections["environments"]]
    known += [subject.draft.settings["otherwise"]["branch"]] if "otherwise" in subject.draft.settings else []
    return known, "branch that changes go to"


def _known_environments(subject: Subject) -> tuple[list[str], str]:
    return [e.name for e in subject.draft.sections["environments"]], "environment"


_CLOSED: Mapping[str, Callable[[Subject], tuple[list[str], str]]] = {
    **dict.fromkeys(("source.repo", "verdict.repo", "base.repo"), known_sources),
    **dict.fromkeys(("base.ref", "verdict.branch", "resources.branch", "base_ref"), known_branches),
    **dict.fromkeys(("environment()", "verdict.environment", "resources.environment"), _known_environments),
}


def ends(name: str, end: str) -> bool:
    """Is the end of this path that one?"""
    return name == end or name.endswith("." + end)
