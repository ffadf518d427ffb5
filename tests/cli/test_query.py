"""`--query`: plain JMESPath over what `--json` prints, on every command that has it."""

import json
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator

import pytest

from engine.cli.main import COMMANDS, load, main, parser_of
from engine.errors import ExitCode
from tests.support.output import commands, unprintable


def _parsers() -> Iterator[ArgumentParser]:
    waiting = [parser_of(name, load(name)) for name in COMMANDS]
    while waiting:
        parser = waiting.pop()
        yield parser
        for action in parser._actions:
            if isinstance(action, _SubParsersAction):
                waiting += action.choices.values()


def _prints_json(parser: ArgumentParser) -> bool:
    flags = {flag for action in parser._actions for flag in action.option_strings}
    return "--json" in flags or any("json" in (action.choices or ()) for action in parser._actions)


def test_it_stands_beside_every_json_and_nowhere_else() -> None:
    having = {p.prog for p in _parsers() if "--query" in p._option_string_actions}
    assert having == {p.prog for p in _parsers() if _prints_json(p)}
    assert {"engine run", "engine lint", "engine keys list", "engine policy eval"} <= having


@pytest.mark.parametrize(
    ("why", "query", "printed"),
    [
        ("a field", "name", "interlock-engine"),
        ("a field that is not there", "nope", None),
        ("an object of one's own", "{n: name, none: a.b}", {"n": "interlock-engine", "none": None}),
        ("truth as JMESPath has it, which rules refuse", "version && `1`", 1),
        ("functions", "starts_with(name, 'inter')", True),
        ("a false answer is an answer", "name == 'x'", False),
    ],
)
def test_answers(why, query, printed, capsys):
    assert main(["version", "--query", query]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out) == printed, why


@pytest.mark.parametrize(
    ("why", "query", "where", "said"),
    [
        ("nothing", "", "--query:1:1: error ENG100", "empty"),
        ("it ends too early", "name ||", "--query:1:7: error ENG101", "ends too early"),
        ("another language", "name = 'x'", "--query:1:6: error ENG101", "write `==`"),
        ("a bare number", "length(name) > 3", "--query:1:16: error ENG103", "write `` `3` ``"),
        ("half of a text", '`"x`', "--query:1:1: error ENG101", "neither JSON nor a text"),
        ("deeper than the library can read", "(" * 800, "--query:1:65: error ENG102", "nested too deeply"),
        ("two lines", "name\n||", "--query:1:1: error ENG101", "ends too early"),
        ("no such function", "nope(@)", "--query:1:1: error ENG135", "nope()"),
        ("a value that a function does not take", "abs(name)", "--query:1:1: error ENG135", "abs()"),
        ("a number that JSON does not have", "to_number('1e999')", "--query:1:1: error ENG135", "not JSON"),
        ("another", "`NaN`", "--query:1:1: error ENG135", "not JSON"),
        ("a function", "&name", "--query:1:1: error ENG135", "not JSON"),
    ],
)
def test_a_bad_one_is_a_usage_error(why, query, where, said, capsys):
    assert main(["version", "--query", query]) == ExitCode.CONFIG
    shown = capsys.readouterr()
    assert shown.out == "", why
    assert shown.err.startswith(where), shown.err
    assert said in shown.err


def test_nothing_begins_when_it_does_not_parse(tmp_path, capsys):
    out = tmp_path / "out"
    words = ["run", "--repo", str(tmp_path), "--out", str(out), "--query", "pipelines["]
    assert main(words) == ExitCode.CONFIG
    assert "ENG101" in capsys.readouterr().err
    assert not out.exists()


def test_the_exit_code_is_the_commands(tmp_path, capsys):
    (tmp_path / "deployment-rules.yaml").write_text("version: 1\nnope: 1\n")
    assert main(["lint", "--rules", str(tmp_path), "--query", "[].code | [0]"]) == ExitCode.CONFIG
    assert json.loads(capsys.readouterr().out).startswith("ENG")


def test_it_sees_what_would_be_printed_and_nothing_else(capsys):
    main(["version", "--json"])
    printed = capsys.readouterr().out
    main(["version", "--query", "@"])
    assert capsys.readouterr().out == printed


def test_what_it_makes_goes_through_the_same_door(capsys):
    hostile = "::error::x \x1b[31m ##[add-mask] \u202e \x85::stop"
    main(["version", "--query", f"join('', ['##', '[group]', '{hostile}'])"])
    shown = capsys.readouterr().out
    assert commands(shown) == []
    assert unprintable(shown) == set()
    assert json.loads(shown) == "##[group]" + hostile
