"""`engine COMMAND …`: the table of commands, each imported when called; the only place where an error becomes text."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from engine.errors import EngineError, ExitCode, problem

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from engine.cli.console import Console

COMMANDS = {
    "init": "engine.cli.init",
    "run": "engine.cli.run",
    "serve": "engine.cli.serve",
    "runs": "engine.cli.runs",
    "cancel": "engine.cli.cancel",
    "check": "engine.cli.check",
    "explain": "engine.cli.explain",
    "who-can": "engine.cli.who_can",
    "lint": "engine.cli.lint",
    "test": "engine.cli.test",
    "discover": "engine.cli.discover",
    "services": "engine.cli.services",
    "graph": "engine.cli.graph",
    "policy": "engine.cli.policy",
    "verify": "engine.cli.verify",
    "receipts": "engine.cli.receipts",
    "audit": "engine.cli.audit",
    "replay": "engine.cli.replay",
    "status": "engine.cli.status",
    "freeze": "engine.cli.freeze",
    "overrides": "engine.cli.overrides",
    "ledger": "engine.cli.ledger",
    "rollback": "engine.cli.rollback",
    "unlock": "engine.cli.unlock",
    "state": "engine.cli.state",
    "keys": "engine.cli.keys",
    "app": "engine.cli.app",
    "aws": "engine.cli.aws",
    "doctor": "engine.cli.doctor",
    "sandbox": "engine.cli.sandbox",
    "error": "engine.cli.error",
    "completion": "engine.cli.completion",
    "version": "engine.cli.version",
}
_START_PROGRAMS = frozenset(
    ["init", "run", "serve", "check", "discover", "graph", "policy", "rollback", "unlock", "state", "doctor", "sandbox"]
)
_COLOURS = {"auto": None, "always": True, "never": False}
# What older releases called an option that means the same in every command now.
_RENAMED = {"--controller": "--rules", "--rules-dir": "--rules"}
_ALIASES = {"--version": "version", "-V": "version"}


class Command(Protocol):
    """What a module of `COMMANDS` has."""

    HELP: str

    def arguments(self, parser: "ArgumentParser") -> None:
        """Declare the command's arguments."""

    def run(self, options: "Namespace", console: "Console") -> int:
        """Carry it out; the result is the exit code."""


def program() -> int:
    """The console script: a process that ends in a moment.

    Looking for garbage meanwhile, and once more at its end, would take a fifth of its time. A command that starts no
    programs and threads (nobody does without `threading`) has nothing left to end when it has returned: taking the
    interpreter apart would only take time.
    """
    gc.disable()
    code = main()
    gc.freeze()
    if sys.argv[1:2] and (sys.argv[1] not in _START_PROGRAMS or "threading" not in sys.modules):
        from engine.cli.console import Console

        with suppress(EngineError):  # if it has not arrived, that has been said
            Console().flush()
        os._exit(code)
    return code


def main(argv: Sequence[str] | None = None) -> int:
    """Entry point of the console script; returns an exit code and raises nothing."""
    from engine.cli.console import Console

    words = list(sys.argv[1:] if argv is None else argv)
    console = Console()
    console.in_json = _wants_json(words)
    try:
        code = _dispatch(words, console)
        console.flush()
        return code
    except EngineError as error:
        from engine.cli import mislaid

        console.failure(mislaid.told(error.problems, words), error.exit_code)
        return error.exit_code
    except KeyboardInterrupt:
        console.err("interrupted")
        console.failure((), ExitCode.INTERRUPTED)
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last boundary: a bug must exit 101, not 1 ("denied")
        import traceback

        console.err(traceback.format_exc())
        console.failure([problem("ENG999", reason=f"{type(error).__name__}: {error}")], ExitCode.BUG)
        return ExitCode.BUG


def _wants_json(words: Sequence[str]) -> bool:
    """Is JSON asked for, as far as that can be told of words that may be wrong?

    Whoever asks for a part of it by `--query` gets that or nothing: an error would be taken for it.
    """
    if any(word.split("=")[0] == "--query" for word in words):
        return False
    pairs = zip(("", *words), words, strict=False)
    return any(word in ("--json", "--format=json") or (before, word) == ("--format", "json") for before, word in pairs)


def _dispatch(words: list[str], console: "Console") -> int:
    if words[:1] == ["help"] and words[1:2]:
        words = [*words[1:], "--help"]
    if not words or words[0] in ("-h", "--help", "help"):
        console.out(_overview(console.width))
        return ExitCode.DONE if words else ExitCode.CONFIG
    name = _ALIASES.get(words[0], words[0])
    if name not in COMMANDS:
        from engine.cli import usage

        raise EngineError(problem("ENG005", name=name, hint=usage.command(words, [*COMMANDS])))
    command = load(name)
    parser = parser_of(name, command, console.width)
    words, old = (words, []) if name == "init" else _as_called_now(words)  # whose `--controller` is a repository's name
    try:
        options = parser.parse_args(words[1:])
    except SystemExit as stop:  # argparse has printed its help
        return int(stop.code or 0)
    console.configure(quiet="quiet" in options, colour=_COLOURS[getattr(options, "color", "auto")])
    for option in old:
        console.progress(f"`{option}` is called `{_RENAMED[option]}` now")
    if getattr(options, "query", None) is not None:
        console.ask(options.query)
        setattr(options, *(("json", True) if "json" in options else ("format", "json")))
    if name in _START_PROGRAMS:
        _stop_when_terminated()
    return command.run(options, console)


def _as_called_now(words: list[str]) -> tuple[list[str], list[str]]:
    """The words with today's spelling, and which old ones were among them."""
    parts = [word.partition("=") for word in words]
    old = [name for name, _, _ in parts if name in _RENAMED]
    return [f"{_RENAMED.get(name, name)}{equals}{value}" for name, equals, value in parts], old


def _stop_when_terminated() -> None:
    """SIGTERM means what Ctrl-C means: by default it would end us alone, and leave behind what we have started."""
    import signal

    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    except ValueError:  # not the main thread: whoever runs us there decides
        pass


def parser_of(name: str, command: Command, width: int = 100) -> "ArgumentParser":
    """The parser of one command; it and its verbs (`keys new`) take the options that all have."""
    from engine.cli.parsing import Parser

    parser = Parser(width=width, prog=f"engine {name}", description=command.HELP)
    command.arguments(parser)
    return parser


def _overview(width: int) -> str:
    from engine.columns import wrapped

    longest = max(map(len, COMMANDS))
    rest = " " * (longest + 4)
    rows = "\n".join(
        line for name in COMMANDS for line in wrapped(load(name).HELP, width, f"  {name:<{longest}}  ", rest)
    )
    return f"usage: engine COMMAND [OPTIONS]\n\n{rows}\n\n`engine COMMAND --help` lists a command's options."


def load(name: str) -> Command:
    """The module behind a row of `COMMANDS`."""
    from importlib import import_module

    module: Command = import_module(COMMANDS[name])
    return module


if __name__ == "__main__":
    sys.exit(program())
