"""A YAML text as PyYAML's nodes, in C where libyaml is there; and where it is none, what was meant.

What costs more than it says is refused while it is composed: aliases are counted as often as they are used.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from engine.core.source.causes import causes
from engine.core.source.document import Places
from engine.errors import Place, Problem, failure, problem

MAX_DEPTH = 64  # libyaml's composer recurses in C: deeper text would end the process, not raise
MAX_NODES = 100_000  # after the expansion of aliases

PLAIN, TEXT = "plain", "text"  # instead of tags; any other tag was written out


class _TooMuchError(Exception):
    """A limit was passed while composing: the code, and the node above."""

    def __init__(self, code: str, parent: yaml.Node | None) -> None:
        super().__init__(code)
        self.code, self.parent = code, parent


class _Bounded:
    """The composer's hooks: called for each node on the way down and up, in C and in Python alike."""

    depth = 0
    nodes = 0

    def descend_resolver(self, parent: yaml.Node | None, _index: object) -> None:
        self.depth += 1
        self.nodes += 1
        if self.depth > MAX_DEPTH:
            raise _TooMuchError("ENG032", parent)
        if self.nodes > MAX_NODES:
            raise _TooMuchError("ENG031", parent)

    def ascend_resolver(self) -> None:
        self.depth -= 1

    def resolve(self, _kind: type, _value: object, implicit: tuple[bool, bool] | bool) -> str:
        return PLAIN if isinstance(implicit, tuple) and implicit[0] else TEXT


class PureComposer(_Bounded, Reader, Scanner, Parser, Composer):
    """PyYAML's own parser, for machines without libyaml."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


if yaml.__with_libyaml__:
    from yaml._yaml import CParser

    class FastComposer(_Bounded, CParser):
        """libyaml: twelve times faster."""

    COMPOSER: type[Any] = FastComposer
else:
    COMPOSER = PureComposer


Fits: TypeAlias = Callable[[yaml.Node], bool]  # do nodes say what a file of their kind may say?


class Composed(NamedTuple):
    """Nodes, with what is wrong with the text."""

    node: yaml.Node | None  # None: nothing that could be gone on with
    problems: tuple[Problem, ...] = ()
    doubted: frozenset[int] = frozenset()  # lines, from 0, that were mended


def compose(text: str, places: Places, composer: type[Any], fits: Fits) -> Composed:
    """The nodes of a text, or of what it was meant to be: where there are several, of what `fits`.

    Raises:
        EngineError: why it has none.
    """
    try:
        node: yaml.Node | None = composer(text).get_single_node()
    except _TooMuchError as error:
        mark = error.parent.start_mark if error.parent else None
        place = places.at(mark.line, mark.column, 1) if mark else places.at(0, 0, 1)
        raise failure(error.code, place, limit=MAX_DEPTH if error.code == "ENG032" else MAX_NODES) from None
    except (ValueError, OverflowError) as error:  # the Python parser's chr() of an escape that is no character
        raise failure("ENG024", places.at(0, 0, 1), reason=str(error)) from None
    except yaml.MarkedYAMLError as error:
        return _syntax(error, places, text, composer, fits)
    if node is None:
        raise failure("ENG022", places.at(0, 0, 1))
    return Composed(node)


def _syntax(error: yaml.MarkedYAMLError, places: Places, text: str, composer: type[Any], fits: Fits) -> Composed:
    said = error.problem or ""
    unclosed = str(error.context).startswith("while parsing a flow") or "end of stream" in said
    mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
    place = places.at(mark.line, mark.column, 1) if mark else places.at(0, 0, 1)
    if "another document" in said:
        return _divided(place, text, composer, fits)
    if "expected ':'" in said and error.context_mark:
        place = places.at(error.context_mark.line, error.context_mark.column, 1)
    mends, mended = causes(
        text,
        _line(error),
        lambda tried: lost(tried, composer),
        lambda tried: (node := composer(tried).get_single_node()) is not None and fits(node),
    )
    problems = tuple(
        problem(one.code, places.at(one.line, one.column, one.length), reason=one.reason, hint=one.hint)
        for one in mends
    )
    if mended is not None:
        touched = frozenset(line for one in mends for line in one.lines)
        return Composed(composer(mended).get_single_node(), problems, touched)
    if problems:
        return Composed(None, problems)
    if place.excerpt[: place.column].endswith("\t"):
        raise failure("ENG025", place)
    reason = f"{error.context}, {said}" if error.context else said
    reason, hint = next((told for words, told in _SAID.items() if words in reason), (reason, ""))
    raise failure("ENG024", place, reason=reason, hint=hint)


def _divided(place: Place, text: str, composer: type[Any], fits: Fits) -> Composed:
    """A line that divides one document into two."""
    lines = text.split("\n")
    at = place.line - 1
    lines[at] = f"#{lines[at]}"
    whole = "\n".join(lines)
    node = composer(whole).get_single_node() if lost(whole, composer) is None else None
    if node is None or not fits(node):
        raise failure("ENG026", place)
    return Composed(node, (problem("ENG026", place, hint="remove this line"),))


# The parser's words for what no mend of ours explains: what it comes to, and what to do.
_SAID = {
    "undefined alias": ("an alias (`*name`) of what nothing is called (`&name`)", "write out what was meant"),
    "expected ':'": ("there is no `:` between a name and its value", "write `name: value`, or indent it"),
    "expected '-'": ("this is no item of the list that it stands in", "begin it with `- `, or indent it otherwise"),
    "did not find expected key": ("this stands among names and is none", "write `name: value`, or indent it otherwise"),
    "mapping values are not allowed": ("`: ` stands where no name can be", "put the text in quotes, or indent it"),
}


def lost(text: str, composer: type[Any]) -> int | None:
    """The line where the parser is lost; None: it is not."""
    try:
        if composer is COMPOSER is not PureComposer:
            composer(text).raw_parse()  # the same at a fifth of the time, as no node is made
        composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        return _line(error)
    except (_TooMuchError, ValueError, OverflowError):
        return 0
    return None


def _line(error: yaml.MarkedYAMLError) -> int:
    """Where the parser is lost; in a text in quotes, that goes on to the end of the file, where it begins."""
    is_quoted = "quoted scalar" in str(error.context) and "end of stream" in str(error.problem)
    mark = (error.context_mark if is_quoted else None) or error.problem_mark or error.context_mark
    return mark.line if mark else 0
