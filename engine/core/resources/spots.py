"""Where in the configuration a finding is about: the statement of a document, the line of an attribute, the resource's.

Nothing is decided by it. A policy that says `attribute` is believed; else what the finding is about (`value`) is looked
for, and then an attribute that its texts name as policies name it. Whatever is not found is the resource's own line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from engine.core.resources.documents import beside, names_file, takes
from engine.core.source import load_json
from engine.errors import EngineError, Place, Problem
from engine.names import nearest

if TYPE_CHECKING:
    from engine.core.findings import Finding
    from engine.core.resources.model import Resource
    from engine.core.resources.tfvars import Json, Tfvars

# `kms_key_arn`, or `versioning = `: any other single word is of a sentence.
_NAME = re.compile(r"(?<![\w.:/-])([a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w:/-])|[a-z][a-z0-9]*(?= = ))", re.ASCII)
_RANGE = re.compile(r"\bfrom (\d{1,9}) to (\d{1,9})\b")
_QUOTED = re.compile(r'"([^"]{1,60})"')
_BETWEEN = re.compile(r"\bhas (\d{1,4}) to (\d{1,4}) ")
_AT_MOST = re.compile(r"\bhas at most (\d{1,4}) ")
_SAID_SIGNS = re.compile(r"and ([^\w\s]\S{0,30}) characters")
_SIGNS = {
    "letters": "abcdefghijklmnopqrstuvwxyz",
    "digits": "0123456789",
    "dots": ".",
    "hyphens": "-",
    "underscores": "_",
    "slashes": "/",
}
_ACTIONS = frozenset({"Action", "NotAction"})
_STEPS = 3_000_000  # texts that are compared with what findings are about; later ones have the attribute's line
_LONGEST = 200  # characters of a `Sid` that are shown, and of a value that is looked for

Path = tuple["str | int", ...]


class Spot(NamedTuple):
    """A line of the configuration."""

    file: str
    line: int  # 0: not known
    sid: str = ""  # of the document's statement that it is about


class _Statement(NamedTuple):
    file: str
    sid: str
    line: Callable[[Path], int]  # looked up for what is shown alone: that takes a second reading of the file
    keys: Path  # of the document, in the tfvars: a policy's name is one of them
    allows: bool
    leaves: "tuple[_Leaf, ...]"


class _Leaf(NamedTuple):
    text: str  # folded
    path: Path
    is_action: bool


class Places:
    """Of one resource: where its values stand."""

    def __init__(self, resource: "Resource") -> None:
        self._resource = resource

    @cached_property
    def _tfvars(self) -> "Tfvars | None":
        from engine.core.resources import tfvars

        data = self._resource.texts.get(self._resource.tfvars)
        return None if data is None else tfvars.read(data, self._resource.tfvars)

    def of(self, path: Path, text: str = "") -> Place:
        """Where a value of the variables comes from; with `text`, where that stands in the document which it is."""
        if self._tfvars is None:
            return Place(self._resource.tfvars)
        value: Json = dict(self._tfvars.values)
        found: list[str | int] = []
        in_files = False
        for step in path:
            is_file = isinstance(value, dict) and isinstance(step, str) and takes(step) and step not in value
            in_files = in_files or is_file
            found.append(beside(str(step)) if is_file else step)
            value = value[found[-1]]  # type: ignore[index]  # what was read has the path, as its values were made from it
        return (text and in_files and self._in_documents(value, text)) or self._tfvars.place(*found)

    def refused(self, why: Problem, said: str) -> Problem:
        """The same problem where the value stands that the module refuses, in these words.

        That is the variable where several may be meant. What is within the words' own list or range is not meant; of a
        list, the item that is nearly what stands there is proposed.
        """
        if self._tfvars is None:
            return why._replace(place=Place(self._resource.tfvars))
        below = list(_below(dict(self._tfvars.values), ()))
        for name in dict.fromkeys((said.split(" ", 1)[0], *_NAME.findall(said))):
            named = [(path, value) for path, value in below if path[-1] == name and not _fits(value, said)]
            if len(named) == 1:
                ((path, value),) = named
                place = self._tfvars.place(*path, key=isinstance(value, dict | list))
                near = nearest(value, _QUOTED.findall(said)) if isinstance(value, str) else ""
                return why._replace(place=place, hint=f'write "{near}": nothing was planned' if near else why.hint)
            if named:
                return why._replace(place=self._tfvars.place(named[0][0][0], key=True))
        entries = [path for path, _ in below if len(path) == 2]
        odd = [path for path in entries if not _is_of(str(path[-1]), said)]
        tops = [path for path, value in below if len(path) == 1 and isinstance(value, dict)]
        found = odd if len(odd) == 1 else entries if len(entries) == 1 else tops
        return why._replace(place=self._tfvars.place(*next(iter(found), ()), key=True))

    def _in_documents(self, names: "Json", text: str) -> Place | None:
        for _, name in (((), names), *_below(names, ())):
            file = f"{self._resource.tfvars.rpartition('/')[0]}/{name}"
            data = self._resource.texts.get(file)
            document = None if data is None else load_json(data, file, reviewed=True)
            leaves = _below(document.data, ()) if document else ()
            if document and (path := next((path for path, leaf in leaves if leaf == text), None)):
                return document.place(*path)
        return None


class Spots:
    """Of one resource; its files are read when the first finding asks."""

    def __init__(self, resource: "Resource") -> None:
        self._resource = resource
        self._steps = _STEPS

    def of(self, finding: "Finding") -> Spot:
        """The best line that is known."""
        path = self._entry(finding.address)
        spot = self._statement(path, finding) or self._attribute(path, finding)
        return spot or Spot(self._resource.tfvars, self._resource.line_of(finding.address))

    @cached_property
    def _tfvars(self) -> "Tfvars | None":
        from engine.core.resources import tfvars

        data = self._resource.texts.get(self._resource.tfvars)
        return None if data is None else tfvars.read(data, self._resource.tfvars)

    def _entry(self, address: str) -> Path:
        """The path in the tfvars of the AWS resource that an address comes from; empty where it has none."""
        names = self._resource.names(address)
        values = self._tfvars.values if self._tfvars else {}
        found = ((top, name) for name in names for top, below in values.items() if _has(below, name))
        return next(found, ())

    def _inside(self, entry: Path) -> "Iterator[tuple[Path, Json]]":
        """Everything that is said of one AWS resource."""
        assert self._tfvars is not None
        value: Json = dict(self._tfvars.values)
        for step in entry:
            value = value[step]  # type: ignore[index]  # a path comes from the value itself
        return _below(value, entry)

    # ------------------------------------------------------------ attributes

    def _attribute(self, entry: Path, finding: "Finding") -> Spot | None:
        if not entry:
            return None
        named: dict[str, Path] = {}
        valued: dict[str, Path] = {}
        for path, value in self._inside(entry):
            named.setdefault(str(path[-1]), path)
            if isinstance(value, str):
                valued.setdefault(value, path)
        texts = (*_NAME.findall(finding.remediation), *_NAME.findall(finding.message))
        wanted = (finding.attribute.rpartition(".")[2], finding.value, *texts)
        found = next((named[name] for name in wanted if name in named), valued.get(finding.value))
        if found is None:
            return None
        assert self._tfvars is not None
        place = self._tfvars.place(*found, key=isinstance(found[-1], str))
        return Spot(place.file, place.line)

    # ------------------------------------------------------------ documents

    def _statement(self, entry: Path, finding: "Finding") -> Spot | None:
        words = [word.casefold() for word in finding.value[:_LONGEST].split()]
        if not entry or not words or self._steps < 0:
            return None
        name = finding.address.rpartition('["')[2].removesuffix('"]').partition("/")[2]
        own = sorted(self._statements(entry), key=lambda one: (name not in one.keys, not one.allows))
        for fits in (_is, _holds, _covers):
            for one in own:
                self._steps -= len(one.leaves)
                found = [next((leaf for leaf in one.leaves if fits(leaf, word)), None) for word in words]
                if found[0] is not None and None not in found:
                    return Spot(one.file, one.line(found[0].path), one.sid)
        return None

    def _statements(self, entry: Path) -> "Iterator[_Statement]":
        if entry not in self._read:
            self._read[entry] = tuple(self._read_statements(entry))
        yield from self._read[entry]

    @cached_property
    def _read(self) -> dict[Path, tuple[_Statement, ...]]:
        return {}

    def _read_statements(self, entry: Path) -> "Iterator[_Statement]":
        assert self._tfvars is not None
        for path, value in self._inside(entry):
            keys = [str(step) for step in path[len(entry) :]]
            if not isinstance(value, str):
                continue
            if any(map(names_file, keys)):
                file = f"{self._resource.tfvars.rpartition('/')[0]}/{value}"
                yield from _of(self._resource.texts.get(file), file, path, 0)
            elif any(map(takes, keys)):
                place = self._tfvars.place(*path)
                is_heredoc = place.excerpt.lstrip().find("<<") >= 0
                yield from _of(value.encode(), place.file, path, place.line if is_heredoc else -place.line)


def _of(data: bytes | None, file: str, keys: Path, offset: int) -> Iterator[_Statement]:
    """The statements of a document; of one within the tfvars `offset` is the line before it, or minus its only one."""
    if data is None:
        return
    try:
        document = load_json(data, file, reviewed=True)
    except EngineError:
        return  # a heredoc that Terraform reads otherwise: it was judged as it was planned

    def line(path: Path) -> int:
        return -offset if offset < 0 else offset + document.place(*path).line

    policy = document.data
    statements = policy.get("Statement") if isinstance(policy, dict) else None
    many = enumerate(statements) if isinstance(statements, list) else [(None, statements)]
    for number, statement in many:
        if isinstance(statement, dict):
            here: Path = ("Statement",) if number is None else ("Statement", number)
            leaves = tuple(
                _Leaf(text.casefold(), path, not _ACTIONS.isdisjoint(path))
                for path, text in _below(statement, here)
                if isinstance(text, str) and path[-1] != "Sid"
            )
            sid = str(statement.get("Sid") or "")[:_LONGEST]
            yield _Statement(file, sid, line, keys, statement.get("Effect") == "Allow", leaves)


def _below(value: "Json", path: Path) -> "Iterator[tuple[Path, Json]]":
    """Everything below a value with its path, what is nearest first."""
    children: list[tuple[str | int, Json]] = []
    if isinstance(value, dict | list):
        children = [*(value.items() if isinstance(value, dict) else enumerate(value))]
    for step, child in children:
        yield (*path, step), child
    for step, child in children:
        yield from _below(child, (*path, step))


def _has(value: "Json", name: str) -> bool:
    return isinstance(value, Mapping) and name in value


def _is(leaf: _Leaf, word: str) -> bool:
    return leaf.text == word


def _holds(leaf: _Leaf, word: str) -> bool:
    return word in leaf.text


def _covers(leaf: _Leaf, word: str) -> bool:
    """Is it a pattern of an action, as AWS reads it?"""
    if not leaf.is_action or ":" not in word or not {"*", "?"} & set(leaf.text):
        return False
    return fnmatchcase(word, leaf.text.replace("[", "[[]"))


def _is_of(name: str, said: str) -> bool:
    """Is a name of the characters, and as long, as a refusal says that names are? Of other words it is."""
    spoken = re.findall(r"\w+", said)
    allowed = "".join(signs for word, signs in _SIGNS.items() if word in spoken)
    if "lower case" not in said and "letters" in said:
        allowed += "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    extra = _SAID_SIGNS.search(said)
    most, between = _AT_MOST.search(said), _BETWEEN.search(said)
    least, longest = (int(between[1]), int(between[2])) if between else (1, int(most[1]) if most else len(name))
    name = name.removesuffix(".fifo") if ".fifo" in said else name
    return least <= len(name) <= longest and (not allowed or set(name) <= {*allowed, *(extra[1] if extra else "")})


def _fits(value: "Json", said: str) -> bool:
    """Is it one of the values that a refusal lists, or in its range?"""
    if isinstance(value, str):
        return f'"{value}"' in said
    number = value if isinstance(value, int | float) and not isinstance(value, bool) else None
    found = _RANGE.search(said)
    return found is not None and number is not None and int(found[1]) <= number <= int(found[2])
