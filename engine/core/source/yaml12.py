"""YAML 1.2 core, the strict part of it that a reviewer can read without surprises.

`on`, `yes` and `NO` are strings. Refused: duplicate and non-string keys, tags, merge keys, several documents, numbers
with leading zeros (1.1 reads octal, 1.2 decimal), characters that nobody sees, and whatever costs more than it says
(aliases are counted as often as they are used). PyYAML does the parsing, in C where libyaml is there.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml

from engine.core.source.composing import COMPOSER, MAX_DEPTH, MAX_NODES, PLAIN, TEXT, PureComposer, compose
from engine.core.source.document import BLOCK, Document, Places, Read, Span
from engine.core.source.plain import WORDS
from engine.errors import EngineError, Errors, Place, Problem, failure, problem
from engine.unseen import is_plain, unseen

__all__ = ["COMPOSER", "MAX_DEPTH", "MAX_NODES", "PureComposer", "parse"]


def parse(
    text: str,
    file: str,
    *,
    composer: type[Any] = COMPOSER,
    quotes: bool = False,
    fits: Callable[[Any], bool] = lambda _: True,
) -> Read:
    """The whole of it, by PyYAML; `quotes` and `fits` as `read_yaml` has them.

    Raises:
        EngineError: what ends the reading of it.
    """
    found = _parse(text, file, composer, quotes, fits)
    if found.document is None and any(one.code == "ENG023" for one in found.problems):
        hidden = {one.at for one in unseen(text, ordinary=False)}
        bare = "".join(character for at, character in enumerate(text) if at not in hidden)
        if hidden and bare.strip():  # what it says without them is looked at
            again = _parse(bare, file, composer, quotes, fits)
            return Read(again.document, (*(one for one in found.problems if one.code == "ENG023"), *again.problems))
    return found


def _parse(text: str, file: str, composer: type[Any], quotes: bool, fits: Callable[[Any], bool]) -> Read:
    places = Places(file, text, lambda: tree)
    warned = _odd(text, places)

    def node_fits(node: yaml.Node) -> bool:
        reader = _Reader(places)
        try:
            value, _ = reader.read(node)
        except EngineError:
            return False
        return not reader.errors.problems and fits(value)

    node, problems, doubted = compose(text, places, composer, node_fits)
    if node is None:
        return Read(None, problems)
    reader = _Reader(places, doubted)
    try:
        value, tree = reader.read(node)
    except EngineError as error:
        reader.errors.extend((*problems, *error.problems))
        return Read(None, reader.errors.problems)
    if not quotes and ("\\" in text or not is_plain(text)):  # else the text has shown it
        from engine.core.source.reviewed import check_values

        is_odd = reader.errors.watch()
        hidden = Errors()
        check_values(value, lambda h: places.find(h.path, key=h.is_key), hidden)
        reader.errors.extend(one for one in hidden.problems if not one.place or one.place.line - 1 not in doubted)
        reader.lost |= bool(is_odd)
    reader.errors.extend(problems)
    document = Document(file, value, places, (*warned, *reader.warned), frozenset(line + 1 for line in reader.doubted))
    return Read(None if reader.lost else document, reader.errors.problems)


def _odd(text: str, places: Places) -> tuple[Problem, ...]:
    if is_plain(text):  # and nothing has to be loaded
        return ()
    from engine.core.source.reviewed import check_text

    return check_text(text, places.of)


_NUMBER = r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
_INTEGER = r"[-+]?[0-9]+"
_OTHER_BASE = r"0o[0-7]+|0x[0-9a-fA-F]+"
_LEADING_ZERO = r"[-+]?0[0-9]"
_NOT_FINITE = r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"
_FIRST_OF_NUMBER = frozenset("-+.0123456789")
_MAX_DIGITS = 400
_HALVES = {"]": "[", '"': '"'}
_NAMES = r"[\w./-]+(?:, ?[\w./-]+)*"


class _Reader:
    """Turns nodes into data and spans, and collects what is wrong with them."""

    def __init__(self, places: Places, doubted: frozenset[int] = frozenset()) -> None:
        self.errors = Errors()
        self.warned: list[Problem] = []
        self.doubted = set(doubted)  # lines, from 0
        self.lost = False  # is it unknown what was meant?
        self._places = places
        self._nodes = 0
        self._margins: list[int] = []  # columns of the mappings around
        self._above: set[int] = set()  # ids of the nodes being read: an alias to one of them has no end

    def read(self, node: yaml.Node, *, is_item: bool = False) -> tuple[Any, Span]:
        """The value of a node and its span."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise failure("ENG031", self._place(node), limit=MAX_NODES)
        if node.tag not in (PLAIN, TEXT):
            tag = node.tag.replace("tag:yaml.org,2002:", "!!")
            self.errors.add("ENG029", self._place(node), hint=_negated(tag, node, is_item), tag=tag)
            self.doubted.add(node.start_mark.line)
        if isinstance(node, yaml.ScalarNode):
            span = _scalar_span(node)
            return (self._plain(node, span) if node.tag == PLAIN else self._text(node, span)), span
        if id(node) in self._above or len(self._above) >= MAX_DEPTH:
            code, limit = ("ENG037", 0) if id(node) in self._above else ("ENG032", MAX_DEPTH)
            raise failure(code, self._place(node), limit=limit)
        self._above.add(id(node))
        found = self._mapping(node) if isinstance(node, yaml.MappingNode) else self._sequence(node)
        self._above.discard(id(node))
        return found

    def _value(self, node: yaml.Node, *, is_item: bool = False) -> tuple[Any, Span]:
        """The same of a value, about which more can be odd than about a key."""
        value, span = self.read(node, is_item=is_item)
        if isinstance(value, str) and isinstance(node, yaml.ScalarNode) and node.style in ("", None):
            start, end = node.start_mark, node.end_mark
            if value[-1:] in _HALVES and re.fullmatch(_NAMES, value[:-1]):
                place, opens = self._places.at(*span[:3]), _HALVES[value[-1]]
                reason = f"the {value[-1]} at the end closes what no {opens} opens"
                or_not = ", or leave the quote out" if value[:-1].isdigit() and len(value) < 8 else ""
                self.errors.add("ENG024", place, reason=reason, hint=f"write `{opens}{value}`{or_not}")
                self.doubted |= {span.line} if or_not else set()
                names = [name.strip() for name in value[:-1].split(",")]
                return (names if opens == "[" else value[:-1]), span
            if start.line == end.line and (odd := self._places.doubt(value, start.line, start.column, end.column)):
                place = self._places.at(start.line, odd.at, odd.length)
                self.warned.append(problem("ENG969", place, reason=odd.reason, hint=odd.hint))
        return value, span

    def _mapping(self, node: yaml.MappingNode) -> tuple[Any, Span]:
        data: dict[str, Any] = {}
        children: dict[str | int, tuple[Span | None, Span]] = {}
        self._margins.append(node.start_mark.column)
        last = ""  # the name before
        for index, (key_node, value_node) in enumerate(node.value):
            key, key_span = self._key(key_node)
            if key in data and last and data[last] is None and not node.flow_style and len(self._margins) > 1:
                begin, _ = children[last]
                assert begin
                data[last], below = self._below(last, begin, node, index)
                children[last] = begin, below
                break
            value, span = self._value(value_node)
            if key is None:
                continue
            if key in data:
                earlier, first = children[key]
                line = earlier.line + 1 if earlier else 0
                same = data[key] == value
                again = [str(one.value) for one, _ in node.value[index:]]
                begins = key == next(iter(data)) or data.keys() >= set(again)
                if len(again) > 2 and begins and not node.flow_style:
                    hint = (
                        f"the first is on line {line}: of what are they? Write its name above, or remove one of the two"
                    )
                    self.errors.add("ENG027", self._places.at(*key_span[:3]), name=key, line=line, hint=hint)
                    self.doubted |= set(range(key_span.line, node.end_mark.line + 1))
                    break
                joined = not same and _join(data[key], first, value, span)
                hint = _of_twice(value, same, joined).format(line=line)
                self.errors.add("ENG027", self._places.at(*key_span[:3]), name=key, line=line, hint=hint)
                if not joined and not same:
                    self.doubted |= set(range(key_span.line, value_node.end_mark.line + 1))
                continue
            data[key] = value
            children[key] = (key_span, span)
            last = key
        self._margins.pop()
        return data, Span(node.start_mark.line, node.start_mark.column, 1, children)

    def _below(self, name: str, begin: Span, node: yaml.MappingNode, index: int) -> tuple[Any, Span]:
        """What was meant to stand in a name that stands too far in: the keys from `index` on, which are there twice."""
        place = self._places.at(*begin[:3])
        reason = f"`{name}` stands among the keys of what is above it, and what follows is to stand in it"
        self.errors.add("ENG024", place, reason=reason, hint=f"indent it by {self._margins[-2]} spaces")
        self.doubted |= set(range(begin.line, node.end_mark.line + 1))
        rest = node.value[index:]
        below = yaml.MappingNode(node.tag, rest, rest[0][0].start_mark, node.end_mark, flow_style=False)
        return self._mapping(below)

    def _sequence(self, node: yaml.Node) -> tuple[Any, Span]:
        data: list[Any] = []
        children: dict[str | int, tuple[Span | None, Span]] = {}
        for index, item in enumerate(node.value):
            value, span = self._value(item, is_item=True)
            self._look_at_item(item, value)
            data.append(value)
            children[index] = (None, span)
        return data, Span(node.start_mark.line, node.start_mark.column, 1, children)

    def _look_at_item(self, node: yaml.Node, value: object) -> None:
        """An item that stands further in than the one before it goes on with that one's text."""
        start, end = node.start_mark, node.end_mark
        is_plain_text = isinstance(node, yaml.ScalarNode) and node.style in ("", None)
        if start.line == end.line or not is_plain_text or " - " not in str(value):
            return
        place = self._places.at(start.line + 1, 0, 1)
        said = place.excerpt.strip()
        if said.startswith("- "):
            column = len(place.excerpt) - len(place.excerpt.lstrip())
            wanted = len(self._places.at(start.line, 0, 1).excerpt.partition("-")[0])
            reason = "this item stands further in than the one above, so it goes on with its text"
            place = place._replace(column=column + 1, length=len(said))
            self.errors.add("ENG024", place, reason=reason, hint=f"indent it by {wanted} spaces")
            self.doubted |= set(range(start.line, end.line + 1))

    def _key(self, node: yaml.Node) -> tuple[str | None, Span]:
        key, span = self.read(node)
        if node.tag == PLAIN and node.value == "<<":
            self.errors.add("ENG030", self._places.at(*span[:3]))
            self.lost = True
            return None, span
        if not isinstance(key, str):
            text = node.value if isinstance(node, yaml.ScalarNode) else "a collection"
            place = self._places.at(*span[:3])
            braces = place.excerpt[max(place.column - 2, 0) :].startswith("{{")
            hint = "`{{ }}` is of a template: put the text in quotes, without the braces" if braces else ""
            self.errors.add("ENG028", place, hint=hint, text=text)
            self.lost = True
            return None, span
        return key, span

    def _text(self, node: yaml.ScalarNode, span: Span) -> str:
        text: str = node.value
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:  # libyaml refuses these escapes itself
                self.errors.add("ENG036", self._places.at(*span[:3]))
                self.lost = True
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
            self.doubted.add(span.line)
            self.errors.add("ENG034", self._places.at(*span[:3]), text=text)
            return None
        if not re.fullmatch(_NUMBER, text):
            return text
        if re.match(_LEADING_ZERO, text):
            self.errors.add("ENG033", self._places.at(*span[:3]), text=text)
            self.doubted.add(span.line)
            return None
        if len(text) > _MAX_DIGITS or abs(float(text)) == float("inf"):
            self.doubted.add(span.line)
            self.errors.add("ENG034", self._places.at(*span[:3]), text=text[:20])
            return None
        return int(text) if re.fullmatch(_INTEGER, text) else float(text)

    def _place(self, node: yaml.Node) -> Place:
        return self._places.at(node.start_mark.line, node.start_mark.column, 1)


def _of_twice(second: Any, same: bool, joined: bool) -> str:
    """What to do about a key that is there twice."""
    if same:
        return "line {line} says the same: remove it"
    if joined:
        return "the first is on line {line}: write what both hold under one"
    rename = ", or call one of them otherwise" if isinstance(second, dict) else ""
    return f"the first is on line {{line}}: keep one{rename}"


def _join(first: Any, before: Span, second: Any, span: Span) -> bool:
    """Put what the second of two maps or lists holds into the first; False where one of the two has to go."""
    if before.children is None or span.children is None or type(first) is not type(second):
        return False
    if isinstance(first, list):
        before.children.update((len(first) + index, held) for index, (_, held) in enumerate(span.children.items()))
        first += second
        return True
    holds = (*first.values(), *second.values())
    if first.keys() & second.keys() or not all(isinstance(one, dict) for one in holds):
        return False  # not one section in two parts, but two things of one name
    before.children.update((name, held) for name, held in span.children.items() if name not in first)
    first.update(second)
    return True


def _negated(tag: str, node: yaml.Node, is_item: bool) -> str:
    """Who writes `!pr.draft` without quotes means the expression."""
    if not isinstance(node, yaml.ScalarNode) or tag.startswith("!!"):
        return ""
    rest = f" {node.value}" if node.value else ""
    inner = tag[1:]
    if is_item and not rest and re.fullmatch(r"[\w-]+", inner):
        return f"a list holds names, and nothing negates one: write `{inner}`, or leave it out"
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
