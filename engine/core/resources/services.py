"""What the controller's module lets each service set: a service is a `terraform/<service>.tf` that declares variables.

So a new service is one new file in the controller and nothing else. Variables of `variables.tf` and `main.tf` are the
platform's own wiring: reserved, except `environment`, which every resource sets.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from engine.core.canonical import digest, digest_bytes
from engine.core.resources import documents, hcl, naming
from engine.core.resources.kinds import KINDS
from engine.core.resources.types import Attribute, Many, Primitive, Record, Type, Whatever
from engine.core.source.document import Places, Span
from engine.core.source.reviewed import check_text
from engine.errors import EngineError, Place, failure
from engine.names import listing

if TYPE_CHECKING:
    from tree_sitter import Node

FRAME = ("main", "outputs", "variables")
COMMON = "environment"
ORDER = "depends_on"  # set by any resource, and read by nobody but us

_TEXT = Primitive("string")
_KIND = re.compile(r"^[ \t,]*+(?:#|//)[ \t]*+document:[ \t]*+([\w-]*)")
_NAMES = re.compile(r"^[ \t,]*+(?:#|//)[ \t]*+(?:(unordered)\b|names:[ \t]*+([^;\n]*))")
_PLAIN = re.compile(r'"[^"\\$%]*"')
_DEFINES = re.compile(r"^(?:#|//)[ \t]*+defines:[ \t]*+(.*)$")


class Services(NamedTuple):
    """The variables of each service, and those that nobody but the controller may set."""

    variables: Mapping[str, Mapping[str, Type]]  # service in lower case → variable → type
    names: frozenset[str]  # of the services
    reserved: frozenset[str]
    defines: Mapping[str, tuple[naming.Form, ...]] = {}  # variable → what each entry of its map is called
    digest: str = ""  # of all that was read

    def owner(self, variable: str) -> str | None:
        """The service that declares a variable."""
        return next((service for service, variables in self.variables.items() if variable in variables), None)


def read(module: Mapping[str, bytes]) -> Services:
    """Read the module's files, by name; once, as long as they are the same.

    Raises:
        EngineError: a file that does not parse or a type that Terraform does not have; a module without any service.
    """
    return _read(tuple(sorted(module.items())))


@lru_cache(maxsize=2)
def _read(module: tuple[tuple[str, bytes], ...]) -> Services:
    services: dict[str, Mapping[str, Type]] = {}
    reserved: set[str] = set()
    defines: dict[str, tuple[naming.Form, ...]] = {}
    for name, data in module:
        stem, dot, extension = name.partition(".")
        if (dot + extension) != ".tf":
            continue
        variables = _variables(data, f"terraform/{name}", defines)
        if stem in FRAME:
            reserved |= variables.keys() - {COMMON}
        elif variables:
            services[stem] = variables
    if not services:
        raise failure("ENG326", Place("terraform"), reason="no file declares a service's variables")
    whole = digest({name: digest_bytes(data) for name, data in module})
    return Services(services, frozenset(services), frozenset(reserved), defines, whole)


def _variables(data: bytes, file: str, defines: dict[str, tuple[naming.Form, ...]]) -> dict[str, Type]:
    _seen(data, file)
    root = hcl.parse(data).root_node
    if root.has_error:
        raise _broken(file, data, next(hcl.errors(root), root), "it does not parse")
    reader = _Types(file, data)
    blocks = [
        (hcl.text(head[1])[1:-1], block)
        for body in hcl.parts(root)
        for block in hcl.parts(body)
        if block.type == "block" and hcl.text((head := hcl.parts(block))[0]) == "variable"
    ]
    for name, block in blocks:
        if documents.takes(name):
            raise _broken(file, data, block, f"`{name}` must be an attribute of an object to take a document")
    found = {name: reader.variable(block) for name, block in blocks}
    defines |= {name: forms for name, block in blocks if (forms := reader.forms(block, found[name]))}
    return found


def _seen(data: bytes, file: str) -> None:
    """The module is trusted because people have read it."""
    if not data.isascii() or b"\r" in data:
        text = data.decode("utf-8", "replace")
        check_text(text, Places(file, text, lambda: Span(0, 0, 1)).of)


class _Types:
    """Reads the type constraints of one file."""

    def __init__(self, file: str, data: bytes) -> None:
        self._file, self._data = file, data

    def variable(self, block: "Node") -> Type:
        for body in hcl.parts(block):
            for attribute in hcl.parts(body) if body.type == "body" else ():
                if attribute.type == "attribute" and hcl.text(attribute.named_children[0]) == "type":
                    return self._type(hcl.parts(attribute)[1])
        return Whatever()

    def _type(self, expression: "Node") -> Type:
        (node,) = hcl.parts(expression)
        if node.type == "variable_expr":
            name = hcl.text(node)
            if name in ("string", "number", "bool"):
                return Primitive(name)
            if name == "any":
                return Whatever()
        if node.type == "function_call":
            name, argument = self._call(node)
            if name in ("list", "set", "map"):
                return Many(name, self._type(argument[0]))
            if name == "object":
                return Record(self._attributes(argument[0]))
            if name == "tuple":
                return Many("list", Whatever())
        raise _broken(self._file, self._data, node, f"`{hcl.text(node)[:40]}` is no type")

    def _attributes(self, expression: "Node") -> dict[str, Attribute]:
        (collection,) = hcl.parts(expression)
        found: dict[str, Attribute] = {}
        for child in hcl.parts(hcl.parts(collection)[0]):
            if child.type == "object_elem":
                key, value = hcl.parts(child)
                name = hcl.text(key).strip('"')
                found[name] = self._named(child, self._document(name, child, self._attribute(value)))
        return found

    def _attribute(self, expression: "Node") -> Attribute:
        (node,) = hcl.parts(expression)
        if node.type == "function_call":
            name, arguments = self._call(node)
            if name == "optional":
                return Attribute(self._type(arguments[0]), True, default=_plain(arguments[1:]))
        return Attribute(self._type(expression), False)

    def _document(self, name: str, element: "Node", attribute: Attribute) -> Attribute:
        """An attribute for a document has its kind in a comment on the line where it ends, and is of text."""
        match = _KIND.search(self._behind(element))
        is_text = attribute.type in (_TEXT, Many("map", _TEXT), Many("list", _TEXT))
        if documents.takes(name) != bool(match) or (match and (match[1] not in KINDS or not is_text)):
            raise failure("ENG380", hcl.place(self._file, self._data, element), name=name, known=listing(KINDS))
        return attribute._replace(document=match[1]) if match else attribute

    def _named(self, element: "Node", attribute: Attribute) -> Attribute:
        """What the comment behind an attribute says of the things that it names."""
        match = _NAMES.search(self._behind(element))
        if match is None:
            return attribute
        if match[1]:
            return attribute._replace(ordered=False)
        return attribute._replace(names=self._form(match[2], {""}, element))

    def forms(self, block: "Node", type_: Type) -> tuple[naming.Form, ...]:
        """What the comment above a variable says that its entries are called."""
        lines = self._data.decode("utf-8", "replace").split("\n")[: block.start_point.row]
        found: list[str] = []
        while lines and lines[-1].startswith(("#", "//")):
            match = _DEFINES.match(lines.pop().rstrip())
            found[:0] = [match[1]] if match else []
        entry = type_.item if isinstance(type_, Many) and type_.kind == "map" else None
        known = set(entry.attributes) if isinstance(entry, Record) else set()
        return tuple(self._form(text, known, block) for text in found)

    def _form(self, text: str, known: set[str], node: "Node") -> naming.Form:
        try:
            found = naming.form(text)
        except ValueError as error:
            raise failure("ENG821", hcl.place(self._file, self._data, node), text=text, reason=str(error)) from None
        if unknown := found.attributes - known or {added for _, one, added in found.pieces if added and not one}:
            reason = f"there is no attribute `{min(unknown)}`" if known != {""} else "`{}` stands for the value"
            raise failure("ENG821", hcl.place(self._file, self._data, node), text=text, reason=reason)
        return found

    def _behind(self, element: "Node") -> str:
        """What follows on the line where it ends."""
        row = element.end_point.row
        return self._data.split(b"\n", row + 1)[row][element.end_point.column :].decode("utf-8", "replace")

    def _call(self, node: "Node") -> "tuple[str, list[Node]]":
        name, *rest = hcl.parts(node)
        arguments = hcl.parts(rest[0]) if rest else []
        if not arguments:
            raise _broken(self._file, self._data, node, "a type without its argument")
        return hcl.text(name), arguments


def _plain(arguments: "list[Node]") -> str | bool | None:
    """The default of an attribute, where it is a plain text, `true` or `false`."""
    text = hcl.text(arguments[0]) if arguments else ""
    if text in ("true", "false"):
        return text == "true"
    return text[1:-1] if _PLAIN.fullmatch(text) else None


def _broken(file: str, data: bytes, node: "Node", reason: str) -> EngineError:
    return failure("ENG326", hcl.place(file, data, node), reason=reason)
