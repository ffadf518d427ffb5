"""A value that fits none of several forms: which one was meant, and what is told of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from engine.core.schema import mends, said, shapes, values
from engine.core.schema.failure import Failure, strange, wanted_by
from engine.core.schema.meant import keys
from engine.core.source import Document
from engine.errors import Problem, problem
from engine.names import closest

Tell: TypeAlias = Callable[[Failure, Document], Iterable[Problem]]


def union(error: Failure, document: Document, tell: Tell) -> Iterator[Problem]:
    """Of the branches that want this type of value the one with the fewest failures was meant; `tell` tells these."""
    branches: list[Mapping[str, Any]] = error.wanted
    if all(set(branch) == {"required"} for branch in branches):
        yield from _alternatives(error, document, [name for branch in branches for name in branch["required"]])
        return
    by_branch: dict[int, list[Failure]] = {}
    for inner in error.inner:
        by_branch.setdefault(inner.branch, []).append(inner)
    if isinstance(error.found, str) and (told := [*_text(error, document, by_branch)]):
        yield from told
        return
    fitting = [e for e in by_branch.values() if not any(i.rule == "type" and i.path == error.path for i in e)]
    yield from _of_branch(min(fitting, key=len), document, tell) if fitting else _of_none(error, document, by_branch)


def _alternatives(error: Failure, document: Document, names: list[str]) -> Iterator[Problem]:
    if not isinstance(error.found, Mapping):
        return  # of another type altogether, which is a mistake of its own
    there = [name for name in error.found if name in names]  # in the order of the file
    place = document.place(*error.path, there[1], key=True) if there[1:] else said.of_container(document, error.path)
    how, do = "exactly" if error.rule == "oneOf" else "at least", "keep" if there else "add"
    yield problem("ENG046", place, how=how, names=", ".join(names), found=", ".join(there) or "none", do=do)


def _text(error: Failure, document: Document, by_branch: Mapping[int, list[Failure]]) -> Iterator[Problem]:
    """A text where a list may stand, too."""
    place = document.place(*error.path)
    if any(said.types(i) == ["array"] for branch in by_branch.values() for i in branch if i.rule == "type"):
        constants = [said.shown(branch["const"]) for branch in error.wanted if "const" in branch]
        if constants and not closest(error.found, constants):
            expected = " or ".join(["a list", *(f"`{one}`" for one in constants)])
            is_none = "none" in constants and error.found.lower() in values.NOTHING
            hint = "write `none`" if is_none else _listed_names(error)
            yield problem("ENG042", place, hint=hint, expected=expected, found=said.kind(error.found), about="")
            return
    listed = (mends.items(error.found, error.resolved(branch.get("items", {}))) for branch in error.wanted)
    if several := next(filter(None, listed), []):
        hint = f"write a list: [{', '.join(several)}]"
        yield problem("ENG042", place, hint=hint, expected="one name, or a list", found="text", about="")


def _of_branch(chosen: list[Failure], document: Document, tell: Tell) -> Iterator[Problem]:
    misspelt = {name for inner in chosen if inner.rule == "additionalProperties" for name in keys(inner).values()}
    if any(i.rule == "additionalProperties" and len(strange(i)) == len(i.found) for i in chosen):
        chosen = [inner for inner in chosen if inner.rule != "required"]
    for inner in chosen:
        if not misspelt.intersection(wanted_by(inner)):
            yield from tell(inner, document)


def _of_none(error: Failure, document: Document, by_branch: Mapping[int, list[Failure]]) -> Iterator[Problem]:
    value, branches = error.found, error.wanted
    wanted = [n for branch in by_branch.values() for i in branch if i.rule == "type" for n in said.types(i)]
    constants = [said.shown(c) for b in branches for c in ([b["const"]] if "const" in b else b.get("enum", []))]
    expected = said.names([*dict.fromkeys(wanted)]) + (f" or {', '.join(constants)}" if constants else "")
    found = said.shown(value) if isinstance(value, str) else said.kind(value)
    hint = _form(error, wanted, constants)
    about = said.about(error)
    yield problem("ENG042", document.place(*error.path), hint=hint, expected=expected, found=found, about=about)


def _form(error: Failure, wanted: list[str], constants: list[str]) -> str:
    """How to write what stands there."""
    value = error.found
    if isinstance(value, dict) and "array" in wanted and [*map(type, value.values())] == [list]:
        return f"write the list itself, without `{next(iter(value))}:`: each of them is asked"
    if isinstance(value, dict) and "array" in wanted and all(one in (True, None) for one in value.values()):
        return f"write a list: [{', '.join(value)}]"
    if isinstance(value, list) and error.path and isinstance(error.path[-1], int):
        return "leave the inner brackets out"
    if "none" in constants and value is False:
        return "write `none`"
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and "object" in wanted and (form := _with_number(error)):
        return f"write `{form}`"
    return "put it in quotes" if is_number and "string" in wanted else ""


def _with_number(error: Failure) -> str:
    """The mapping of which a number is one of two that are needed: `{login: …, id: 583231}`."""
    branches = (error.resolved(branch) for branch in error.wanted)
    return next((form for one in branches if (form := shapes.lacking(error.found, one, error.root))), "")


def _listed_names(error: Failure) -> str:
    """A list of what stands in one text; names are wanted, and no word for all of them."""
    texts = next((error.resolved(b["items"]) for b in error.wanted if "items" in b), {})
    several = mends.items(error.found, texts) or [form] if (form := mends.form(error.found, texts)) else []
    several = mends.items(error.found.replace(" and ", ", "), texts) or several  # each of them is asked
    if error.found.lower() in said.EACH:
        return "name each of them: `[…, …]`"
    return f"write a list: [{', '.join(several)}]" if several else ""
