"""`not` with undefined arguments: what OPA says is what the embedded engine says of the text that it gets."""

import json
import sys
from importlib import import_module
from typing import Any

import pytest
import regorus

from engine.adapters.policy.hoist import hoisted
from engine.adapters.policy.syntax import Bundle, Module
from engine.adapters.policy.worker import empty_engine, read
from engine.errors import EngineError
from tests.support.opa import library
from tests.support.policy import judge, policies, rego

HELPERS = """package main

import rego.v1
import input.missing as gone

f(x) if x == input.one
h(x, y) if x == y
g(x) := x.v
k(x) := x
one := input.one
fal := input.no
undef := input.missing
names := {"a": 1}
"""
INPUT: dict[str, Any] = {"one": 1, "no": False, "nothing": None, "m": {"v": 2, "1": 1}, "list": [1, 2]}


def opa(text: str) -> Any:
    """What OPA says of `package main`; all at once, since each start costs more than a hundred rules."""
    if str(library()) not in sys.path:
        sys.path.append(str(library()))
    engine = import_module("opa_bindings").OpaEngine()
    engine.add_policy("m.rego", text)
    return {name: value for name, value in engine.eval_query("x = data.main", INPUT)[0]["x"].items() if name[0] == "r"}


def rewritten(text: str) -> str:
    engine = empty_engine(coverage=False)
    engine.add_policy("m.rego", text)
    (module,) = read(engine, {"m.rego": text})
    return hoisted(module, Bundle([module], frozenset(), {}).prefixes).text


def embedded(text: str) -> Any:
    engine: regorus.Engine = empty_engine(coverage=False)
    engine.add_policy("m.rego", rewritten(text))
    engine.set_input_json(json.dumps(INPUT))
    found = json.loads(engine.eval_query_as_json("data.main"))["result"][0]["expressions"][0]["value"]
    return {name: value for name, value in found.items() if name[0] == "r"}


# Why, the expression under `not`, whether the statement holds.
CASES = [
    ("an argument is demanded", "f(input.missing)", False),
    ("one that is there is judged", "f(input.nothing)", True),
    ("false is there", "f(input.no)", True),
    ("a rule as an argument", "f(undef)", False),
    ("a rule that is false", "f(fal)", True),
    ("an import as an argument", "f(gone)", False),
    ("by its full name", "f(data.main.undef)", False),
    ("a call as an argument", "f(g(input.list))", False),
    ("a call in a call in a call", "f(k(k(g(input.list))))", False),
    ("a builtin", 'startswith(input.missing, "a")', False),
    ("in an array", "k([input.missing])", False),
    ("in an object", 'k({"a": input.missing})', False),
    ("as a key", "k({input.missing: 1})", False),
    ("in a set", "k({input.missing})", False),
    ("in brackets of an argument", "f(input.list[input.missing])", False),
    ("the reference itself is not", "input.missing", True),
    ("nor a rule", "undef", True),
    ("nor a call", "g(input.list)", True),
    ("but what is in its brackets", "input.list[input.missing]", False),
    ("a call there", "input.list[g(input.list)]", False),
    ("a rule there", "names[undef]", False),
    ("a call that a reference begins with", "g(input.list).b", False),
    ("one with a value", "g(input.m).b", True),
    ("an object that it begins with", '{"a": {"b": input.missing}}.a', False),
    ("a side of == is not, where it is a reference", "input.missing == 1", True),
    ("on either side", "1 == input.missing", True),
    ("a rule", "undef == 1", True),
    ("with one equals sign", "input.missing = 1", True),
    ("a call is", "g(input.list) == 1", False),
    ("with a text at the end", 'k(input.missing) == "a"', False),
    ("or a raw one", "k(input.missing) == `a`", False),
    ("brackets are", "input.list[input.missing] == 1", False),
    ("a literal is", "[input.missing] == [1]", False),
    ("other comparisons demand both", "input.missing > 1", False),
    ("also this one", "input.missing != 1", False),
    ("of rules", "1 > undef", False),
    ("membership demands both", "input.missing in [1]", False),
    ("the collection", "1 in input.missing", False),
    ("a member of it", "1 in [input.missing]", False),
    ("arithmetic", "input.missing + 1 == 2", False),
    ("sets", "{input.missing} & {1}", False),
    ("an operator in an argument", "k(input.missing in [1])", False),
    ("a comparison in an argument", "k(1 == undef)", False),
    ("a comprehension is always there", "count([1 | input.missing]) > 5", True),
    ("parentheses mean nothing", "(f((input.missing)))", False),
    ("with another input", 'f(input.missing) with input as {"missing": 2}', True),
    ("with one that lacks it", "f(input.one) with input as {}", False),
    ("a local variable is there", "f(here)", True),
    ("and a name that is also a rule's", "f(names)", True),
]
BODIES = {
    "braces": "{name} if {{ here := 2; not {expression} }}",
    "no braces": "helper_{name}(here) if not {expression}\n{name} if helper_{name}(2)",
    "between others": "{name} if {{\n\there := 2\n\tnot {expression} # so\n\ttrue\n}}",
    "every": "{name} if {{ every here in [2] {{ here == 2; not {expression} }} }}",
    "comprehension": "{name} if count([1 | here := 2; not {expression}]) == 1",
    "else": "helper_{name}(here) if {{ here == 3 }} else if not {expression}\n{name} if helper_{name}(2)",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_both_engines_say_the_same(body: str) -> None:
    rules = [body.format(name=f"r{n}", expression=expression) for n, (_, expression, _) in enumerate(CASES)]
    text = "\n".join([HELPERS, *rules])
    holds = {f"r{n}": True for n, (_, _, expected) in enumerate(CASES) if expected}
    told = {f"r{n}": f"{why}: not {expression}" for n, (why, expression, _) in enumerate(CASES)}
    for said in (opa(text), embedded(text)):
        assert [told[name] for name in sorted(said.keys() ^ holds.keys())] == []


# Why, what is written, what the embedded engine gets.
TEXTS = [
    ("nothing is demanded", "p if not f(1)", "p if not f(1)"),
    ("a blank becomes a brace", "p if not f(input.a)", "p if{not f(input.a); _ = input.a }"),
    ("each once", "p if { not h(input.a, input.a) }", "p if { not h(input.a, input.a); _ = input.a }"),
    (
        "lines stay where they are",
        "p if {\n\tnot f([x |\n\t\tx := 1 # one\n\t\ttrue\n\t][0])\n}",
        "p if {\n\tnot f([x |\n\t\tx := 1 # one\n\t\ttrue\n\t][0]); _ = [x | x := 1; true ][0]\n}",
    ),
    (
        "a text over lines",
        "p if not f(k(`a\n#b`))",
        'p if{not f(k(`a\n#b`)); _ = k("a\\n#b") }',
    ),
    (
        "one in the other",
        "p if { not f(k([1 | not f(input.a)])) }",
        "p if { not f(k([1 | not f(input.a); _ = input.a])); _ = k([1 | not f(input.a); _ = input.a]) }",
    ),
    (
        "with its own input",
        "p if { not f(input.a) with input as 1 with data.b as 2 }",
        "p if { not f(input.a) with input as 1 with data.b as 2; _ = input.a with input as 1 with data.b as 2 }",
    ),
]


@pytest.mark.parametrize(("why", "written", "gets"), TEXTS, ids=[row[0] for row in TEXTS])
def test_what_the_embedded_engine_gets(why: str, written: str, gets: str) -> None:
    assert rewritten(HELPERS + written) == HELPERS + gets, why


def test_places_are_those_of_the_file() -> None:
    """The error is behind what was added to its line."""
    line = 'deny contains "é" if { not startswith(input.variables.word, "é"); 1 / input.variables.no > 0 }'
    with pytest.raises(EngineError) as caught:
        judge(policies(rego(line)), {"variables": {"word": "x", "no": 0}})
    (problem,) = caught.value.problems
    assert problem.place is not None
    assert (problem.place.line, problem.place.excerpt) == (5, line)
    assert line[problem.place.column - 1 :].startswith("input.variables.no")


def test_what_was_added_is_at_its_statement() -> None:
    text = HELPERS + "p if { not f(input.a); true }"
    engine = empty_engine(coverage=False)
    engine.add_policy("m.rego", text)
    (module,) = read(engine, {"m.rego": text})
    assert isinstance(module, Module)
    found = hoisted(module, ())
    last = text.count("\n") + 1
    behind = len("p if { not f(input.a)") + 1
    added = len("; _ = input.a")
    assert [found.column(last, n) for n in (behind - 1, behind, behind + added - 1)] == [behind - 1, behind, behind]
    assert found.column(last, behind + added) == behind
    assert found.column(last, behind + added + 2) == behind + 2
    assert found.column(1, 7) == 7


def test_what_grows_without_bounds_is_refused() -> None:
    nested = "input.variables.a"
    for _ in range(12):
        nested = f"k([1 | not f({nested})])"
    with pytest.raises(EngineError, match="ENG532"):
        judge(policies(rego(f"f(x) if x == 1\nk(x) := x\ndeny contains 1 if not f({nested})")))
