"""What the files say, before anything is compiled: every unit (a gate, a trigger, a pipeline …) with its place.

A unit that does not fit its schema is left out but stays known by name, so that one mistake is one problem and all the
other units are still checked.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from engine.core import schema
from engine.core.expressions.globs import glob
from engine.core.source import Document, Read, read_yaml
from engine.errors import Errors, Place, Problem

ENTRY = "deployment-rules.yaml"
APPROVERS = "approvers-config.yaml"
SPECIAL = "special-approvers.yaml"
PEOPLE = (APPROVERS, SPECIAL)  # say who somebody is, and nothing else
SPECIAL_GROUP = "special_approvers"

Path: TypeAlias = tuple[str | int, ...]
Key: TypeAlias = tuple[str, Path]  # file and path of a unit

# Sections of the entry file whose parts stand on their own.
NAMED = ("environments", "define", "gates", "overrides", "commands", "protect")
LISTED = ("sources", "events")
_SETTINGS = ("otherwise", "approvals", "limits", "backend", "verdicts", "include")
_TOP = {"version", "pipelines", *NAMED, *LISTED, *_SETTINGS}


_OF_A_PIPELINE = {"pipeline", "description", "gates", "actions", "locks", "permissions", "then", "else"}


class Entry(NamedTuple):
    """One unit of a file."""

    document: Document
    path: Path
    name: str
    data: Any  # JSON that fits its schema

    @property
    def key(self) -> Key:
        """What tells it from all others."""
        return self.document.file, self.path

    def place(self, *path: str | int, key: bool = False) -> Place:
        """The place of a part of it; of the unit's own name without a path."""
        if not path:
            return self.document.place(*self.path, key=True)
        return self.document.place(*self.path, *path, key=key)


class PipelineEntry(NamedTuple):
    """A pipeline and those of its actions that fit their schema."""

    entry: Entry
    steps: tuple[Entry, ...]
    whole: bool  # are those all of them?
    strays: bool = False  # is a key too many, which may be that of its gates or its permissions?


class Unread(frozenset[str]):
    """The names of a part that could not be read: any may be in it, so none is called unknown."""

    def __contains__(self, _: object) -> bool:
        return True


class Draft(NamedTuple):
    """All units of all files."""

    files: tuple[str, ...]
    entry: Document | None
    settings: Mapping[
        str, Any
    ]  # the parts of the entry file that are not units: otherwise, approvals, limits, backend, verdicts
    sections: Mapping[str, tuple[Entry, ...]]
    pipelines: tuple[PipelineEntry, ...]
    groups: tuple[Entry, ...]
    known: Mapping[str, frozenset[str]]  # section → every name in it, those of broken units too
    incomplete: frozenset[str]  # sections, `pipelines` and `groups` of which something could not be read
    warned: tuple[Problem, ...]  # what is odd about the texts
    doubted: Mapping[str, frozenset[int]]  # file → lines of which more is wrong than what they say
    partial: frozenset[Key]  # units of which something was left out: names and expressions in them are judged, no more

    def whole(self) -> "Draft":
        """The same without those."""
        sections = {n: tuple(one for one in units if one.key not in self.partial) for n, units in self.sections.items()}
        return self._replace(sections=sections) if self.partial else self


@lru_cache(maxsize=1)
def document(content: bytes, file: str) -> Read:
    """A file of the rules. The last one is kept: who collects the files has just read `include` in the entry file."""
    return read_yaml(content, file, fits=_is_of_rules)


def _is_of_rules(data: Any) -> bool:
    return any(schema.is_valid(name, data) for name in ("deployment-rules", "spec", "approvers-config"))


def read(files: Mapping[str, bytes], entry: str, errors: Errors, inputs: schema.Inputs | None = None) -> Draft:
    """Parse and validate every file; what is wrong goes to `errors`. `inputs` are those of the actions there are."""
    reader = _Files(files, entry, errors, inputs or {})
    rules = reader.one(entry, "deployment-rules")
    if entry not in files:
        errors.add("ENG050", Place(entry), file=entry)
    data, broken = rules if rules else (None, frozenset[Path]())
    wrong = reader.wrong.get(entry, frozenset())
    misnamed = reader.misnamed.get(entry, frozenset())
    document = reader.documents.get(entry)
    top = data if isinstance(data, dict) else {}
    sections = {
        name: tuple(_units(document, (name,), top.get(name), broken)) if document else () for name in (*NAMED, *LISTED)
    }
    pipelines = [*reader.inline(document, top, broken), *reader.specs()]
    groups = [*reader.groups(), *reader.special()]
    unread = document is None
    within = {name for held in top.values() for name in _mapping(held)} & _TOP - top.keys()  # sections in a section
    strays = bool(within) or not top.keys() <= _TOP  # `gate:` is where the gates are, so none of them is called unknown
    # Nor what begins in the first column by mistake, and what then seems to be in it.
    stray = {name for one in top if one not in _TOP for name in (one, *_mapping(top[one]))}
    known = {
        n: Unread()
        if unread or (n,) in broken or n in misnamed or (strays and n not in top)
        else frozenset((*_names(_mapping(top.get(n)), n, wrong), *stray))
        for n in NAMED
    }
    settings = {n: top[n] for n in _SETTINGS if _sound(top, n, broken)}
    included = settings.get("include", () if "include" not in top else ("",))
    twice = len({*reader.pipeline_names}) < len(reader.pipeline_names)
    unread_specs = any(missing(pattern, files) for pattern in included) or reader.pipelines_unread
    pipelines_unread = unread or unread_specs or twice
    known["pipelines"] = Unread() if pipelines_unread else frozenset(reader.pipeline_names)
    known["groups"] = Unread() if reader.groups_unread else frozenset(reader.group_names)
    incomplete = {str(path[0]) for path in wrong if path} | {
        n for n, names in known.items() if isinstance(names, Unread)
    }
    incomplete |= {name for name in _TOP if strays and (name in NAMED or name not in top)}
    incomplete |= (
        {"pipelines"} if not all(one.whole for one in pipelines) or reader.wrong.keys() - {entry, *PEOPLE} else set()
    )
    incomplete |= {"groups"} if not reader.wrong.keys().isdisjoint(PEOPLE) else set()
    warned = tuple(problem for one in reader.documents.values() for problem in one.warned)
    return Draft(
        tuple(sorted(files)),
        document,
        settings,
        sections,
        tuple(pipelines),
        tuple(groups),
        known,
        frozenset(incomplete),
        warned,
        {file: one.doubted for file, one in reader.documents.items() if one.doubted},
        frozenset(reader.partial),
    )


def missing(pattern: str, files: Iterable[str]) -> bool:
    """Does an entry of `include` match no file?"""
    matches = glob(pattern)
    return not any(matches(file) for file in files)


def _sound(top: Mapping[str, Any], name: str, broken: frozenset[Path]) -> bool:
    return name in top and not any(path[:1] == (name,) for path in broken)


def _names(section: Mapping[str, Any], name: str, wrong: frozenset[Path]) -> Iterator[str]:
    """Every name of a section, and those that stand in another unit because they are indented too deep."""
    yield from section
    for unit in {str(path[1]) for path in wrong if path[:1] == (name,) and path[1:]}:
        yield from (
            key for key, value in _mapping(section.get(unit)).items() if value is None or isinstance(value, dict)
        )


def _sections(document: Document, lines: Iterable[int]) -> Iterator[Path]:
    """In which keys of the top some lines are."""
    begins = [(document.place(name, key=True).line, name) for name in _mapping(document.data)]
    for line in lines:
        yield (max((one for one in begins if one[0] <= line), default=(0, ""))[1],)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}


def _units(document: Document, path: Path, value: object, broken: frozenset[Path]) -> Iterator[Entry]:
    """The sound parts of a mapping or list."""
    if path in broken:
        return
    bad = {one[: len(path) + 1] for one in broken if one[: len(path)] == path}
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, data in items:
        here = (*path, key)
        if here not in bad:
            yield Entry(document, here, str(key), data)


class _Files:
    """Reads the files of one rule set."""

    def __init__(self, files: Mapping[str, bytes], entry: str, errors: Errors, inputs: schema.Inputs) -> None:
        self._files, self._entry, self._errors, self._inputs = files, entry, errors, inputs
        self.documents: dict[str, Document] = {}
        self.pipeline_names: list[str] = []
        self.group_names: list[str] = []
        self.pipelines_unread = self.groups_unread = False
        self.misnamed: dict[str, frozenset[str]] = {}  # file → sections that hold a name that cannot be one
        self.wrong: dict[str, frozenset[Path]] = {}  # file → where something is wrong
        self.partial: set[Key] = set()

    def one(self, file: str, name: str) -> tuple[Any, frozenset[Path]] | None:
        """The data of a file and the paths in it that do not fit; None: it is not there, or not YAML."""
        if file not in self._files:
            return None
        unsure: set[str | int] = set()  # of two of one name, another one was meant
        parsed, problems = document(self._files[file], file)
        found = schema.check(name, parsed, self._inputs) if parsed else ()
        told = (*problems, *(mistake.problem for mistake in found))
        if told and (whole := self._without_its_head(file, name, told)):
            self._errors.extend(whole)
            self.wrong[file] = frozenset()
            return None
        self._errors.extend(problems)
        if parsed is None:
            self.wrong[file] = frozenset()
            return None
        self.documents[file] = parsed
        if problems:
            lines = {*parsed.doubted, *(one.place.line for one in problems if one.place)}
            self.wrong[file] = frozenset(_sections(parsed, lines))
            twice = [one.place.line for one in problems if one.place and one.code == "ENG027"]
            unsure |= {path[0] for path in _sections(parsed, twice)}
        self._errors.extend(mistake.problem for mistake in found)
        self.misnamed[file] = frozenset(map(str, unsure | {mistake.path[0] for mistake in found if mistake.of_name}))
        if found:
            self.wrong[file] = self.wrong.get(file, frozenset()) | {mistake.path for mistake in found}
        broken = frozenset(m.path for m in found if not m.sound)
        if not broken:
            return parsed.data, broken
        from engine.core.rules.partial import fitting  # a failure path, too

        data, broken, units = fitting(name, parsed.data, broken)
        self.partial |= {(file, unit) for unit in units}
        return data, broken

    def _without_its_head(self, file: str, name: str, problems: Sequence[Problem]) -> Sequence[Problem]:
        from engine.core.rules.headless import headless  # a failure path: not worth start-up time

        whole = headless(self._files[file], file, name, problems)
        return [whole] if whole else []

    def inline(
        self, document: Document | None, top: Mapping[str, Any], broken: frozenset[Path]
    ) -> Iterator[PipelineEntry]:
        """`pipelines:` of the entry file."""
        listed = top.get("pipelines")
        for index, data in enumerate(listed if isinstance(listed, list) else ()):
            assert document is not None
            yield from self._pipeline(document, ("pipelines", index), data, broken)

    def specs(self) -> Iterator[PipelineEntry]:
        """All files that hold one pipeline each."""
        for file in sorted(set(self._files) - {self._entry, APPROVERS, SPECIAL}):
            read = self.one(file, "spec")
            if read is None:
                self.pipelines_unread = True
            else:
                yield from self._pipeline(self.documents[file], (), *read)

    def _pipeline(
        self, document: Document, path: Path, data: object, broken: frozenset[Path]
    ) -> Iterator[PipelineEntry]:
        name = _mapping(data).get("pipeline")
        if not isinstance(name, str):
            self.pipelines_unread = True
            return
        self.pipeline_names.append(name)
        self.pipelines_unread |= (*path, "pipeline") in broken
        actions = (*path, "actions")
        if any(
            bad[: len(path)] == path and (bad in (path, actions) or bad[: len(actions)] != actions) for bad in broken
        ):
            return
        steps = tuple(_units(document, actions, _mapping(data)["actions"], broken))
        yield PipelineEntry(
            Entry(document, path, name, data),
            steps,
            whole=len(steps) == len(_mapping(data)["actions"]),
            strays=not data.keys() <= _OF_A_PIPELINE if isinstance(data, dict) else False,
        )

    def groups(self) -> Iterator[Entry]:
        """The groups of `approvers-config.yaml`."""
        read = self.one(APPROVERS, "approvers-config")
        data, broken = read or (None, frozenset[Path]())
        groups = _mapping(data).get("groups")
        self.group_names += _mapping(groups)
        self.groups_unread = APPROVERS in self._files and not isinstance(groups, dict)
        self.groups_unread |= bool(self.misnamed.get(APPROVERS))
        if read:
            yield from _units(self.documents[APPROVERS], ("groups",), groups, broken)

    def special(self) -> Iterator[Entry]:
        """The list of `special-approvers.yaml`, as a group."""
        if SPECIAL not in self._files:
            return
        self.group_names.append(SPECIAL_GROUP)
        read = self.one(SPECIAL, "special-approvers")
        if read and not read[1]:
            teams = [name for name in read[0] if "/" in name]  # one that is pinned has no such key
            users = [name for name in read[0] if name not in teams]
            yield Entry(self.documents[SPECIAL], (), SPECIAL_GROUP, {"users": users, "teams": teams})
