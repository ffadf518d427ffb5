"""YAML 1.2 core, the strict part of it that a reviewer can read without surprises.

`on`, `yes` and `NO` are strings. Refused: duplicate and non-string keys, tags, merge keys, several documents, numbers
with leading zeros (1.1 reads octal, 1.2 decimal), characters that nobody sees, and whatever costs more than it says
(aliases are counted as often as they are used). PyYAML does the parsing, in C where libyaml is there.
"""

import re
from typing import Any

import yaml
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from engine.core.source.causes import cause
from engine.core.source.document import BLOCK, Document, Places, Span
from engine.core.source.plain import WORDS
from engine.errors import EngineError, Errors, Place, Problem, failure
from engine.unseen import is_plain

MAX_DEPTH = 64  # libyaml's composer recurses in C: deeper text would end the process, not raise
MAX_NODES = 100_000  # after the expansion of aliases

_PLAIN, _TEXT = "plain", "text"  # instead of tags; any other tag was written out


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
        return _PLAIN if isinstance(implicit, tuple) and implicit[0] else _TEXT


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


def parse(text: str, file: str, *, composer: type[Any] = COMPOSER, quotes: bool = False) -> Document:
    """The whole of it, by PyYAML; `quotes` as `load_yaml` has it.

    Raises:
        EngineError: all that is wrong with it.
    """
    places = Places(file, text, lambda: tree)
    warned = _odd(text, places)
    node = _compose(text, places, composer)
    reader = _Reader(places)
    value, tree = reader.read(node)
    if not quotes and ("\\" in text or not is_plain(text)):  # else the text has shown it
        from engine.core.source.reviewed import check_values

        check_values(value, lambda h: places.find(h.path, key=h.is_key), reader.errors)
    reader.errors.check()
    return Document(file, value, places, warned)


def _odd(text: str, places: Places) -> tuple[Problem, ...]:
    if is_plain(text):  # and nothing has to be loaded
        return ()
    from engine.core.source.reviewed import check_text

    return check_text(text, places.of)


def _compose(text: str, places: Places, composer: type[Any]) -> yaml.Node:
    try:
        node: yaml.Node | None = composer(text).get_single_node()
    except _TooMuchError as error:
        mark = error.parent.start_mark if error.parent else None
        place = places.at(mark.line, mark.column, 1) if mark else places.at(0, 0, 1)
        raise failure(error.code, place, limit=MAX_DEPTH if error.code == "ENG032" else MAX_NODES) from None
    except (ValueError, OverflowError) as error:  # the Python parser's chr() of an escape that is no character
        raise failure("ENG024", places.at(0, 0, 1), reason=str(error)) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, places, text, composer) from None
    if node is None:
        raise failure("ENG022", places.at(0, 0, 1))
    return node


def _syntax(error: yaml.MarkedYAMLError, places: Places, text: str, composer: type[Any]) -> EngineError:
    problem = error.problem or ""
    unclosed = str(error.context).startswith("while parsing a flow") or "end of stream" in problem
    mark = (error.context_mark if unclosed else None) or error.problem_mark or error.context_mark
    place = places.at(mark.line, mark.column, 1) if mark else places.at(0, 0, 1)
    if "another document" in problem:
        return failure("ENG026", place)
    if place.excerpt[: place.column].endswith("\t"):
        return failure("ENG025", place)
    lost = error.problem_mark or mark
    found = cause(text, lost.line if lost else 0, lambda mended: _lost(mended, composer))
    if found:
        return failure(
            "ENG024", places.at(found.line, found.column, found.length), reason=found.reason, hint=found.hint
        )
    reason = f"{error.context}, {problem}" if error.context else problem
    reason, hint = next((said for words, said in _SAID.items() if words in reason), (reason, ""))
    return failure("ENG024", place, reason=reason, hint=hint)


# The parser's words for what no mend of ours explains: what it comes to, and what to do.
_SAID = {
    "undefined alias": ("an alias (`*name`) of what nothing is called (`&name`)", "write out what was meant"),
    "expected ':'": ("the line before has no `:` between a name and its value", "write `name: value`, or indent it"),
    "expected '-'": ("this is no item of the list that it stands in", "begin it with `- `, or indent it otherwise"),
    "did not find expected key": ("this stands among names and is none", "write `name: value`, or indent it otherwise"),
    "mapping values are not allowed": ("`: ` stands where no name can be", "put the text in quotes, or indent it"),
}


def _lost(text: str, composer: type[Any]) -> int | None:
    """The line where the parser is lost; None: it is not."""
    try:
        composer(text).get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return mark.line if mark else 0
    except (_TooMuchError, ValueError, OverflowError):
        return 0
    return None


_NUMBER = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_INTEGER = r"[-+]?[0-9]+"
_OTHER_BASE = r"0o[0-7]+|0x[0-9a-fA-F]+"
_LEADING_ZERO = r"[-+]?0[0-9]"
_NOT_FINITE = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_FIRST_OF_NUMBER = frozenset("-+.0123456789")
_MAX_DIGITS = 400


class _Reader:
    """Turns nodes into data and spans, and collects what is wrong with them."""

    def __init__(self, places: Places) -> None:
        self.errors = Errors()
        self._places = places
        self._nodes = 0
        self._above: set[int] = set()  # ids of the nodes being read: an alias to one of them has no end

    def read(self, node: yaml.Node) -> tuple[Any, Span]:
        """The value of a node and its span."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise failure("ENG031", self._place(node), limit=MAX_NODES)
        if node.tag not in (_PLAIN, _TEXT):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.errors.add("ENG029", self._place(node), hint=_negated(tag, node), tag=tag)
        if isinstance(node, yaml.ScalarNode):
            span = _scalar_span(node)
            return (self._plain(node, span) if node.tag == _PLAIN else self._text(node, span)), span
        if id(node) in self._above or len(self._above) >= MAX_DEPTH:
            code, limit = ("ENG037", 0) if id(node) in self._above else ("ENG032", MAX_DEPTH)
            raise failure(code, self._place(node), limit=limit)
        self._above.add(id(node))
        found = self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)
        self._above.discard(id(node))
        return found

    def _mapping(self, node: yaml.Node) -> tuple[Any, Span]:
        data: dict[str, Any] = {}
        children: dict[str | int, tuple[Span | None, Span]] = {}
        for key_node, value_node in node.value:
            key, key_span = self._key(key_node)
            value, span = self.read(value_node)
            if key is None:
                continue
            if key in data:
                earlier = children[key][0]
                line = earlier.line + 1 if earlier else 0
                self.errors.add("ENG027", self._places.at(*key_span[:3]), name=key, line=line)
                continue
            data[key] = value
            children[key] = (key_span, span)
        return data, Span(node.start_mark.line, node.start_mark.column, 1, children)

    def _sequence(self, node: yaml.Node) -> tuple[Any, Span]:
        data: list[Any] = []
        children: dict[str | int, tuple[Span | None, Span]] = {}
        for index, item in enumerate(node.value):
            value, span = self.read(item)
            data.append(value)
            children[index] = (None, span)
        return data, Span(node.start_mark.line, node.start_mark.column, 1, children)

    def _key(self, node: yaml.Node) -> tuple[str | None, Span]:
        key, span = self.read(node)
        if node.tag == _PLAIN and node.value == "<<":
            self.errors.add("ENG030", self._places.at(*span[:3]))
            return None, span
        if not isinstance(key, str):
            text = node.value if isinstance(node, yaml.ScalarNode) else "a collection"
            place = self._places.at(*span[:3])
            braces = place.excerpt[max(place.column - 2, 0) :].startswith("{{")
            hint = "`{{ }}` is of a template: put the text in quotes, without the braces" if braces else ""
            self.errors.add("ENG028", place, hint=hint, text=text)
            return None, span
        return key, span

    def _text(self, node: yaml.ScalarNode, span: Span) -> str:
        text: str = node.value
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:  # libyaml refuses these escapes itself
                self.errors.add("ENG036", self._places.at(*span[:3]))
        return text

    def _plain(self, node: yaml.ScalarNode, span: Span) -> str | int | float | bool | None:
        text: str = node.value
        if text in WORDS:
            return WORDS[text]
        if text[0] not in _FIRST_OF_NUMBER:
            return text
        if text[0] in "123456789" and len(text) < _MAX_DIGITS and text.isascii():
            if text.isdigit():
                return int(text)
            if text.strip("0123456789+-.eE"):  # `10m`, `1:30`
                return text
        return self._number(text, span)

    def _number(self, text: str, span: Span) -> str | int | float | None:
        if re.fullmatch(_OTHER_BASE, text):
            return int(text, 0)
        if re.fullmatch(_NOT_FINITE, text):
            self.errors.add("ENG034", self._places.at(*span[:3]), text=text)
            return None
        if not re.fullmatch(_NUMBER, text):
            return text
        if re.match(_LEADING_ZERO, text):
            self.errors.add("ENG033", self._places.at(*span[:3]), text=text)
            return None
        if len(text) > _MAX_DIGITS or abs(float(text)) == float("inf"):
            self.errors.add("ENG034", self._places.at(*span[:3]), text=text[:20])
            return None
        return int(text) if re.fullmatch(_INTEGER, text) else float(text)

    def _place(self, node: yaml.Node) -> Place:
        return self._places.at(node.start_mark.line, node.start_mark.column, 1)


def _negated(tag: str, node: yaml.Node) -> str:
    """Who writes `!pr.draft` without quotes means the expression."""
    if not isinstance(node, yaml.ScalarNode) or tag.startswith("!!"):
        return ""
    rest = f" {node.value}" if node.value else ""
    inner = tag[1:]
    return f'if it is an expression, put it in quotes: "!({inner}){rest}"' if inner else ""


def _scalar_span(node: yaml.ScalarNode) -> Span:
    start, end = node.start_mark, node.end_mark
    if node.style in ("|", ">"):
        return Span(start.line, BLOCK, 1)
    quotes = 1 if node.style in ("'", '"') else 0
    length = end.column - start.column - 2 * quotes if end.line == start.line else 1
    if quotes and length != len(node.value):  # escapes: whoever counts columns has to begin at the quote
        return Span(start.line, start.column, max(length + 2, 1))
    return Span(start.line, start.column + quotes, max(length, 1))
