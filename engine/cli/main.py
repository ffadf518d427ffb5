"""`engine COMMAND …`: the table of commands, each imported when called; the only place where an error becomes text."""

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from engine.errors import EngineError, ExitCode, problem
from engine.names import closest, listing
from engine.printable import harmless

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from engine.cli.console import Console

COMMANDS = {
    "run": "engine.cli.run",
    "serve": "engine.cli.serve",
    "runs": "engine.cli.runs",
    "cancel": "engine.cli.cancel",
    "check": "engine.cli.check",
    "explain": "engine.cli.explain",
    "lint": "engine.cli.lint",
    "test": "engine.cli.test",
    "discover": "engine.cli.discover",
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
    "doctor": "engine.cli.doctor",
    "sandbox": "engine.cli.sandbox",
    "error": "engine.cli.error",
    "version": "engine.cli.version",
}
_START_PROGRAMS = frozenset(
    ["run", "serve", "check", "discover", "graph", "policy", "rollback", "unlock", "state", "doctor", "sandbox"]
)
_FLAGS = (
    (("--quiet", "-q"), "no progress on standard error"),
    (("--no-color",), "no colours (also: NO_COLOR)"),
)
# What older releases called an option that means the same in every command now.
_RENAMED = {"--controller": "--rules", "--rules-dir": "--rules"}
_QUERY = "print of the JSON only what this JMESPath expression makes of it"
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
    try:
        code = _dispatch(words, console)
        console.flush()
        return code
    except EngineError as error:
        console.problems(error.problems)
        return error.exit_code
    except KeyboardInterrupt:
        console.err("interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last boundary: a bug must exit 101, not 1 ("denied")
        import traceback

        console.err(traceback.format_exc())
        console.problems([problem("ENG999", reason=f"{type(error).__name__}: {error}")])
        return ExitCode.BUG


def _dispatch(words: list[str], console: "Console") -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        console.out(_overview())
        return ExitCode.DONE if words else ExitCode.CONFIG
    name = _ALIASES.get(words[0], words[0])
    if name not in COMMANDS:
        hint = closest(name, COMMANDS) or f"name one of: {listing(COMMANDS)}"
        raise EngineError(problem("ENG005", name=name, hint=hint))
    command = load(name)
    parser = parser_of(name, command)
    words, old = _as_called_now(words)
    try:
        options = parser.parse_args(words[1:])
    except SystemExit as stop:  # argparse has printed its help (0) or its complaint (2)
        return int(stop.code or 0)
    console.configure(quiet="quiet" in options, colour="no_color" not in options)
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


def parser_of(name: str, command: Command) -> "ArgumentParser":
    """The parser of one command; it and its verbs (`keys new`) take the options that all have.

    Where JSON can be printed, `--query` stands beside it.
    """
    from argparse import SUPPRESS, ArgumentParser, HelpFormatter

    class Parser(ArgumentParser):
        def __init__(self, **options: Any) -> None:
            # With a width of its own argparse does not ask for the terminal's: that imports shutil, bz2, lzma (4 ms).
            narrow = {"formatter_class": lambda prog: HelpFormatter(prog, width=100), "allow_abbrev": False}
            super().__init__(**{**options, **narrow})
            for flags, said in _FLAGS:  # without a default: a verb's would replace what was said before the verb
                self.add_argument(*flags, action="store_true", default=SUPPRESS, help=said)

        def add_argument(self, *flags: str, **options: Any) -> Any:
            action = super().add_argument(*flags, **options)
            if "--json" in flags or "json" in options.get("choices", ()):
                super().add_argument("--query", metavar="EXPR", help=_QUERY)
            return action

        def error(self, message: str) -> NoReturn:
            super().error(harmless(message))  # it quotes what was given, and that may be a branch's name

    parser = Parser(prog=f"engine {name}", description=command.HELP)
    command.arguments(parser)
    return parser


def _overview() -> str:
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {load(name).HELP}" for name in COMMANDS)
    return f"usage: engine COMMAND [OPTIONS]\n\n{rows}\n\n`engine COMMAND --help` lists a command's options."


def load(name: str) -> Command:
    """The module behind a row of `COMMANDS`."""
    from importlib import import_module

    module: Command = import_module(COMMANDS[name])
    return module


if __name__ == "__main__":
    sys.exit(program())
