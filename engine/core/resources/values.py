"""A resource's values against what its service declares, with its documents put in.

Terraform converts types where it can, drops attributes that an object type does not have and only warns of variables
that nobody declared: each of these hides a mistake, so each is refused here, with its line.
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeAlias

from engine.core.resources import documents
from engine.core.resources.kinds import KINDS
from engine.core.resources.services import COMMON, ORDER, Services
from engine.core.resources.tfvars import Json, Tfvars
from engine.core.resources.types import Many, Primitive, Record, Type, Whatever, describe
from engine.core.resources.unlikely import Actions
from engine.errors import EngineError, Errors, Place, Problem
from engine.names import closest, either, listing

Path = tuple[str | int, ...]
_Read: TypeAlias = Callable[[Json, Path, str], Json]  # a document, by its text or by its name

_PATHS = Many("list", Primitive("string"))
_PYTHON: dict[str, tuple[type, ...]] = {"string": (str,), "number": (int, float), "bool": (bool,)}


class Fitted(NamedTuple):
    """What Terraform will be given, and the documents that went into it."""

    variables: Mapping[str, Json]
    used: frozenset[str]
    waits_for: tuple[str, ...] = ()  # what `depends_on` names, as it stands there
    warned: tuple[Problem, ...] = ()  # what is odd about its documents


def fit(
    file: Tfvars, service: str, services: Services, beside: Mapping[str, bytes], actions: Actions | None = None
) -> Fitted:
    """Check one file's values; `service` is written as its directory is, `beside` holds the documents by name.

    Without `actions`, which know what AWS has, nothing is warned of.

    Raises:
        EngineError: all that is wrong.
    """
    reader = _Reader(file, beside, actions)
    declared = services.variables[service.lower()]
    variables: dict[str, Json] = {}
    waits_for: Json = []
    for name, value in file.values.items():
        if name == COMMON:
            variables[name] = value
        elif name == ORDER:
            waits_for = reader.value(value, _PATHS, (name,))
        elif name in declared:
            variables[name] = reader.value(value, declared[name], (name,))
        else:
            _refuse_variable(reader, name, service, services, declared)
    if not reader.errors.added and not any(variables.get(name) for name in declared):
        reader.errors.add(
            "ENG336", file.place(*(n for n in declared if n in variables)), path=file.file, known=either(declared)
        )
    reader.errors.check()
    assert isinstance(waits_for, list)
    return Fitted(variables, frozenset(reader.used), tuple(map(str, waits_for)), tuple(reader.warned))


def _refuse_variable(
    reader: "_Reader", name: str, service: str, services: Services, declared: Mapping[str, Type]
) -> None:
    place = reader.file.place(name, key=True)
    owner = services.owner(name)
    if name in services.reserved:
        reader.errors.add("ENG332", place, name=name)
    elif owner is not None:
        reader.errors.add("ENG331", place, name=name, owner=owner, service=service)
    else:
        known = (*declared, COMMON, ORDER)
        reader.errors.add("ENG330", place, hint=closest(name, known), name=name, service=service, known=either(known))


@lru_cache(maxsize=256)  # as many records as a module has
def _takes(attributes: tuple[str, ...]) -> Mapping[str, str]:
    return dict(documents.references(attributes))


class _Reader:
    """Walks a value and its type side by side."""

    def __init__(self, file: Tfvars, beside: Mapping[str, bytes], actions: Actions | None) -> None:
        self.errors = Errors()
        self.warned: list[Problem] = []
        self.used: set[str] = set()
        self.file = file
        self._read: dict[tuple[str, str], str] = {}  # a document of a kind; empty when it was refused
        self._actions, self._beside, self._directory = actions, beside, file.file.rpartition("/")[0]

    @cached_property
    def _known(self) -> str:
        return listing(self._beside)

    def value(self, value: Json, type_: Type, path: Path) -> Json:
        """The value as Terraform gets it."""
        match type_, value:
            case Whatever(), _:
                self._no_documents(value, path)
                return value
            case Primitive(name), _ if isinstance(value, _PYTHON[name]) and (name == "bool") is isinstance(value, bool):
                return value
            case Many("map", item), dict():
                return {key: self.value(child, item, (*path, key)) for key, child in value.items()}
            case Many(kind, item), list() if kind != "map":
                return [self.value(child, item, (*path, i)) for i, child in enumerate(value)]
            case Record(), dict():
                return self._record(value, type_, path)
        self._mismatch(value, type_, path)
        return value

    def _record(self, value: dict[str, Json], type_: Record, path: Path) -> Json:
        attributes = type_.attributes
        takes = _takes(tuple(attributes))
        found: dict[str, Json] = {}
        for name, child in value.items():
            target = takes.get(name, name)
            attribute = attributes.get(target)
            here = (*path, name)
            if attribute is None:
                known = sorted({*attributes, *takes})
                self.errors.add(
                    "ENG333",
                    self.file.place(*here, key=True),
                    hint=closest(name, known),
                    name=name,
                    known=either(known),
                )
            elif name != target and target in value:
                self.errors.add("ENG327", self.file.place(*here, key=True), name=name, other=target)
            elif child is None and attribute.optional:
                found[target] = None
            else:
                checked = self.value(child, attribute.type, here)
                if attribute.document:
                    read = self._inside if name == target else self._beside_it
                    checked = self._documents(checked, here, attribute.document, read)
                found[target] = checked
        for name, attribute in attributes.items():
            if not attribute.optional and name not in found and not _given(name, value):
                shown = documents.beside(name) if attribute.document else name
                self.errors.add(
                    "ENG334", self.file.place(*path, key=True), name=shown, expected=describe(attribute.type)
                )
        return found

    def _documents(self, value: Json, path: Path, kind: str, read: _Read) -> Json:
        """A text, or each text of a map or a list, becomes a checked document."""
        refused = self.errors.watch()
        found: Json
        if isinstance(value, dict):
            found = {key: read(child, (*path, key), kind) for key, child in value.items()}
            texts = list(found.values())
        elif isinstance(value, list):
            found = texts = [read(child, (*path, i), kind) for i, child in enumerate(value)]
        else:
            return read(value, path, kind)
        if not refused:
            self.errors.extend(documents.too_long(list(map(str, texts)), kind, self.file.place(*path)))
        return found

    def _no_documents(self, value: Json, path: Path) -> None:
        """Where the module takes any value it cannot say which kind a document is, so that nobody would look at it."""
        children = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
        for step, child in children:
            here = (*path, step)
            if isinstance(step, str) and documents.takes(step):
                hint = f"the module has to declare it: `{step} = string # document: KIND`, in an object"
                self.errors.add("ENG380", self.file.place(*here, key=True), hint=hint, name=step, known=either(KINDS))
            self._no_documents(child, here)

    def _inside(self, text: Json, path: Path, kind: str) -> Json:
        if not isinstance(text, str):
            return text  # refused as a mismatch
        place = self.file.place(*path)
        try:
            found = documents.judged(text.encode(), self.file.file, kind, self._actions)
        except EngineError as error:
            self.errors.extend(_moved(p, place) for p in error.problems)
            return text
        self.warned += [_moved(p, place) for p in found.warned]
        return found.text

    def _beside_it(self, name: Json, path: Path, kind: str) -> Json:
        if not isinstance(name, str):
            return name  # refused as a mismatch
        if name not in self._beside:
            code = "ENG328" if "/" in name or "\\" in name or name.startswith(".") else "ENG329"
            hint = closest(name, self._beside) if code == "ENG329" else ""
            self.errors.add(code, self.file.place(*path), hint=hint, value=name, known=self._known)
            return name
        self.used.add(name)
        if (name, kind) not in self._read:  # a hundred resources may share one
            here = f"{self._directory}/{name}"
            try:
                self._read[name, kind], warned = documents.judged(self._beside[name], here, kind, self._actions)
                self.warned += warned
            except EngineError as error:
                self._read[name, kind] = ""
                self.errors.extend(self._named(p, path) for p in error.problems)
        return self._read[name, kind]

    def _named(self, problem: Problem, path: Path) -> Problem:
        """A document of another kind is told where it is named."""
        return problem._replace(place=self.file.place(*path)) if problem.code == "ENG995" else problem

    def _mismatch(self, value: Json, type_: Type, path: Path) -> None:
        name = next(str(step) for step in reversed(path) if isinstance(step, str))
        self.errors.add(
            "ENG335",
            self.file.place(*path),
            name=name,
            expected=describe(type_),
            found=_describe(value),
            remedy=_remedy(value, type_),
        )


def _given(name: str, value: Mapping[str, Json]) -> bool:
    return name in value or (documents.takes(name) and documents.beside(name) in value)


def _moved(problem: Problem, place: Place) -> Problem:
    """What is told of a JSON text in the tfvars: where that stands, and where in it."""
    within = (
        f", line {problem.place.line} column {problem.place.column}" if problem.place and problem.place.line else ""
    )
    return problem._replace(place=place, message=f"in this JSON{within}: {problem.message}")


def _describe(value: Json) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    for kinds, text in (((str,), "a string"), ((int, float), "a number"), ((list,), "a list"), ((dict,), "an object")):
        if isinstance(value, kinds):
            return text
    return "null"


def _remedy(value: Json, type_: Type) -> str:
    match type_:
        case Primitive("string") if isinstance(value, int | float):
            return "write it in quotes"
        case Primitive("bool") if isinstance(value, str):
            right = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}
            word = right.get(value.strip().lower())
            return f"write {word}, without quotes" if word else "write true or false"
        case Primitive() if isinstance(value, str):
            number = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip())
            without = "quotes and unit" if number and number[2] else "quotes"
            return f"write {number[1]}, without {without}" if number else "write a number"
        case Many("list" | "set", _):
            return "write `[ … ]`"
        case Many("map", _) | Record():
            return "write `{ … }`"
        case _:
            return f"write {describe(type_)}"
