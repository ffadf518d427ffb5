"""Where in the configuration a finding is about: the statement of a document, the line of an attribute, the resource's.

Nothing is decided by it. A policy that says `attribute` is believed; else what the finding is about (`value`) is looked
for, and then an attribute that its texts name as policies name it. Whatever is not found is the resource's own line.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from engine.core.resources.documents import names_file, takes
from engine.core.source import load_json
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.core.findings import Finding
    from engine.core.resources.model import Resource
    from engine.core.resources.tfvars import Json, Tfvars

# `kms_key_arn`, or `versioning = `: any other single word is of a sentence.
_NAME = re.compile(r"(?<![\w.:/-])([a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w:/-])|[a-z][a-z0-9]*(?= = ))", re.ASCII)
_ACTIONS = frozenset({"Action", "NotAction"})
_LONGEST = 200  # characters of a `Sid` that are shown, and of a value that is looked for

Path = tuple["str | int", ...]


class Spot(NamedTuple):
    """A line of the configuration."""

    file: str
    line: int  # 0: not known
    sid: str = ""  # of the document's statement that it is about


class _Statement(NamedTuple):
    spot: Spot
    keys: Path  # of the document, in the tfvars: a policy's name is one of them
    allows: bool
    leaves: "tuple[_Leaf, ...]"


class _Leaf(NamedTuple):
    text: str  # folded
    line: int
    is_action: bool


class Spots:
    """Of one resource; its files are read when the first finding asks."""

    def __init__(self, resource: "Resource") -> None:
        self._resource = resource

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
        if not entry or not words:
            return None
        name = finding.address.rpartition('["')[2].removesuffix('"]').partition("/")[2]
        own = sorted(self._statements(entry), key=lambda one: (name not in one.keys, not one.allows))
        for fits in (_is, _holds, _covers):
            for one in own:
                lines = [next((leaf.line for leaf in one.leaves if fits(leaf, word)), 0) for word in words]
                if all(lines):
                    return one.spot._replace(line=lines[0])
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
                _Leaf(text.casefold(), line(path), not _ACTIONS.isdisjoint(path))
                for path, text in _below(statement, here)
                if isinstance(text, str) and path[-1] != "Sid"
            )
            sid = str(statement.get("Sid") or "")[:_LONGEST]
            yield _Statement(Spot(file, line(here), sid), keys, statement.get("Effect") == "Allow", leaves)


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
