import json

from hypothesis import given
from hypothesis import strategies as st

from engine.core.canonical import canonical
from engine.core.events.envelope import read_event
from engine.core.events.kinds import BY_NAME
from engine.errors import EngineError
from tests.support.events import check_run, comment, dispatch, pull_request, push, review, sent

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
PAYLOADS = [pull_request(), review(), comment(), push(), check_run({"number": 7}), dispatch(sent()), sent()]
NAMES = st.none() | st.sampled_from(sorted(BY_NAME)) | st.text(max_size=12)


def yields(data: bytes, name: str | None) -> None:
    """An event, or one problem of one line; nothing else may come out."""
    try:
        event = read_event(data, name)
    except EngineError as error:
        (problem,) = error.problems
        assert "\n" not in problem.message
        assert problem.code.startswith("ENG15")
    else:
        canonical(event.payload)
        assert event.name in BY_NAME
        assert event.subject.kind != "pull_request" or event.subject.number


@given(st.binary(max_size=200), NAMES)
def test_any_bytes(data: bytes, name: str | None) -> None:
    yields(data, name)


@given(JSON, NAMES)
def test_any_json(value: object, name: str | None) -> None:
    yields(json.dumps(value).encode(), name)


def paths(value: object, prefix: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in [(*prefix, k), *paths(v, (*prefix, k))]]
    if isinstance(value, list):
        return [p for i, v in enumerate(value) for p in [(*prefix, i), *paths(v, (*prefix, i))]]
    return []


@given(st.data())
def test_any_value_anywhere_in_a_payload(data: st.DataObject) -> None:
    payload = json.loads(json.dumps(data.draw(st.sampled_from(PAYLOADS))))
    *parents, last = data.draw(st.sampled_from(paths(payload)))
    inner = payload
    for key in parents:
        inner = inner[key]
    if data.draw(st.booleans()):
        inner[last] = data.draw(JSON)
    else:
        del inner[last]
    yields(json.dumps(payload).encode(), data.draw(NAMES))
