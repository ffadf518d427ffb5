"""Refuses `in` as a value of what may be missing.

`found := 7 in x.y`, where `x` has no `y`, is false in the embedded engine and undefined for OPA. As a statement, also
under `not`, it is the same in both.
"""

from collections.abc import Iterator

from engine.adapters.policy.hoist import needed
from engine.adapters.policy.syntax import Bundle, Defined, Module, Node, full
from engine.errors import Errors

_STATEMENTS = frozenset({"Expr", "NotExpr"})


def check(bundle: Bundle, errors: Errors) -> None:
    """Report each of them once."""
    certain = {d.full for d in bundle.defined if _is_certain(d, bundle)}
    for definition in bundle.defined:
        module = definition.module
        for node in _values(definition):
            parts = [part for part in (node["key"], node["value"], node["collection"]) if part]
            missing = (module.text(span) for span in needed(parts, module, bundle.prefixes))
            what = next((text for text in missing if not _is_rule_of(certain, module, text)), "")
            if what:
                whole = _line(module.text(node["span"]))
                errors.add("ENG533", module.place(node["span"]), what=_line(what), whole=whole)


def _values(definition: Defined) -> Iterator[Node]:
    """Its `in`s that are no statements."""
    statements = {id(node["expr"].get("Membership")) for kind, node, *_ in definition.seen if kind in _STATEMENTS}
    yield from (s.node for s in definition.seen if s.kind == "Membership" and id(s.node) not in statements)


def _is_rule_of(names: set[str], module: Module, text: str) -> bool:
    return text not in module.imported and full(module.package, (text,)) in names


def _is_certain(definition: Defined, bundle: Bundle) -> bool:
    """Has its rule a value whatever is missing? A set has, a default, and what no condition is asked for."""
    form, body, module = definition.form, definition.body, definition.module
    if form != "Compr":
        return form in ("Set", "Default")
    ((_, head),) = body["head"].items()
    plain = "Var" in head["refr"] and head["assign"] and not body["bodies"]
    return bool(plain) and not any(needed(head["assign"]["value"], module, bundle.prefixes))


def _line(text: str) -> str:
    return " ".join(text.split())
