"""What to say instead, where a command line cannot be read: argparse says what is wrong, and this the way out."""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from engine.names import alike, choice, closest, either, listing

if TYPE_CHECKING:
    from argparse import Action, ArgumentParser

_REQUIRED = re.compile(r"the following arguments are required: (.+)")
_NO_VALUE = re.compile(r"argument ([^:]+): expected (?:one|at least one) argument")
_NUMBER = re.compile(r"argument ([^:]+): invalid (?:int|float) value")
_REFUSED = re.compile(r"argument ([^:]+): ")
_TWO = re.compile(r"argument ([^:]+): not allowed with argument (\S+)")

# What people call a command elsewhere → what it is here.
_COMMANDS = {
    "validate": "`engine check` for a working tree, or `engine lint` for rules",
    "plan": "`engine check`, which plans what is in a working tree",
    "apply": "`engine run`: nothing is applied but by an event and its gates",
    "approve": "`engine who-can`: an approval is a review of the pull request",
    "resources": "`engine discover`",
    "config": "`engine lint`, or `engine doctor`",
    "list": "`engine status`",
    "override": "`engine overrides`; one is asked for in a comment of the pull request",
}
_OF_ALL = {"--help", "--quiet", "--color", "--no-color"}
_OPTIONS = {
    "--config": "--rules",
    "--path": "--rules",
    "--dir": "--repo",
    "--directory": "--repo",
    "--output": "--json",
}


def command(words: Sequence[str], known: Sequence[str]) -> str:
    """What to say instead of an unknown command, which is the first of the words."""
    name = words[0]
    if name in _COMMANDS:
        return f"say {_COMMANDS[name]}"
    if name.startswith("-"):
        meant = next((word for word in words if word in known), "")
        return f"name the command first: `engine {meant or 'COMMAND'} {name} …`"
    return closest(name, known) or f"name one of: {either(known)}"


def verb(parser: "ArgumentParser", words: Sequence[str]) -> "ArgumentParser":
    """The parser of the verb that the words have, or that of the command."""
    for action in parser._actions:
        if isinstance(action.choices, dict):
            found = next((word for word in words if word in action.choices), None)
            return action.choices[found] if found else parser
    return parser


def strangers(parser: "ArgumentParser", words: Sequence[str]) -> list[str]:
    """The options among the words that the command and its verbs do not have."""
    known = flags(parser)
    names = (word.partition("=")[0] for word in words)
    return [name for name in names if name.startswith("--") and name not in known and name != "--"]


def slip(parser: "ArgumentParser", message: str, words: Sequence[str]) -> str:
    """What argparse would say of an option that is misspelt, where it only misses the one that was meant."""
    if found := _REQUIRED.match(message):
        wanted = found[1].split(", ")
        return next((f"unrecognized arguments: {one}" for one in strangers(parser, words) if alike(one, wanted)), "")
    return ""


def way_out(parser: "ArgumentParser", message: str, words: Sequence[str]) -> str:
    """What to write, in the words of the command's own arguments; nothing where only its help helps."""
    if found := _REQUIRED.match(message):
        wanted = [name for name in found[1].split(", ") if name]
        if len(words) == len(wanted) == 1 and wanted[0].startswith("--") and not words[0].startswith("-"):
            return f"write {wanted[0]} {words[0]}"
        forms = [form for name in wanted for form in _forms(parser, name)]
        return f"add {' and '.join(forms)}" if forms else ""
    if found := _NO_VALUE.match(message):
        return next((f"write a value behind it: {form}" for form in _forms(parser, found[1].rpartition("/")[2])), "")
    if _NUMBER.match(message):
        return "write a number"
    if found := _TWO.match(message):
        return f"leave out {found[1]} or {found[2]}"
    if found := _REFUSED.match(message):
        return next((f"write {form}" for form in _forms(parser, found[1].rpartition("/")[2])), "")
    return _unknown(parser, message.partition("unrecognized arguments: ")[2].split())


def _unknown(parser: "ArgumentParser", words: Sequence[str]) -> str:
    known = flags(parser)
    wrong = next((word.partition("=")[0] for word in words if word.startswith("-")), "")
    own = listing(sorted({flag for flag in known if flag.startswith("--")} - _OF_ALL))
    if wrong:
        other = _OPTIONS.get(wrong, "")
        return f"did you mean `{other}`?" if other in known else closest(wrong, known) or f"its options: {own}"
    takes = [form for action in parser._actions if not action.option_strings for form in (_form(action),)]
    if words and not takes:
        return "leave it out: nothing but options may follow"
    return f"it takes {' '.join(takes)}, and nothing behind that" if words else ""


def flags(parser: "ArgumentParser") -> list[str]:
    """All options of a command and of its verbs."""
    own = [flag for action in parser._actions for flag in action.option_strings]
    verbs = [one for action in parser._actions if isinstance(action.choices, dict) for one in action.choices.values()]
    return own + [flag for one in verbs for flag in flags(one)]


def _forms(parser: "ArgumentParser", name: str) -> Iterator[str]:
    for action in parser._actions:
        if _is(action, name):
            yield _form(action)


def _form(action: "Action") -> str:
    """As it is written: `--environment NAME`, `FILE`, `on or off`."""
    named = action.metavar if isinstance(action.metavar, str) else ""
    value = named or choice(list(action.choices or ())) or action.dest.upper()
    if isinstance(action.choices, dict):
        value = f"one of: {choice(list(action.choices))}"
    flag = next((flag for flag in action.option_strings if flag.startswith("--")), "")
    return f"{flag} {value}".strip()


def _is(action: "Action", name: str) -> bool:
    names = {*action.option_strings} or {action.dest, str(action.metavar)}
    return not names.isdisjoint((name, *name.split("/")))
