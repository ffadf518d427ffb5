"""A resource's values against what its service declares, with its documents put in.

Terraform converts types where it can, drops attributes that an object type does not have and only warns of variables
that nobody declared: each of these hides a mistake, so each is refused here, with its line.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import NamedTuple, TypeAlias

from engine.core.resources import documents, forms, meant, misfits
from engine.core.resources.kinds import KINDS
from engine.core.resources.services import COMMON, ORDER, Services
from engine.core.resources.tfvars import Json, Tfvars
from engine.core.resources.types import Attribute, Many, Primitive, Record, Type, Whatever, describe
from engine.core.resources.unlikely import Actions, of_another, of_arn
from engine.errors import EngineError, Errors, Place, Problem, problem
from engine.names import closest, either, listing, nearest

Path = tuple[str | int, ...]
_Read: TypeAlias = Callable[[Json, Path, str], Json]  # a document, by its text or by its name

_PATHS = Many("list", Primitive("string"))
_FILE_NAME = re.compile(r"[\w./-]+\.json")
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
    elif closest(name, services.reserved) and not closest(name, (*declared, COMMON, ORDER)):
        reader.errors.add("ENG332", place, name=name)
    elif not reader.is_misplaced(declared, name):
        known = (*declared, COMMON, ORDER)
        reader.errors.add("ENG330", place, hint=closest(name, known), name=name, service=service, known=either(known))


class _Reader:
    """Walks a value and its type side by side."""

    def __init__(self, file: Tfvars, beside: Mapping[str, bytes], actions: Actions | None) -> None:
        self.errors = Errors()
        self.warned: list[Problem] = []
        self._told_misplaced = False
        self._above: list[Mapping[str, Attribute]] = []  # of the objects that we are in
        self.used: set[str] = set()
        self.file = file
        self._read: dict[tuple[str, str], documents.Read] = {}  # a document of a kind; empty when it was refused
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
                self._odd(value, path)
                return value
            case Many("map", Record() as item), dict() if path and self._is_flat(value, item, path):
                return value
            case Many("map", item), dict():
                return {key: self.value(child, item, (*path, key)) for key, child in value.items()}
            case Many(kind, item), list() if kind != "map":
                return [self.value(child, item, (*path, i)) for i, child in enumerate(value)]
            case Record(), dict():
                self._above.append(type_.attributes)
                checked = self._record(value, type_, path)
                self._above.pop()
                return checked
        self._mismatch(value, type_, path)
        return value

    def is_misplaced(self, declared: Mapping[str, Type], name: str) -> bool:
        """Is it an attribute of an entry, at the top of the file? Then that is said, once."""
        variable = next((v for v, type_ in declared.items() if name in misfits.attributes_of(type_)), "")
        if variable and not self._told_misplaced:
            self._told_misplaced = True
            way = f'`{variable} = {{ "NAME" = {{ {name} = … }} }}`'
            self.errors.add("ENG996", self.file.place(name, key=True), name=name, variable=variable, way=way)
        return bool(variable)

    def _is_flat(self, value: dict[str, Json], item: Record, path: Path) -> bool:
        """Are attributes where names of entries belong? Then that is said, once."""
        names = misfits.attributes_of(Many("map", item))
        found = [key for key, child in value.items() if key in names and not isinstance(child, dict)]
        if found:
            variable, name = str(path[-1]), found[0]
            way = f'`{variable} = {{ "NAME" = {{ {name} = … }} }}`'
            self.errors.add("ENG996", self.file.place(*path, name, key=True), name=name, variable=variable, way=way)
        return bool(found)

    def _odd(self, value: Json, path: Path) -> None:
        if self._actions is not None and isinstance(value, str) and value.startswith("arn:"):
            said, hint = of_arn(value)
            if reason := forms.resource(value, KINDS["json"]):
                said, hint = f"`{value[:100]}` is no ARN: {reason}", meant.resource(value, KINDS["json"])
            if said:
                self.warned.append(problem("ENG997", self.file.place(*path), hint=hint, said=said))

    def _record(self, value: dict[str, Json], type_: Record, path: Path) -> Json:
        attributes = type_.attributes
        takes = misfits.takes(tuple(attributes))
        found: dict[str, Json] = {}
        named: set[str] = set()  # by names that are not known
        for name, child in value.items():
            target = takes.get(name, name)
            attribute = attributes.get(target)
            here = (*path, name)
            if attribute is None:
                known = sorted({*attributes, *takes})
                outer, hint = misfits.elsewhere(name, child, attributes, self._above[:-1])
                hint = hint or closest(name, known)
                if outer not in named:
                    self.errors.add(
                        "ENG333", self.file.place(*here, key=True), hint=hint, name=name, known=either(known)
                    )
                named |= {outer or nearest(name, known)} - {""}
            elif name != target and target in value:
                self.errors.add("ENG327", self.file.place(*here, key=True), name=name, other=target)
            elif child is None and attribute.optional:
                found[target] = None
            else:
                refused = self.errors.watch()
                checked = self.value(child, attribute.type, here)
                if attribute.document and not refused:
                    read = self._inside if name == target else self._beside_it
                    checked = self._documents(checked, here, attribute.document, read)
                found[target] = checked
        for name, attribute in attributes.items():
            if (
                not attribute.optional
                and name not in found
                and not _given(name, value)
                and named.isdisjoint((name, documents.beside(name)))
            ):
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
        if text in self._beside or _FILE_NAME.fullmatch(text):
            *_, name = (str(step) for step in path if isinstance(step, str) and documents.takes(step))
            said, remedy = "the name of a file", f"write `{documents.beside(name)}` for the name of one"
            self.errors.add("ENG335", place, name=name, expected="the text of a document", found=said, remedy=remedy)
            return text
        try:
            found = documents.judged(text.encode(), self.file.file, kind, self._actions)
        except EngineError as error:
            self.errors.extend(_moved(p, place) for p in error.problems)
            return text
        self.warned += [_moved(p, place) for p in (*found.warned, *self._of_another(found, path))]
        return found.text

    def _beside_it(self, name: Json, path: Path, kind: str) -> Json:
        if not isinstance(name, str):
            return name  # refused as a mismatch
        if name.lstrip()[:1] == "{" or "\n" in name:
            *_, attribute = (step for step in path if isinstance(step, str) and documents.names_file(step))
            remedy = f"write `{attribute[: -len('_file')]}_json` for the text itself"
            found = "the text of a document"
            place = self.file.place(*path)
            self.errors.add("ENG335", place, name=attribute, expected="the name of a file", found=found, remedy=remedy)
            return name
        if name not in self._beside:
            code = "ENG328" if "/" in name or "\\" in name or name.startswith(".") else "ENG329"
            base = name.replace("\\", "/").rpartition("/")[2]
            hint = (
                closest(name, self._beside) if code == "ENG329" else f'write "{base}"' if base in self._beside else ""
            )
            self.errors.add(code, self.file.place(*path), hint=hint, value=name, known=self._known)
            return name
        self.used.add(name)
        if (name, kind) not in self._read:  # a hundred resources may share one
            here = f"{self._directory}/{name}"
            try:
                self._read[name, kind] = documents.judged(self._beside[name], here, kind, self._actions)
                self.warned += self._read[name, kind].warned
            except EngineError as error:
                self._read[name, kind] = documents.Read("")
                self.errors.extend(self._named(p, path) for p in error.problems)
        self.warned += self._of_another(self._read[name, kind], path)
        return self._read[name, kind].text

    def _of_another(self, found: documents.Read, path: Path) -> Iterator[Problem]:
        """Warnings about a policy that is another one's, by the entry that it stands in."""
        if len(path) != 3 or not isinstance(path[1], str):
            return
        entry = self.file.values[str(path[0])]
        holder = entry.get(path[1]) if isinstance(entry, dict) else None
        if not isinstance(holder, dict):
            return
        for text, place in found.names:
            if said := of_another(text, path[1], holder):
                hint = "correct one of the two names, or name the other's document in its own entry"
                yield problem("ENG997", place(), hint=hint, said=said)

    def _named(self, one: Problem, path: Path) -> Problem:
        """A document of another kind is told where it is named."""
        return one._replace(place=self.file.place(*path)) if one.code == "ENG995" else one

    def _mismatch(self, value: Json, type_: Type, path: Path) -> None:
        name = next(str(step) for step in reversed(path) if isinstance(step, str))
        self.errors.add(
            "ENG335",
            self.file.place(*path),
            name=name,
            expected=describe(type_),
            found=misfits.called(value),
            remedy=misfits.remedy(value, type_, name),
        )


def _given(name: str, value: Mapping[str, Json]) -> bool:
    return name in value or (documents.takes(name) and documents.beside(name) in value)


def _moved(one: Problem, place: Place) -> Problem:
    """What is told of a JSON text in the tfvars: where that stands, and where in it."""
    own = one.place
    within = f", line {own.line} column {own.column}" if own and own.line else ""
    return one._replace(place=place, message=f"in this JSON{within}: {one.message}")
