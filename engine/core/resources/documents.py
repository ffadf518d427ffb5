"""Documents beside a tfvars file, and JSON inside one: read strictly, checked, given to Terraform as one text."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from engine.core.canonical import canonical
from engine.core.resources import forms
from engine.core.resources.kinds import KINDS, MAX_BYTES, Kind
from engine.core.resources.policy import Path, Reader
from engine.core.resources.tfvars import Json
from engine.core.resources.unlikely import Actions, resources_of, unlikely
from engine.core.source import Document, load_json
from engine.errors import Place, Problem, problem

_ENDING, _FILE = "_json", "_file"


class Read(NamedTuple):
    """A document, and what is odd about it."""

    text: str
    warned: tuple[Problem, ...] = ()
    names: tuple[
        tuple[str, Callable[[], Place]], ...
    ] = ()  # what its statements are about, where somebody may be warned of it


def read(data: bytes, file: str, kind: str) -> str:
    """The canonical text of a document of a kind (a row of `KINDS`).

    Raises:
        EngineError: all that is wrong with it.
    """
    return judged(data, file, kind).text


def judged(data: bytes, file: str, kind: str, actions: Actions | None = None) -> Read:
    """The same, with warnings where somebody knows which `actions` AWS has.

    Raises:
        EngineError: all that is wrong with it.
    """
    document = load_json(data, file, limit=MAX_BYTES, reviewed=True)
    wanted = KINDS[kind]
    reader = Reader(document, wanted)
    value = reader.policy() if wanted.is_policy else _any(document, reader)
    reader.errors.check()
    text = canonical(value).decode()
    reader.errors.extend(too_long([text], kind, Place(file)))
    reader.errors.check()
    if actions is None or not wanted.is_policy:
        return Read(text)
    return Read(text, tuple(unlikely(document, actions)), tuple(resources_of(document)))


def _any(document: Document, reader: Reader) -> Json:
    value: Json = document.data
    if not isinstance(value, dict | list):
        reader.refuse("ENG338", (), where="the document", expected="a JSON object or list")
    for path, text in _texts(value):
        found = forms.TERRAFORM.search(text)
        if found:
            reader.refuse("ENG391", path, text=f"{found[0]}…}}")
    return value


def too_long(texts: list[str], kind: str, place: Place) -> list[Problem]:
    """A problem, if AWS does not take documents of this size; several are those of one attribute."""
    wanted = KINDS[kind]
    size = sum(_size(text, wanted) for text in texts)
    if size <= wanted.limit or (len(texts) > 1 and not wanted.limit_of_all):
        return []
    return [problem("ENG393", place, hint=wanted.limit_remedy, kind=wanted.words, size=size, limit=wanted.limit)]


def _size(text: str, kind: Kind) -> int:
    return len("".join(text.split())) if kind.is_iam else len(text.encode())


def _texts(value: Json, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every string below a value, keys too."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _texts(item, (*path, i))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*path, key), key
            yield from _texts(item, (*path, key))


def takes(name: str) -> bool:
    """Is this an attribute for a document?"""
    return name.lower().endswith(_ENDING)


def names_file(name: str) -> bool:
    """Is this an attribute that names the file of a document?"""
    return name.lower().endswith(_FILE)


def beside(name: str) -> str:
    """`policy_file`, which names a file for `policy_json`."""
    return name[: -len(_ENDING)] + _FILE


def references(attributes: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(`policy_file`, `policy_json`) for every attribute that takes a document."""
    return ((beside(name), name) for name in attributes if takes(name))
