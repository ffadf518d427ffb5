"""Laws of the readers: what was written is what is read, everything has its place, and no bytes break them."""

import json
from collections.abc import Iterator
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.source import load_json, load_yaml
from engine.core.source.yaml12 import COMPOSER, PureComposer
from engine.errors import EngineError
from engine.unseen import unseen

texts = st.text(st.characters(codec="utf-8"), max_size=12).filter(lambda t: not [*unseen(t, ordinary=False)])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


@settings(deadline=None)
@given(values, st.sampled_from([None, 1]), st.booleans())
def test_json_is_read_as_written_and_every_number_is_where_its_place_says(
    value: Any, indent: int | None, ascii_only: bool
) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    document = load_json(text.encode(), "f")
    assert document.data == value
    for path, inner in paths(value):
        place = document.place(*path)
        if place.excerpt and not isinstance(inner, dict | list):
            shown = place.excerpt[place.column - 1 :][: place.length]
            assert json.loads(f'"{shown}"' if isinstance(inner, str) else shown) == inner


@settings(deadline=None)
@given(values, st.sampled_from([None, 1]))
def test_json_is_yaml_to_both_parsers(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent, ensure_ascii=False).encode()
    for composer in (COMPOSER, PureComposer):
        assert load_yaml(text, "f", composer=composer).data == value


@settings(deadline=None)
@given(values)
def test_both_parsers_say_the_same_of_block_style(value: Any) -> None:
    text = yaml.safe_dump(value, allow_unicode=True).encode()
    assert outcome(text, COMPOSER) == outcome(text, PureComposer)


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>'\"#%@,?\n\t \\<0.", max_size=60).map(str.encode))
def test_no_bytes_break_the_readers(data: bytes) -> None:
    for read in (load_yaml, load_json):
        try:
            document = read(data, "f")
        except EngineError as error:
            problems = error.problems
        else:
            problems = ()
            json.dumps(document.data, allow_nan=False).encode()
            for path, _ in paths(document.data):
                assert document.place(*path).line >= 1
        assert all(p.text() for p in problems)


def outcome(data: bytes, composer: type) -> object:
    """The value, or the codes of what is wrong."""
    try:
        return load_yaml(data, "f", composer=composer).data
    except EngineError as error:
        return [p.code for p in error.problems]
