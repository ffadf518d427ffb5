"""A law of negation: whatever stands under a `not`, both engines say the same of it."""

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.adapters.policy.test_hoist import BODIES, HELPERS, embedded, opa

# Of any type, as OPA sees it: what it knows to be of one type it does not let stand everywhere.
LEAVES = st.sampled_from(
    ["one", "fal", "undef", "gone", "data.main.undef", "names[one]", 'input["one"]']
    + [f"input.{path}" for path in ("one", "no", "nothing", "missing", "m.v", "m.w", "list[0]", "list[7]")]
)


def grown(terms: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    forms = ["k({})", "k(({}))", "k([{}])", 'k({{"a": {}}})', "k({{{}}})", "k({{{}: 1}})", "input.m[{}]", "k({})[0]"]
    forms += ["k(is_number({}))", "json.marshal({})", "count([{}])", "k([1 | _ = {}])", "k([1 | not k({})])", "[{}][0]"]
    one = st.builds(str.format, st.sampled_from(forms), terms)
    two = ["h({}, {})", "k({} == {})", "k({} > {})", "k([{}, {}])", "k({} in [{}])", "object.get(input.m, {}, {})"]
    return st.one_of(one, st.builds(str.format, st.sampled_from(two), terms, LEAVES))


TERMS = st.recursive(LEAVES, grown, max_leaves=4)
OPERATORS = st.sampled_from(["{} == {}", "{} = {}", "{} != {}", "{} < {}", "{} >= {}", "{} in [{}]", "h({}, {})"])
NEGATED = st.one_of(
    TERMS,
    st.builds(str.format, OPERATORS, TERMS, LEAVES),
    st.builds(str.format, OPERATORS, LEAVES, TERMS),
    st.builds(str.format, st.just("f({}) with input.one as {}"), TERMS, st.sampled_from(["1", "2", "null"])),
)


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # shrinking takes minutes


@settings(max_examples=40, deadline=None, phases=PHASES)
@given(st.lists(st.tuples(st.sampled_from(list(BODIES.values())), NEGATED), min_size=12, max_size=12))
def test_both_engines_say_the_same_of_any_negation(rules: list[tuple[str, str]]) -> None:
    lines = [body.format(name=f"r{n}", expression=expression) for n, (body, expression) in enumerate(rules)]
    text = "\n".join([HELPERS, *lines])
    assert embedded(text) == opa(text)
