"""A tfvars file as data: literal values and unique keys, proven on the syntax tree before any value is believed.

The values come from HashiCorp's own parser (pygohcl). It cannot tell `1 + 2` from a string, keeps the last of two equal
keys, and ends the process on text that is nested a hundred thousand levels deep: it is shown nothing but proven text.
What is plain enough to need neither is read in one pass (`plain`), to the same values.
"""

import re
from collections.abc import Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from unicodedata import normalize

from engine import unseen
from engine.core.resources import broken, code, hcl, plain
from engine.core.source.document import UTF_16
from engine.core.source.reviewed import as_read
from engine.errors import MOST_PROBLEMS, EngineError, Errors, Place, Problem, failure, problem

if TYPE_CHECKING:
    from tree_sitter import Node

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

MAX_BYTES = 64 * 1024  # a level of nesting is a byte, and costs HashiCorp's parser 5.5 KB of at most 1 GB of stack
MAX_DEPTH = broken.MAX_DEPTH
MAX_NUMBER = 40  # characters
MAX_EXPONENT = 300  # `1.0e99999999` is short, but HashiCorp's parser writes all its digits out

_BOM = b"\xef\xbb\xbf"
_PLAIN_KEY = re.compile(r'"(?:[^"\\$%]|[$%](?!\{))*"')
_FOREIGN_MARKER = re.compile(rb"(?<=<<)-?[\w-]{0,99}[\x80-\xff]")
_HEREDOC = {"heredoc_start", "heredoc_identifier", "template_literal"}
_GO_PLACE = re.compile(r"(?:invalid HCL: )?[^\s:]++:(\d+),(\d+)-(?:(\d+),)?(\d+): ([^;]*+); ?(.*)", re.DOTALL)

_WHAT = {
    "function_call": "a function call",
    "variable_expr": "a reference",
    "operation": "an operation",
    "conditional": "a condition",
    "for_expr": "a `for` expression",
    "template_expr": "a template with `${…}`",
    "expression": "an expression in parentheses",
}


class Tfvars(NamedTuple):
    """One file's values; places are looked up when something is wrong."""

    file: str
    data: bytes
    values: Mapping[str, Json]
    lines: Mapping[str, int]  # names in the maps at the top (one per AWS resource) → line
    ends: Mapping[str, int]  # names at the top → the byte after their value
    syntax: "_Syntax"
    warned: tuple[Problem, ...] = ()  # what is accepted and odd

    def place(self, *path: str | int, key: bool = False) -> Place:
        """Where a value (or its key) is, or its nearest parent that exists; the file when the path is empty."""
        node = self.syntax.find(path, key)
        return Place(self.file) if node is None else hcl.place(self.file, self.data, node)


class _Syntax:
    """The nodes of a proven file, made when first asked for."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._rows: dict[int, dict[str | int, tuple[Node | None, Node]]] = {}  # by node

    @cached_property
    def root(self) -> "Node":
        return hcl.parse(self._data).root_node

    def find(self, path: tuple[str | int, ...], key: bool) -> "Node | None":
        found = self.root
        for depth, step in enumerate(path):
            if found.id not in self._rows:
                self._rows[found.id] = {step: (name, value) for step, name, value in reversed(_children(found))}
            if step not in self._rows[found.id]:
                break
            name, value = self._rows[found.id][step]
            found = name if key and name is not None and depth == len(path) - 1 else value
        return None if found is self.root else found


def read(data: bytes, file: str) -> Tfvars:
    """Prove and read one file.

    Raises:
        EngineError: all that is wrong with it.
    """
    data, text, warned = _text(data, file)
    found = plain.read(text)
    if found is not None:
        return Tfvars(file, data, *found, _Syntax(data))
    return read_in_full(data, file, warned)


def read_in_full(data: bytes, file: str, warned: tuple[Problem, ...] = ()) -> Tfvars:
    """The same of a text without a byte order mark, whatever is in it."""
    syntax = _Syntax(data)
    root = syntax.root
    if root.has_error:
        raise _broken(file, data, next(hcl.errors(root), root))
    proof = _Proof(file, data)
    proof.file_is_literal(root)
    proof.errors.check()
    found = Tfvars(file, data, _values(data, file), proof.lines, proof.ends, syntax, warned)
    # Where all that is written is plain, only an escape could be read as something else.
    for hidden in as_read(found.values) if b"\\" in data or not unseen.is_plain(data.decode()) else ():
        place = found.place(*hidden.path, key=hidden.is_key)
        proof.errors.add("ENG308", place, hint="remove it", path=file, reason=_cannot_be_seen(hidden.character))
    proof.errors.check()
    return found


def _broken(file: str, data: bytes, node: "Node") -> EngineError:
    marker = _FOREIGN_MARKER.search(data)  # HashiCorp's parser takes it, ours does not
    if marker:
        row = data.count(b"\n", 0, marker.start())
        column = marker.start() - (data.rfind(b"\n", 0, marker.start()) + 1)
        place = hcl.at(file, data, row, column, len(marker[0]))
        return failure("ENG320", place, hint="write `<<EOT`", reason="a heredoc's marker has ASCII letters only")
    if found := broken.mistake(text := data.decode()):
        return failure("ENG320", found.place(file, text), hint=found.hint, reason=found.reason)
    reason = f"{node.type} is missing" if node.is_missing else "the text does not parse from here on"
    return failure("ENG320", hcl.place(file, data, node), reason=reason)


def _text(data: bytes, file: str) -> tuple[bytes, str, tuple[Problem, ...]]:
    if len(data) > MAX_BYTES:
        raise failure("ENG309", Place(file), path=file, size=len(data), limit=MAX_BYTES)
    data = data.removeprefix(_BOM)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start)
        column = error.start - (data.rfind(b"\n", 0, error.start) + 1)
        reason = f"byte 0x{data[error.start]:02x} is not UTF-8"
        if data[:2] in UTF_16:
            raise failure("ENG308", Place(file), path=file, reason="it is saved as UTF-16") from None
        raise failure("ENG308", hcl.at(file, data, row, column, 1), path=file, reason=reason) from None
    errors, warned = Errors(), []
    for found in islice(unseen.unseen(text), MOST_PROBLEMS):
        before = text[: found.at].encode()
        row, column = before.count(b"\n"), len(before) - (before.rfind(b"\n") + 1)
        place = hcl.at(file, data, row, column, len(found.character.encode()))
        if found.forbidden:
            errors.add("ENG308", place, hint="remove it", path=file, reason=_cannot_be_seen(found.character))
        else:
            warned.append(problem("ENG039", place, character=unseen.name(found.character)))
    errors.check()
    return data, text, tuple(warned)


def _cannot_be_seen(character: str) -> str:
    return f"character {unseen.name(character)} cannot be seen"


def _values(data: bytes, file: str) -> Mapping[str, Json]:
    import pygohcl

    try:
        values: Mapping[str, Json] = pygohcl.loads(data.decode())
    except (pygohcl.HCLParseError, pygohcl.HCLInternalError) as error:
        raise _refused(str(error), data, file) from None
    return values


def _refused(said: str, data: bytes, file: str) -> EngineError:
    if found := broken.mistake(text := data.decode()):
        return failure("ENG320", found.place(file, text), hint=found.hint, reason=found.reason)
    match = _GO_PLACE.match(said)
    if match is None:
        return failure("ENG320", Place(file), reason=said)
    line, column, last_line, last, title, detail = match.groups()
    detail = detail.partition(", tmp.hcl:")[0]  # of several it tells the first
    length = int(last) - int(column) if last_line in (None, line) else 1
    place = hcl.at(file, data, int(line) - 1, 0, 1)
    place = place._replace(column=int(column), length=max(length, 1))
    reason = title.strip()
    return failure("ENG320", place, hint=detail.strip(), reason=reason[:1].lower() + reason[1:])


class _Proof:
    """Walks the tree by position: what is not expected where it stands is refused."""

    def __init__(self, file: str, data: bytes) -> None:
        self.errors = Errors()
        self.lines: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self._file, self._data = file, data

    def file_is_literal(self, root: "Node") -> None:
        for body in hcl.parts(root):
            if body.type != "body":  # the grammar also takes one JSON object as a whole file
                self._refuse(
                    "ENG320",
                    body,
                    hint="write `name = value`, without the braces",
                    reason="a file sets variables, this is a single value",
                )
                continue
            seen: dict[str, int] = {}
            for child in hcl.parts(body):
                if child.type != "attribute":
                    block = hcl.text(child.named_children[0])
                    self._refuse("ENG322", child, hint=code.as_block(block), name=block)
                    continue
                name, value = hcl.parts(child)
                self._once(seen, hcl.text(name), name)
                self.ends[_normal(hcl.text(name))] = child.end_byte
                self._expression(value, 1)

    def _expression(self, node: "Node", depth: int) -> None:
        children = hcl.parts(node)
        child = children[0]
        kind = child.type
        if len(children) != 1:
            self._refuse("ENG321", node, what="a path into a value")
        elif kind == "collection_value":
            self._collection(hcl.parts(child)[0], depth)
        elif kind == "literal_value" or _is_negative(child):
            self._number(child)
        elif not _is_heredoc(child):
            self._refuse("ENG321", node, hint=code.as_literal(hcl.text(node)), what=_WHAT.get(kind, "this"))

    def _number(self, node: "Node") -> None:
        literal = hcl.parts(hcl.parts(node)[0])[0] if node.type == "operation" else node
        number = next((child for child in literal.named_children if child.type == "numeric_lit"), None)
        if number is None:
            return
        text = self._data[number.start_byte : number.end_byte].decode()
        exponent = text.lower().partition("e")[2]
        if text.startswith("0x"):  # the grammar takes it, HashiCorp's parser does not
            self._refuse("ENG320", node, reason="a number is decimal")
        elif len(text) > MAX_NUMBER or abs(int(exponent or 0)) > MAX_EXPONENT:
            self._refuse("ENG339", node, text=text[:MAX_NUMBER], limit=str(MAX_NUMBER))
        elif not _is_exact(text):
            hint = "write at most 15 digits: more would be rounded"
            self._refuse("ENG339", node, text=text, limit=str(MAX_NUMBER), hint=hint)

    def _collection(self, node: "Node", depth: int) -> None:
        if depth > MAX_DEPTH:
            self._refuse("ENG325", node, limit=str(MAX_DEPTH))
            return
        seen: dict[str, int] = {}
        for child in hcl.parts(node):
            if child.type == "expression":
                self._expression(child, depth + 1)
            elif child.type == "object_elem":
                key, value = hcl.parts(child)
                name = _key(key)
                if name is None:
                    self._refuse("ENG324", key, hint=code.as_key(hcl.text(key)))
                else:
                    self._once(seen, name, key)
                self._expression(value, depth + 1)
        if depth == 1:
            self.lines.update(seen)

    def _once(self, seen: dict[str, int], name: str, node: "Node") -> None:
        name = _normal(name)
        if name in seen:
            self._refuse("ENG323", node, name=name, line=str(seen[name]))
        seen.setdefault(name, node.start_point.row + 1)

    def _refuse(self, code: str, node: "Node", hint: str = "", **fields: str) -> None:
        self.errors.add(code, hcl.place(self._file, self._data, node), hint=hint, **fields)


def _is_exact(number: str) -> bool:
    """Is it read as it is written? HashiCorp's parser hands a fraction over in binary, rounded to 53 bits."""
    from decimal import Decimal

    exact = Decimal(number)
    return exact == exact.to_integral_value() or exact == Decimal(repr(float(number)))


def _normal(name: str) -> str:
    """The form that HashiCorp's parser gives to every string, so that an é is the same key however it is composed."""
    return name if name.isascii() else normalize("NFC", name)


def _key(expression: "Node") -> str | None:
    """The name that a key spells out; None for anything that has to be evaluated."""
    children = hcl.parts(expression)
    if len(children) != 1:
        return None
    child, text = children[0], hcl.text(expression)
    if child.type == "variable_expr":
        return text
    return text[1:-1] if child.type == "literal_value" and _PLAIN_KEY.fullmatch(text) else None


def _is_heredoc(node: "Node") -> bool:
    if node.type != "template_expr":
        return False
    (template,) = hcl.parts(node)
    return template.type == "heredoc_template" and all(c.type in _HEREDOC for c in template.named_children)


def _is_negative(node: "Node") -> bool:
    """`-1` parses as an operation on 1."""
    if node.type != "operation":
        return False
    (unary,) = hcl.parts(node)
    operands = hcl.parts(unary)
    return (
        unary.type == "unary_operation"
        and unary.children[0].type == "-"
        and len(operands) == 1
        and operands[0].type == "literal_value"
        and [c.type for c in operands[0].named_children] == ["numeric_lit"]
    )


def _attributes(root: "Node") -> "list[Node]":
    return [child for body in hcl.parts(root) for child in hcl.parts(body)]


def _name(attribute: "Node") -> str:
    return hcl.text(attribute.named_children[0])


def _children(node: "Node") -> "list[tuple[str | int, Node | None, Node]]":
    """(name or index, key's node, value's node) of what lies directly inside a node of a proven file."""
    if node.type == "config_file":
        return [(_name(a), a.named_children[0], hcl.parts(a)[1]) for a in _attributes(node)]
    inner = hcl.parts(node)[0]
    if node.type != "expression" or inner.type != "collection_value":
        return []
    found: list[tuple[str | int, Node | None, Node]] = []
    for child in hcl.parts(hcl.parts(inner)[0]):
        if child.type == "object_elem":
            key, value = hcl.parts(child)
            found.append((_normal(_key(key) or ""), key, value))
        elif child.type == "expression":
            found.append((len(found), None, child))
    return found
