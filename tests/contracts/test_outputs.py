"""Every command that prints JSON has a schema of it; real answers are held to it wherever a test runs a command."""

import json
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator

import pytest
from jsonschema import ValidationError

from engine.cli.main import COMMANDS, load, main, parser_of
from tests.support.outputs import hold, schema

DEFS = schema("output")["$defs"]


def printing(parser: ArgumentParser) -> Iterator[str]:
    """The commands and verbs that print JSON, as `$defs` calls them."""
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for verb in dict.fromkeys(action.choices.values()):
                yield from printing(verb)
        elif "--json" in action.option_strings:
            yield parser.prog.removeprefix("engine ").replace(" ", "-")


def test_every_answer_has_a_schema_with_words():
    commands = {name for command in COMMANDS for name in printing(parser_of(command, load(command)))}
    assert len(commands) > 40
    assert commands <= DEFS.keys(), "`$defs` of schemas/output.schema.json lacks it"
    assert all(part["description"] for part in DEFS.values())


def test_every_part_is_an_answer_or_named_by_one():
    commands = {name for command in COMMANDS for name in printing(parser_of(command, load(command)))}
    named = {name for name in DEFS if f'"#/$defs/{name}"' in json.dumps(DEFS)}
    assert DEFS.keys() - commands - named == {"failure"}


@pytest.mark.parametrize(
    ("why", "words", "odd"),
    [
        ("a key more", ["version"], {"name": "x", "version": "1", "more": 1}),
        ("a key less", ["keys", "--json", "token"], {"token": "x"}),
        ("another type", ["doctor"], [{"name": "git", "ok": "yes", "found": "", "problem": "", "remedy": ""}]),
        ("an error of another form", ["lint"], {"version": 1, "status": "error", "problems": []}),
    ],
)
def test_what_is_none_is_refused(why, words, odd):
    with pytest.raises(ValidationError):
        hold(words, odd)


def test_what_tests_print_is_held(monkeypatch, capsys):
    monkeypatch.setattr("engine.cli.version.NAME", 7)
    assert main(["version", "--json"]) != 0
    assert "ValidationError" in capsys.readouterr().err
