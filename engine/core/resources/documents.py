"""Documents beside a tfvars file, and JSON written inside one: read strictly, checked, given to Terraform as one text.

AWS reads policy keys by their exact case and drops what it does not know, so a `statement` or an `action` is a hole,
not a style. Single values become lists: policies then need one form of each rule, and plans do not change with style.
"""

from collections.abc import Callable, Iterator, Mapping

from engine.core.canonical import canonical
from engine.core.resources.tfvars import Json
from engine.core.source import Document, load_json
from engine.errors import Errors, closest, listing

MAX_BYTES = 64 * 1024  # the largest policy that AWS takes (KMS) has 32 KB

_POLICY = ("Version", "Id", "Statement")
_STATEMENT = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_PRINCIPAL = ("AWS", "Service", "Federated", "CanonicalUser")
_IAM = ("policy_json", "assume_role_policy_json", "inline_policies_json")  # `filter_policy_json` is another language
_VERSIONS = ("2012-10-17", "2008-10-17")

Path = tuple[str | int, ...]


def inline(data: bytes, file: str, attribute: str) -> str:
    """The canonical text of a document for `attribute`. What has statements is an IAM policy under any name.

    Raises:
        EngineError: all that is wrong with it.
    """
    document = load_json(data, file, limit=MAX_BYTES, reviewed=True)
    reader = _Reader(document)
    value = reader.object((), "the document")
    reader.errors.check()
    if attribute in _IAM or any(name.casefold() == "statement" for name in value):
        value = reader.policy()
        reader.errors.check()
    return canonical(value).decode()


class _Reader:
    """Checks and normalises one policy document."""

    def __init__(self, document: Document) -> None:
        self.errors = Errors()
        self._document = document

    def policy(self) -> dict[str, Json]:
        """The whole document, normalised."""
        value = self.object((), "a policy", _POLICY)
        if "Version" in value and value["Version"] not in _VERSIONS:
            self._refuse(("Version",), "Version", f"one of: {listing(_VERSIONS)}")
        if not value.get("Statement"):
            self._refuse((), "a policy", "an object with at least one Statement")
            return value
        return value | {"Statement": self._each(value["Statement"], ("Statement",), self._statement)}

    def object(self, path: Path, where: str, known: tuple[str, ...] = ()) -> dict[str, Json]:
        """The object at a path, its keys checked; empty where there is none."""
        value = self._at(path)
        if not isinstance(value, dict):
            self._refuse(path, where, "a JSON object")
            return {}
        for name in value:
            if known and name not in known:
                place = self._document.place(*path, name, key=True)
                self.errors.add(
                    "ENG337", place, hint=closest(name, known), name=name, where=where, known=listing(known)
                )
        return value

    def _statement(self, path: Path) -> Json:
        value = self.object(path, "a statement", _STATEMENT)
        if not value:
            return value
        if value.get("Effect") not in ("Allow", "Deny"):
            self._refuse((*path, "Effect"), "Effect", "Allow or Deny")
        for one, other in (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal")):
            if one in value and other in value:
                self._refuse(path, "a statement", f"without either {one} or {other}")
        if not {"Action", "NotAction"} & value.keys():
            self._refuse(path, "a statement", "complete: it has no Action")
        return {name: self._part(name, part, (*path, name)) for name, part in value.items() if name in _STATEMENT}

    def _part(self, name: str, value: Json, path: Path) -> Json:
        if name in ("Action", "NotAction", "Resource", "NotResource"):
            return self._strings(value, path)
        if name in ("Principal", "NotPrincipal") and value != "*":
            found = self.object(path, "a principal", _PRINCIPAL)
            return {kind: self._strings(who, (*path, kind)) for kind, who in found.items()}
        if name == "Condition":
            return {test: self._condition((*path, test)) for test in self.object(path, "Condition")}
        if not isinstance(value, str):
            self._refuse(path, name, "a string")
        return value

    def _condition(self, path: Path) -> Json:
        found = self.object(path, "a condition")
        return {key: value if isinstance(value, list) else [value] for key, value in found.items()}

    def _strings(self, value: Json, path: Path) -> Json:
        items: list[Json] = value if isinstance(value, list) else [value]
        if not items or not all(isinstance(item, str) for item in items):
            self._refuse(path, str(path[-1]), "a string or a list of strings")
        return items

    def _each(self, value: Json, path: Path, read: Callable[[Path], Json]) -> Json:
        return [read((*path, i)) for i in range(len(value))] if isinstance(value, list) else [read(path)]

    def _at(self, path: Path) -> Json:
        value: Json = self._document.data
        for step in path:
            value = value[step]  # type: ignore[index]  # a path comes from the value itself
        return value

    def _refuse(self, path: Path, where: str, expected: str) -> None:
        self.errors.add("ENG338", self._document.place(*path), where=where, expected=expected)


def references(attributes: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(`policy_file`, `policy_json`) for every attribute that takes a document."""
    for name in attributes:
        if name.endswith("_json"):
            yield f"{name.removesuffix('_json')}_file", name
