"""What is odd about what rules say of themselves: a comment that nobody reads, or that says something else.

Warnings, since nothing is demanded of a comment, and other collections have keys of their own.
"""

import re
from collections.abc import Iterator, Mapping

from engine.adapters.policy.annotations import CUSTOM, ID, blocks
from engine.core.findings import Severity
from engine.errors import Place, Problem, problem
from engine.names import choice, closest, distance

_MARK = re.compile(r"^#[ \t]*([Mm][Ee][Tt][Aa][A-Za-z]{2,8}:?)[ \t\r]*$", re.MULTILINE)
_KEY = re.compile(r"^#[ \t]+([a-z_]+):[ \t]*(.*)$", re.MULTILINE)
_TOP = 2  # characters before a key of the first level: `# `
_LIKELY = 2  # letters that a key may be wrong in
_SEVERITIES = [one.value for one in Severity]


def slips(modules: Mapping[str, str]) -> Iterator[Problem]:
    """Warnings (ENG998) about the annotations of `modules` (path → Rego), which can be read."""
    for path in sorted(modules):
        text = modules[path]
        for found in _MARK.finditer(text):
            near = found[1] != "METADATA" and distance(found[1].upper(), "METADATA") <= _LIKELY
            if near and (found[1].isupper() or _KEY.match(text, found.end() + 1)):  # else it is a word of prose
                yield _slip(path, text, found.start(1), found.end(1), "nobody reads this comment", "write `METADATA`")
        for about, start, end in blocks(path, text):
            yield from _keys(path, text, start, end)
            used = ID.findall(text, end, _next_rule(text, end))
            if used and about.id not in used and (at := text.find(about.id, start, end)) >= 0:
                reason = f"the rule's findings are `{used[0][:60]}`, and this says `{about.id[:60]}`"
                yield _slip(path, text, at, at + len(about.id), reason, "write the same id in both places")


def _keys(path: str, text: str, start: int, end: int) -> Iterator[Problem]:
    found = list(_KEY.finditer(text, start, end))
    names = {one[1] for one in found}
    for one in found:
        near = [name for name in CUSTOM if name not in names and distance(name, one[1]) <= _LIKELY]
        if one[1] not in CUSTOM and near and len(one[1]) > _LIKELY:
            yield _slip(path, text, one.start(1), one.end(1), f"`{one[1]}` says nothing here", f"write `{near[0]}`")
        if one[1] in CUSTOM and "\t" not in one[0] and one.start(1) - one.start() == _TOP:
            reason = f"`{one[1]}` says nothing outside of `custom`"
            yield _slip(
                path, text, one.start(1), one.end(1), reason, "write it below `# custom:`, and indent it deeper"
            )
        if one[1] == "severity" and one[2].strip().lower() not in _SEVERITIES:
            said = one[2].strip()[:60]
            hint = closest(said, _SEVERITIES) or f"write {choice(_SEVERITIES)}"
            yield _slip(path, text, one.start(2), one.end(2), f"`{said}` is no severity", hint)


def _next_rule(text: str, at: int) -> int:
    """Where the rule ends that begins at a position: at the first brace that closes in the margin."""
    end = text.find("\n}", at)
    return end if end >= 0 else len(text)


def _slip(path: str, text: str, at: int, end: int, reason: str, hint: str) -> Problem:
    begin = text.rfind("\n", 0, at) + 1
    line = text[begin:].partition("\n")[0]
    place = Place(path, text.count("\n", 0, at) + 1, at - begin + 1, max(end - at, 1), line)
    return problem("ENG998", place, hint=hint, reason=reason)
