"""Examples of errors are what the tests' own tables bring about: run `make docs` after changing one, or a message."""

import shlex

import pytest

from engine.cli.error import Example, Situation, examples
from engine.cli.main import load, parser_of
from engine.cli.usage import flags
from engine.errors import TABLE
from tools.error_examples import FILE, written
from tools.error_situations import CAUSES, commands


@pytest.mark.slow
def test_they_are_current():
    assert FILE.read_text(encoding="utf-8") == written(), "run `make docs`"


def test_every_code_has_a_mistake_with_its_mending_or_says_when_it_comes_about():
    found = examples()
    lacking = TABLE.keys() - found.keys()
    assert not lacking, f"say in tools/error_causes.yaml when {sorted(lacking)} come about, and run `make docs`"
    assert found.keys() == TABLE.keys()
    shown = [one for one in found.values() if isinstance(one, Example)]
    assert all(one.bad != one.mended and one.message for one in shown)
    assert len(shown) > 200
    assert sum(bool(one.mended) for one in shown) > 40
    assert all(one.when for one in found.values() if isinstance(one, Situation))


def test_a_cause_is_told_where_no_line_shows_it():
    found = examples()
    for code, said in CAUSES.items():
        shown = found[code]
        if isinstance(shown, Situation):
            assert shown.when == ([said] if isinstance(said, str) else said), "run `make docs`"


def test_commands_in_a_remedy_are_commands():
    """With their verbs and options; what stands for a value may be anything."""
    lines = [part for code in TABLE for line in commands(code) for part in line.split(" | ")]
    found = [shlex.split(line) for line in lines if line.startswith("engine ")]
    assert len(found) > 15
    for words in found:
        parser = parser_of(words[1], load(words[1]))
        verbs = next((list(one.choices) for one in parser._actions if isinstance(one.choices, dict)), None)
        assert verbs is None or len(words) == 2 or words[2] in verbs, words
        assert {word for word in words if word.startswith("--")} <= {*flags(parser)}, words
