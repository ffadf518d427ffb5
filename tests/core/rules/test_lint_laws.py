"""Laws of loading: nothing that is written is ignored, and no text of rules brings the linter down."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.rules.lint import lint
from engine.core.source import load_yaml
from engine.data import ROOT
from engine.errors import Place
from engine.run.catalog import catalog
from engine.run.trusted import read_rules

FILES = read_rules(ROOT)
CATALOG = catalog()


def keys(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The paths of all keys."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        yield (*path, key)
        yield from keys(inner, (*path, key))
    for index, inner in enumerate(value if isinstance(value, list) else ()):
        yield from keys(inner, (*path, index))


def places() -> Iterator[Any]:
    """Every key, and its place; once for each way to come to such a key in its file, the others are slow."""
    for file, data in FILES.items():
        document = load_yaml(data, file)
        seen = set()
        for path in keys(document.data):
            # nothing in the rules has to name an environment: the tfvars do
            if path[:1] != ("environments",) or len(path) != 2:
                # The second step is a name that somebody gave: of a gate, a pipeline, a source.
                way = tuple("*" if isinstance(step, int) or at == 1 else step for at, step in enumerate(path))
                marks = pytest.mark.slow if way in seen else ()
                seen.add(way)
                yield pytest.param(".".join(map(str, path)), document.place(*path, key=True), marks=marks)


@pytest.mark.parametrize(("key", "place"), list(places()))
def test_no_key_is_ignored(key: str, place: Place) -> None:
    """Misspell any key of the shipped rules: a setting, a gate's name, a define. Something has to be said."""
    lines = FILES[place.file].decode().split("\n")
    line = lines[place.line - 1]
    end = place.column - 1 + place.length
    lines[place.line - 1] = line[:end] + "x" + line[end:]
    assert lint({**FILES, place.file: "\n".join(lines).encode()}, CATALOG), f"{place}: {key}x"


@settings(max_examples=60, deadline=None)  # others use the machine too
@given(
    file=st.sampled_from(sorted(FILES)),
    at=st.floats(0, 1),
    length=st.integers(0, 30),
    instead=st.sampled_from(
        ["", "x", "1", "[", "{", "}", "]", "'", '"', ": ", "- ", "\n", "null", "[]", "{}", "&a ", "*a", "${", "`"]
    ),
)
def test_no_edit_brings_the_linter_down(file: str, at: float, length: int, instead: str) -> None:
    text = FILES[file].decode()
    position = int(at * len(text))
    changed = text[:position] + instead + text[position + length :]
    for problem in lint({**FILES, file: changed.encode()}, CATALOG):
        assert problem.place is not None
        assert problem.place.line >= 0
        assert problem.text()


def test_a_missing_file_is_told() -> None:
    for file in FILES:
        rest = {name: data for name, data in FILES.items() if name != file}
        assert lint(rest, CATALOG), file
