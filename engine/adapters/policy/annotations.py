"""What rules say of themselves: OPA's METADATA comments above `deny`, `violation` and `warn` rules.

Nothing is demanded here: a rule without a comment, or with OPA's own keys only, has the other fields empty. What is
written must be readable, since reports and `engine policy explain` rely on it. Examples (`bad`, `good`) map a resource
type to the attributes of one resource, or to a list of several; beside types stand `variables` and `settings`, and
beside attributes `_actions` (of the change; without it: create), `_unknown` (attributes known only after apply) and
`_refers` (attribute → what the configuration has there: `local.policy`).
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

from engine.core.source import load_yaml
from engine.errors import EngineError, Errors, Place, Problem

_BLOCK = re.compile(r"^#[ \t]*METADATA[ \t\r]*\n((?:#.*(?:\n|\Z))*)", re.MULTILINE)
_GAP = re.compile(r"(?:[ \t\r]*\n|#[^\n]*\n)*")  # empty lines and comments
_PACKAGE = re.compile(r"^package[ \t]+([^\s#]+)", re.MULTILINE)
_QUOTED = re.compile(r'\["([^"\]]*)"\]')  # a part of a package's name that is no identifier
_HEAD = re.compile(r"^(deny|violation|warn)(?:_[a-zA-Z0-9]+)*(?=[ \t\[:={])", re.MULTILINE)
_END = re.compile(r"^[^\s}\])#]", re.MULTILINE)  # of a rule: what begins at the margin and closes nothing
ID = re.compile(r'(?:"id"\s*:\s*|\bfinding\(\s*)"([^"\n]+)"')
BESIDE_TYPES = ("variables", "settings")  # keys of an example that are no type of resource
_FOR_RULES = ("rule", "document")  # OPA's scopes; the others are about packages
_WIDE: Mapping[tuple[str, ...], str] = {("*",): "resources of all types", ("plan",): "the whole plan"}
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_FORMS: Mapping[str, tuple[type, str]] = {
    "id": (str, "a text"),
    "severity": (str, "a text"),
    "value": (str, "a text"),
    "resources": (list, "a list of texts"),
    "elsewhere": (list, "a list of texts"),
    "bad": (dict, "a mapping"),
    "good": (dict, "a mapping"),
}


CUSTOM = tuple(_FORMS)  # what a rule may say of itself below `custom`


class About(NamedTuple):
    """A rule, and what it says of itself. Empty is what it does not say."""

    id: str  # of its findings; `<package>.<rule>` where neither comment nor rule names one
    title: str
    description: str  # why
    severity: str  # as written, in lower case
    effect: str  # `deny` or `warn`
    package: str  # `terraform.naming`
    file: str
    line: int  # of the rule
    resources: tuple[str, ...] = ()  # types; `*` for all, `plan` where it is about the whole plan
    elsewhere: tuple[str, ...] = ()  # ids of the same check in other collections
    value: str = ""  # what the `value` of its findings is
    bad: Mapping[str, Any] = _NOTHING
    good: Mapping[str, Any] = _NOTHING

    @property
    def judged(self) -> str:
        """What it is about, in words."""
        return _WIDE.get(self.resources) or ", ".join(self.resources)


def annotations(modules: Mapping[str, str]) -> tuple[About, ...]:
    """Each rule of `modules` (path → Rego) that has an annotation, in order of files and lines.

    Raises:
        EngineError: ENG540, all that cannot be read.
    """
    errors = Errors()
    found: list[About] = []
    for path in sorted(modules):
        said, wrong = _module(path, modules[path])
        found += said
        errors.extend(wrong)
    errors.check()
    return tuple(found)


def blocks(path: str, text: str) -> Iterator[tuple[About, int, int]]:
    """Each annotation of a rule that can be read, with where its comment begins and ends."""
    for block in _BLOCK.finditer(text):
        said = _read(block[1], path, 0, Errors())
        head = _head_below(text, block.end())
        if said is not None and head and said.get("scope", "rule") in _FOR_RULES:
            yield _about(_silent_rule(path, text, head), said), block.start(1), block.end(1)


def silent(modules: Mapping[str, str]) -> tuple[About, ...]:
    """The rules without an annotation; ids are those that their text names."""
    return tuple(about for path in sorted(modules) for about in _silent(path, modules[path]))


def own_names(modules: Mapping[str, str]) -> frozenset[str]:
    """`<package>.<rule>` of each rule: what a finding without an id has for one."""
    return frozenset(
        _silent_rule(path, text, head).id for path, text in modules.items() for head in _HEAD.finditer(text)
    )


@lru_cache(maxsize=512)  # who judges once judges often, with the same policies
def _module(path: str, text: str) -> tuple[tuple[About, ...], tuple[Problem, ...]]:
    """What its annotations say, and what is wrong with them."""
    errors = Errors()
    found = []
    for block in _BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))  # lines before the YAML
        said = _read(block[1], path, first, errors)
        head = _head_below(text, block.end())
        if said is not None and head and said.get("scope", "rule") in _FOR_RULES:
            found.append(_about(_silent_rule(path, text, head), said))
    return tuple(found), errors.problems if errors.added else ()


def _silent(path: str, text: str) -> Iterator[About]:
    above = {head.start() for block in _BLOCK.finditer(text) if (head := _head_below(text, block.end()))}
    for head in _HEAD.finditer(text):
        if head.start() not in above:
            end = _END.search(text, head.end())
            rule = _silent_rule(path, text, head)
            ids = dict.fromkeys(ID.findall(text, head.end(), end.start() if end else len(text)))
            yield from (rule._replace(id=name) for name in ids or (rule.id,))


def _head_below(text: str, at: int) -> re.Match[str] | None:
    """The head of the rule that a comment stands above; blank lines and plain comments may lie between."""
    rest = _GAP.match(text, at)
    return _HEAD.match(text, rest.end() if rest else at)


def _silent_rule(path: str, text: str, head: re.Match[str]) -> About:
    named = _PACKAGE.search(text)
    package = _QUOTED.sub(r".\1", named[1]) if named else ""
    effect = "warn" if head[1] == "warn" else "deny"
    return About(f"{package}.{head[0]}", "", "", "", effect, package, path, text.count("\n", 0, head.start()) + 1)


def _about(rule: About, said: Mapping[str, Any]) -> About:
    custom = said.get("custom") or {}
    return rule._replace(
        id=custom.get("id") or rule.id,
        title=said.get("title") or "",
        description=said.get("description") or "",
        severity=(custom.get("severity") or "").lower(),
        resources=tuple(custom.get("resources") or ()),
        elsewhere=tuple(custom.get("elsewhere") or ()),
        value=custom.get("value") or "",
        bad=custom.get("bad") or _NOTHING,
        good=custom.get("good") or _NOTHING,
    )


def _read(comment: str, path: str, first: int, errors: Errors) -> Mapping[str, Any] | None:
    """The YAML of a comment, None where it cannot be read. The blank in the place of `#` keeps the columns right."""
    lines = comment.splitlines()

    def place(line: int, column: int = 1, length: int = 1) -> Place:
        excerpt = lines[line - 1] if 0 < line <= len(lines) else ""
        return Place(path, first + line, column, length, excerpt)

    try:
        document = load_yaml("\n".join(" " + line[1:] for line in lines).encode(), path)
    except EngineError as error:
        for one in error.problems:
            where = one.place or Place(path)
            spot = place(where.line or 1, where.column or 1, where.length)
            counts = "indent" in one.message or "indent" in one.hint  # columns, of which `#` is none to who reads it
            hint = "begin it below the keys beside it, behind as many spaces" if counts else one.hint
            reason = "it is indented otherwise than the keys beside it" if counts else one.message
            errors.add("ENG540", spot, hint=hint, reason=reason)
        return None
    before = errors.added
    for keys, reason in _wrong(document.data):
        where = document.place(*keys, key=True)
        errors.add("ENG540", place(where.line, where.column, where.length), reason=reason)
    return document.data if errors.added == before else None


def _wrong(said: Any) -> Iterator[tuple[tuple[str, ...], str]]:
    """What has not the form it must have: the keys that lead there, and why."""
    if not isinstance(said, dict):
        yield (), "it is no mapping"
        return
    for key in ("title", "description", "scope"):
        if not isinstance(said.get(key), str | None):
            yield (key,), f"{key} is no text"
    custom = {} if said.get("custom") is None else said["custom"]
    if not isinstance(custom, dict):
        yield ("custom",), "custom is no mapping"
        return
    for key, (form, name) in _FORMS.items():
        value = custom.get(key)
        if value is not None and not (_texts(value) if form is list else isinstance(value, form)):
            yield ("custom", key), f"custom.{key} is not {name}"
        elif isinstance(value, dict):
            yield from ((("custom", key, *keys), reason) for keys, reason in _wrong_example(value))


def _wrong_example(example: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    for kind, given in example.items():
        several = given if isinstance(given, list) and kind not in BESIDE_TYPES else [given]
        if not all(isinstance(item, dict) for item in several):
            yield (kind,), f"{kind} is no mapping"
            continue
        for item in several:
            if not _texts(item.get("_actions", ["create"])):
                yield (kind,), "_actions is not a list of texts"
            if not (isinstance(unknown := item.get("_unknown", {}), dict) or _texts(unknown)):
                yield (kind,), "_unknown is neither a list of texts nor a mapping"
            if not (isinstance(refers := item.get("_refers", {}), dict) and _texts(list(refers.values()))):
                yield (kind,), "_refers is no mapping to texts"


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)
