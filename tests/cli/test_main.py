"""The door: exit codes, unknown commands, the boundary where errors become text."""

import pytest

from engine.cli import main as door
from engine.errors import TABLE, ExitCode


@pytest.mark.parametrize(
    ("why", "words", "code", "out", "err"),
    [
        ("no command is a usage error, with the overview", [], ExitCode.CONFIG, "usage: engine COMMAND", ""),
        ("help is an answer", ["--help"], ExitCode.DONE, "usage: engine COMMAND", ""),
        ("a typo is named with the nearest command", ["lintt"], ExitCode.CONFIG, "", "did you mean `lint`?"),
        ("a word that is no command", ["deploy"], ExitCode.CONFIG, "", "ENG005"),
        ("an unknown option is argparse's usage error", ["version", "--nope"], ExitCode.CONFIG, "", "--nope"),
        ("an option's old name", ["explain", "--controller", "/nowhere"], ExitCode.CONFIG, "", "called `--rules` now"),
        ("the same in one word", ["lint", "--rules-dir=/nowhere"], ExitCode.CONFIG, "", "called `--rules` now"),
        ("help of a command", ["help", "lint"], ExitCode.DONE, "usage: engine lint", ""),
        ("help of a verb says what it is for", ["keys", "new", "--help"], ExitCode.DONE, "\n\nwrite a private key", ""),
        ("an option before the command", ["--rules", ".", "lint"], ExitCode.CONFIG, "", "`engine lint --rules …`"),
        ("a misspelt verb", ["policy", "tset"], ExitCode.CONFIG, "", "there is no `tset`\n  Fix: did you mean `test`?"),
        (
            "a word that is missing is said as it is written",
            ["init"],
            ExitCode.CONFIG,
            "",
            "something is missing\n  Fix: add controller or source",
        ),
        ("a misspelt choice", ["runs", "--only", "fail"], ExitCode.CONFIG, "", "--only cannot be `fail`"),
        ("a value that is none", ["lint", "--color", "red"], ExitCode.CONFIG, "", "name one of: auto, always or never"),
        ("an option without its value", ["lint", "--rules"], ExitCode.CONFIG, "", "--rules has no value"),
        ("a value that is no number", ["audit", "show", "--pr", "x"], ExitCode.CONFIG, "", "--pr "),
        (
            "no pull request",
            ["audit", "pack", "--pr", "-3"],
            ExitCode.CONFIG,
            "",
            "`-3` is no number of a pull request",
        ),
        ("how it is written", ["status", "--pr", "x"], ExitCode.CONFIG, "", "Fix: write --pr N"),
        ("a word of another tool", ["validate"], ExitCode.CONFIG, "", "`engine check` for a working tree"),
        ("an option without a command", ["--rules", "."], ExitCode.CONFIG, "", "name the command first"),
        ("a misspelt verb", ["policy", "tests"], ExitCode.CONFIG, "", "did you mean `test`?"),
        ("no verb", ["policy"], ExitCode.CONFIG, "", "add one of: eval, explain, test or convert"),
        (
            "an option of another verb",
            ["policy", "test", "--plan", "x"],
            ExitCode.CONFIG,
            "",
            "policy test: `--plan` is not known",
        ),
        ("what is missing", ["who-can"], ExitCode.CONFIG, "", "add --environment NAME"),
        ("two that are missing", ["freeze"], ExitCode.CONFIG, "", "add on or off and --reason TEXT"),
        ("an option without its value", ["lint", "--rules"], ExitCode.CONFIG, "", "behind it: --rules PATH"),
        ("a value of no list", ["lint", "--color", "alwys"], ExitCode.CONFIG, "", "did you mean `always`?"),
        ("an option's name elsewhere", ["lint", "--config", "x"], ExitCode.CONFIG, "", "did you mean `--rules`?"),
        ("a word too many", ["version", "now"], ExitCode.CONFIG, "", "nothing but options may follow"),
        ("a number that is too large", ["test", "--fail-under", "101"], ExitCode.CONFIG, "", "a number from 0 to 100"),
        ("one of two", ["rollback", "--look"], ExitCode.CONFIG, "", "what is missing: --resource or --run"),
        ("no store to be alone at", ["unlock", "K"], ExitCode.CONFIG, "", "ENG203 `engine unlock K` needs a store"),
        ("no store of receipts", ["receipts", "x"], ExitCode.CONFIG, "", "ENG203 `engine receipts` needs a store"),
        (
            "a fixture is no rule",
            ["lint", "tests/specs/merge.yaml"],
            ExitCode.CONFIG,
            "`engine test tests/specs/merge.yaml`",
            "",
        ),
        ("an option cut short", ["who-can", "--env", "x"], ExitCode.CONFIG, "", "did you mean `--environment`?"),
        ("a value without its option", ["who-can", "x"], ExitCode.CONFIG, "", "write --environment x"),
        ("a verb left out", ["graph", "--environment", "x"], ExitCode.CONFIG, "", "graph resources --environment …`"),
        (
            "one of several verbs",
            ["audit", "--pr", "5"],
            ExitCode.CONFIG,
            "",
            "`--pr` is an option of `show` or `pack`",
        ),
        ("a directory cut short", ["test", "tests/spec"], ExitCode.CONFIG, "", "did you mean `tests/specs`?"),
        (
            "another ending, and a case in it",
            ["explain", "--case", "test/specs/merge.yml:3"],
            ExitCode.CONFIG,
            "",
            "did you mean `tests/specs/merge.yaml`?",
        ),
        ("a rules' file", ["test", "--rules=deployment-rule.yaml"], ExitCode.CONFIG, "", "`deployment-rules.yaml`?"),
        ("a directory without rules", ["lint", "--rules", "spec"], ExitCode.CONFIG, "Fix: check the path", ""),
        ("a line of a file", ["test", "tests/specs/merge.yaml:12"], ExitCode.CONFIG, "", "merge.yaml`, without `:12`"),
        ("only the ending is alike", ["test", "tests/specs/nope.yaml"], ExitCode.CONFIG, "", "Fix: check the path"),
        ("a file that is nowhere", ["lint", "specs/nope.yaml"], ExitCode.CONFIG, "there is no such file", ""),
        ("a code with a dash", ["error", "ENG-001"], ExitCode.CONFIG, "", "did you mean `ENG001`?"),
        ("nothing is near", ["test", "nowhere/at.all"], ExitCode.CONFIG, "", "Fix: check the path"),
        ("a file of the rules", ["lint", "specs/merg.yaml"], ExitCode.CONFIG, "did you mean `specs/merge.yaml`?", ""),
        ("a code without its letters", ["error", "001"], ExitCode.DONE, "ENG001", ""),
        ("version", ["--version"], ExitCode.DONE, "interlock-engine ", ""),
        ("a known code", ["error", "eng001"], ExitCode.DONE, "cannot be read", ""),
        ("an unknown code", ["error", "ENG000"], ExitCode.CONFIG, "", "ENG003"),
    ],
)
def test_door(why, words, code, out, err, capsys):
    assert door.main(words) == code, why
    shown = capsys.readouterr()
    assert out in shown.out, why
    assert err in shown.err, why


def test_a_bug_is_exit_code_101_and_asks_for_a_report(monkeypatch, capsys):
    def broken(options, console):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("engine.cli.version.run", broken)
    assert door.main(["version"]) == ExitCode.BUG
    assert "ENG999 a bug in the engine: ZeroDivisionError: oops" in capsys.readouterr().err


def test_an_interrupt_is_130(monkeypatch):
    def interrupted(options, console):
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.cli.version.run", interrupted)
    assert door.main(["version"]) == ExitCode.INTERRUPTED


def test_error_page_of_every_code(capsys):
    for code in TABLE:
        assert door.main(["error", code]) == ExitCode.DONE
    assert TABLE


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_help_has_the_columns_that_there_are(columns):
    parsers = [door.parser_of(name, door.load(name), columns) for name in door.COMMANDS]
    verbs = [
        verb for one in parsers for action in one._actions for verb in (action.choices or ()) if action.dest == "verb"
    ]
    assert len(verbs) > 20
    for one in parsers:
        for action in one._actions:
            parsers += action.choices.values() if isinstance(action.choices, dict) else ()
    assert all(one.description for one in parsers)
    for one in parsers:
        assert max(map(len, one.format_help().split("\n"))) <= columns, one.prog
