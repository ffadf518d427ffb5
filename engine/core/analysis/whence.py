"""Where a fixture, or a file that it shares, says a fact: so that a mistake is told where somebody made it, and once.

What a case is made of stands in layers: the case, what its file gives, what the shared files give; and items of lists
have defaults. What nobody has said follows from something else (a statement says what the verdict says).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from engine.core.analysis.facts import SAID, identity
from engine.core.source import Document
from engine.core.source.document import Places
from engine.errors import Place

Path: TypeAlias = tuple[str | int, ...]


class Layer(NamedTuple):
    """One part of a file that says something of a case."""

    document: Document
    path: Path  # of the part: ("cases", 3)

    @property
    def said(self) -> Mapping[str, Any]:
        """What stands there."""
        value: Any = self.document.data
        for step in self.path:
            value = value[step] if not isinstance(value, dict) else value.get(step, {})
        found: Mapping[str, Any] = value
        return found

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Of a part of it."""
        return self.document.place(*self.path, *path, key=key)


class Whence(Places):
    """Finds the places of a fact document that was spelled out of layers, in the place of the document's own."""

    __slots__ = ("_documents", "_layers", "_people")

    def __init__(self, layers: Sequence[Layer], documents: Sequence[Document], people: Mapping[str, Any]) -> None:
        """`layers` and `documents` with the case's own first; `people`: login → id, or {id, bot}."""
        self._layers, self._documents, self._people = layers, documents, people

    def find(self, path: Path, *, key: bool) -> Place:
        """The place of a value of `facts`, `absent` or `failed` (or of its key), or of the nearest that was said."""
        section, *names = self.origin(path) or ("facts",)
        return self.said((str(section),), tuple(names), key=key)

    def origin(self, path: Path) -> Path:
        """What says it: for what was filled in, the fact that it was taken from."""
        if path[:1] != ("facts",) or len(path) < 3:
            return path
        fact, *rest = path[1:]
        if fact == "permissions":
            login = next((name for name in self._people if identity(self._people[name]) == rest[0]), rest[0])
            return ("facts", fact, login, *rest[1:])
        filled = FILLED.get(str(fact), {}).get(str(rest[1])) if len(rest) > 1 else None
        return ("facts", "verdict", filled) if filled and not self._is_said(path[1:]) else path

    def said(self, section: Path, names: Path, *, key: bool = False) -> Place:
        """Where the topmost layer says it that says anything of it."""
        for layer, name, rest in self._covering(section, names):
            if rest and not _holds(layer.said, (*section, name, *rest)) and (found := self._default(names, key=key)):
                return found
            inside = len(_split(section, name)) > len(names)  # of what cannot be led into, it is the key that is wrong
            return layer.place(*section, name, *rest, key=key or inside)
        steps = [str(step) for step in names]
        for one in self._layers:
            for name in _within(one.said, section):
                if _split(section, name)[: len(steps)] == steps:
                    return one.place(*section, name, key=True)
        top = self._layers[0]
        nearest = next((part for part in (section[:1], ("why",)) if part and part[0] in top.said), ())
        return top.place(*nearest)

    def is_given(self, fact: str) -> bool:
        """Does a layer below the topmost that says all of a fact say it, too?"""
        return len(list(self._covering(("facts",), (fact,)))) > 1

    def topmost(self, fact: str) -> Any:
        """What the topmost layer says that says all of a fact; None: none does, it stands in what all cases share."""
        said = (layer.said["facts"][name] for layer, name, _ in self._covering(("facts",), (fact,)))
        return next(said, None)

    @property
    def event(self) -> Mapping[str, Any]:
        """What the case itself says of its event."""
        return _within(self._layers[0].said, ("event",))

    def leaf(self, value: str) -> Place:
        """Where a text stands among the facts: as a value, or as a key."""
        for layer in self._layers:
            for path in _leaves(layer.said.get("facts", {}), value):
                return layer.place("facts", *path, key=True) if path[-1] == value else layer.place("facts", *path)
        for document in self._documents:
            for path in _leaves(document.data.get("defaults", {}), value):
                return document.place("defaults", *path)
        return self._layers[0].place("why")

    def _is_said(self, names: Path) -> bool:
        layers = self._covering(("facts",), names)
        there = any(_holds(layer.said, ("facts", name, *rest)) for layer, name, rest in layers)
        return there or self._default(names, key=True) is not None

    def _covering(self, section: Path, names: Path) -> Iterator[tuple[Layer, str, Path]]:
        """Layers with the longest of their keys that leads there, or into it where it cannot be led into: an item."""
        for layer in self._layers:
            steps = {name: _split(section, name) for name in _within(layer.said, section)}
            above = [name for name, said in steps.items() if said == [str(step) for step in names[: len(said)]]]
            if above:
                best = max(above, key=len)
                yield layer, best, names[len(steps[best]) :]
            at = list(map(str, names))
            for name, said in steps.items():
                if said[: len(at)] == at and "".join(said[len(at) : len(at) + 1]).isdecimal():
                    yield layer, name, ()

    def _default(self, names: Path, *, key: bool) -> Place | None:
        fact, *item = names
        for document in self._documents:
            defaults = document.data.get("defaults", {}).get(fact, {})
            if len(item) > 1 and item[1] in defaults:
                return document.place("defaults", fact, *item[1:], key=key)
        return None


# Fact → what of its items is taken from the verdict where nobody says it.
FILLED: Mapping[str, Mapping[str, str]] = {
    "statements": {**{name: name for name in SAID}, "confirmed_at": "signed_at"},
    "comments": {"head": "head_sha", "verdict": "sequence"},
}


def _split(section: Path, name: str) -> list[str]:
    """The steps of a name that is a path, as those of facts and of a payload are."""
    return name.split(".") if section in (("facts",), ("event", "payload")) else [name]


def _within(said: Any, section: Path) -> Mapping[str, Any]:
    for step in section:
        said = said.get(step, {}) if isinstance(said, dict) else {}
    return said if isinstance(said, dict) else {}


def _holds(value: Any, path: Path) -> bool:
    for step in path:
        if step not in (value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()):
            return False
        value = value[step]
    return True


def _leaves(value: Any, text: str, path: Path = ()) -> Iterator[Path]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inner:
        if text == child or (isinstance(step, str) and text == step.rpartition(".")[2]):
            yield (*path, step)
        yield from _leaves(child, text, (*path, step))
