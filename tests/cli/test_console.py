"""One place decides about colours and widths, and where JSON is asked for an error is JSON, too."""

import io
import json
import os
import pty

import pytest

from engine.cli.console import Console
from engine.cli.main import COMMANDS, main, parser_of
from engine.cli.main import load as command
from engine.printable import COLOURS


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("why", "flag", "environ", "on_terminal", "in_pipe"),
    [
        ("a terminal has colours, a pipe has none", None, {}, True, False),
        ("always is always", "always", {}, True, True),
        ("never is never", "never", {}, False, False),
        ("the old name of never", "--no-color", {}, False, False),
        ("the environment asks for none", None, {"NO_COLOR": "1"}, False, False),
        ("an empty NO_COLOR asks for nothing", None, {"NO_COLOR": ""}, True, False),
        ("the environment asks for colours", None, {"FORCE_COLOR": "1"}, True, True),
        ("which can be 0, as others read it", None, {"FORCE_COLOR": "0"}, False, False),
        ("who wants none of two that are asked has none", None, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
        ("a terminal that knows no colours", None, {"TERM": "dumb"}, False, False),
        ("a person stands above the environment", "always", {"NO_COLOR": "1"}, True, True),
        ("in both directions", "never", {"FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colours(why, flag, environ, on_terminal, in_pipe, monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    words = [] if flag is None else [flag] if flag.startswith("-") else ["--color", flag]
    for stream, wanted in ((Terminal(), on_terminal), (io.StringIO(), in_pipe)):
        monkeypatch.setattr("sys.stdout", stream)
        monkeypatch.setattr("sys.stderr", io.StringIO())
        assert main(["error", "ENG001", *words]) == 0
        monkeypatch.setattr("sys.stderr", stream)
        assert main(["lint", "--rules-dir", "/nowhere", *words]) == 2
        coloured = COLOURS["red"] in stream.getvalue()
        assert coloured is wanted, why


def test_each_stream_for_itself(monkeypatch):
    """What is said to a terminal is coloured while data goes into a file, and the other way round."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for out, err in ((Terminal(), io.StringIO()), (io.StringIO(), Terminal())):
        monkeypatch.setattr("sys.stdout", out)
        monkeypatch.setattr("sys.stderr", err)
        console = Console()
        assert (console.colours, console.colours_aside) == (out.isatty(), err.isatty())


@pytest.mark.parametrize("columns", [60, 80, 200])
def test_a_terminal_of_so_many_columns(columns, tmp_path, monkeypatch):
    """A real one: what it is asked for is what its owner has set."""
    import fcntl
    import struct
    import termios

    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "deployment-rules.yaml").write_text(f"version: 1\nnope: 1 # {'long ' * 60}\n")
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with open(follower, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        monkeypatch.setattr("sys.stderr", io.StringIO())
        assert main(["lint", "--rules-dir", str(tmp_path), "--color", "never"]) == 2
        terminal.flush()
        lines = os.read(leader, 100_000).decode().splitlines()
    os.close(leader)
    assert len(lines) > 5
    assert max(len(line) for line in lines if str(tmp_path) not in line) <= columns
    assert any(line.endswith("…") for line in lines), "the long line is cropped"


@pytest.mark.parametrize("columns", [60, 80, 200])
@pytest.mark.parametrize("name", [*COMMANDS, ""])
def test_help_has_the_width_of_the_terminal(name, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([*([name] if name else []), "--help"]) == 0
    wide = [line for line in capsys.readouterr().out.splitlines() if len(line) > columns]
    assert all(len(line.split()) <= 2 for line in wide), wide  # but for words that are wider themselves


WITH_JSON = [name for name in COMMANDS if "--json" in parser_of(name, command(name)).format_help()]


@pytest.mark.parametrize("name", WITH_JSON)
def test_words_that_a_command_does_not_take_are_json_too(name, capsys):
    assert main([name, "--json", "--no-such-option"]) == 2
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert (told["version"], told["status"], told["exit_code"]) == (1, "error", 2)
    assert [one["code"] for one in told["problems"]] == ["ENG750"]
    assert "ENG750" in shown.err


@pytest.mark.parametrize(
    ("why", "words", "code", "problem"),
    [
        ("no such rules", ["explain", "--event", "EVENT", "--rules", "nowhere", "--json"], 2, "ENG"),
        ("no such event", ["run", "--event", "nowhere.json", "--json"], 2, "ENG001"),
        ("no such fixtures", ["test", "nowhere.yaml", "--json"], 2, "ENG"),
        ("no such statement", ["verify", "nowhere.json", "--json"], 2, "ENG001"),
        ("no trusted keys", ["keys", "list", "--json"], 2, "ENG010"),
        ("no store", ["ledger", "--json"], 2, "ENG203"),
        ("no clone", ["discover", "--repo", "nowhere", "--base", "a", "--json"], 2, "ENG"),
        ("no plan", ["policy", "eval", "--plan", "nowhere.json", "--shipped", "--json"], 2, "ENG"),
        ("no state of serve", ["runs", "--state", "nowhere", "--json"], 2, "ENG794"),
        ("a format is JSON, too", ["lint", "--format", "json", "--nope"], 2, "ENG750"),
    ],
)
def test_what_fails_is_one_document(why, words, code, problem, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name in ("ENGINE_STORE", "ENGINE_TRUSTED_KEYS", "ENGINE_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)
    exit_code = main(words)
    shown = capsys.readouterr()
    told = json.loads(shown.out)
    assert (told["exit_code"], told["status"]) == (exit_code, "error"), why
    assert told["problems"][0]["code"].startswith(problem), why
    assert told["problems"][0].keys() >= {"code", "message", "hint", "severity", "file", "line", "column", "page"}
    assert problem in shown.err, "people are told as well"


def test_a_bug_and_an_interrupt_are_documents(monkeypatch, capsys):
    for error, code, codes in ((ZeroDivisionError("x"), 101, ["ENG999"]), (KeyboardInterrupt(), 130, [])):

        def broken(options, console, error=error):
            raise error

        monkeypatch.setattr("engine.cli.version.run", broken)
        assert main(["version", "--json"]) == code
        told = json.loads(capsys.readouterr().out)
        assert (told["exit_code"], [one["code"] for one in told["problems"]]) == (code, codes)


def test_who_asks_for_a_part_gets_that_or_nothing(capsys):
    """`x=$(engine … --query …)` would take an error for the answer."""
    assert main(["ledger", "--query", "[0].key", "--nope"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("why", "words", "said"),
    [
        ("a near miss of an option", ["lint", "--fromat", "json"], "did you mean `--format`?"),
        ("one with a value", ["lint", "--fromat=json"], "did you mean `--format`?"),
        ("nothing like it", ["lint", "--zzzzzz"], "its options: --format"),
        ("of a verb its own", ["keys", "new", "--expire", "1d"], "did you mean `--expires`?"),
    ],
)
def test_an_option_that_there_is_not(why, words, said, capsys):
    assert main(words) == 2
    assert said in capsys.readouterr().err, why
