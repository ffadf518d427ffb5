"""How a command reads its words: options that all have, and what is said of words that cannot be read."""

import re
import sys
from argparse import SUPPRESS, Action, ArgumentParser, ArgumentTypeError, HelpFormatter, _SubParsersAction
from collections.abc import Sequence
from functools import partial
from typing import Any, NoReturn

from engine.errors import failure
from engine.names import choice, closest

_FLAGS: tuple[tuple[tuple[str, ...], dict[str, Any]], ...] = (
    (("--quiet", "-q"), {"action": "store_true", "help": "no progress on standard error"}),
    (
        ("--color",),
        {
            "choices": ("auto", "always", "never"),
            "metavar": "WHEN",
            "help": "colours: auto (the default: on a terminal), always or never (also: FORCE_COLOR)",
        },
    ),
    (
        ("--no-color",),
        {"action": "store_const", "const": "never", "dest": "color", "help": "as --color never (also: NO_COLOR)"},
    ),
)
_QUERY = "print of the JSON only what this JMESPath expression makes of it"


class Parser(ArgumentParser):
    """One command's, or one verb's; `width`: columns of its help.

    Where JSON can be printed, `--query` stands beside it.
    """

    def __init__(self, *, width: int = 100, **options: Any) -> None:
        # With a width of its own argparse does not ask for the terminal's: that imports shutil, bz2, lzma (4 ms).
        narrow = {"formatter_class": lambda prog: HelpFormatter(prog, width=width), "allow_abbrev": False}
        super().__init__(**{**options, **narrow})
        self._width = width
        self.register("action", "parsers", _Verbs)
        for flags, said in _FLAGS:  # without a default: a verb's would replace what was said before the verb
            self.add_argument(*flags, default=SUPPRESS, **said)

    def add_argument(self, *flags: str, **options: Any) -> Any:
        """As of every parser; `--query` comes with `--json`."""
        action = super().add_argument(*flags, **options)
        is_json = "--json" in flags or "json" in options.get("choices", ())
        if is_json and "--query" not in self._option_string_actions:
            super().add_argument("--query", metavar="EXPR", help=_QUERY)
        return action

    def add_subparsers(self, **options: Any) -> Any:
        """As of every parser; verbs have the same width."""
        return super().add_subparsers(**{"parser_class": partial(Parser, width=self._width), **options})

    def _check_value(self, action: Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            if isinstance(action, _Verbs):
                self._of_a_verb(action, str(value))
            known = [str(one) for one in action.choices]
            what = (
                f"{action.option_strings[0]} cannot be `{value}`" if action.option_strings else f"there is no `{value}`"
            )
            numbers = isinstance(action.choices, range)  # two of which are never alike
            hint = f"say a number from {known[0]} to {known[-1]}" if numbers else closest(str(value), known)
            raise failure("ENG750", command=self.prog, reason=what, hint=hint or _one_of(known))

    def _of_a_verb(self, action: "_Verbs", value: str) -> None:
        """Raises: EngineError: a verb's option stands where the verb is to stand."""
        before = self._given[: self._given.index(value)] if value in self._given else []
        for word in (one.partition("=")[0] for one in before):
            verbs = [name for name, verb in action.choices.items() if word in verb._option_string_actions]
            if verbs and word not in self._option_string_actions:
                hint = f"name the verb first: `{self.prog} {verbs[0] if len(verbs) == 1 else 'VERB'} {word} …`"
                reason = f"`{word}` is an option of {choice([f'`{name}`' for name in verbs])}"
                raise failure("ENG750", command=self.prog, reason=reason, hint=hint)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As of every parser; the words are kept for what is said of them."""
        self._given = list(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raises: EngineError: always."""
        from engine.cli import usage

        message = usage.slip(self, message, self._given) or message
        told = usage.verb(self, self._given) if "unrecognized" in message else self
        told.print_usage(sys.stderr)
        raise failure(
            "ENG750", command=told.prog, reason=_plainly(message), hint=usage.way_out(told, message, self._given)
        )


def _plainly(message: str) -> str:
    """What argparse says, for people."""
    if found := re.fullmatch(r"unrecognized arguments: (?s:(.*))", message):
        return f"`{found[1]}` is not known here"
    if message.startswith("the following arguments are required: "):
        return "something is missing"
    if found := re.fullmatch(r"one of the arguments (.+) is required", message):
        return f"what is missing: {choice(found[1].split())}"
    if not (found := re.fullmatch(r"argument ([^:]+): (?s:(.*))", message)):
        return message
    option, why = found[1], found[2]
    if why.startswith("expected "):
        return f"{option} has no value"
    if why.startswith("ignored explicit argument "):
        return f"{option} takes no value"
    if wrong := re.fullmatch(r"invalid [a-z_]+ value: '(?s:(.*))'", why):
        return f"{option} cannot be `{wrong[1]}`"
    return f"{option}: {why}"


class _Verbs(_SubParsersAction):  # type: ignore[type-arg]
    """What a command lists of a verb stands in the verb's own help, too."""

    def add_parser(self, name: str, **options: Any) -> Any:
        return super().add_parser(name, **{"description": options.get("help"), **options})


def pull_request(text: str) -> int:
    """The type of `--pr`.

    Raises:
        ArgumentTypeError: it is no number of one.
    """
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 16 and int(text)):
        raise ArgumentTypeError(f"`{text[:40]}` is no number of a pull request")
    return int(text)


def _one_of(known: Sequence[str]) -> str:
    return f"name one of: {choice(known)}"
