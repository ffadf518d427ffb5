"""Everything that does not fit a schema, told with places, and what was probably meant.

Runs only after a generated validator has said no, so it may be slow.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import Any, NamedTuple, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.core.schema import meant
from engine.core.schema.meant import MOST_UNKNOWN, Failure, keys, strange
from engine.core.source import Document
from engine.errors import MOST_PROBLEMS, Place, Problem, problem
from engine.names import choice, closest, either, plural

_Path: TypeAlias = tuple[str | int, ...]


class Mistake(NamedTuple):
    """A problem, with the path of the value that does not fit."""

    path: _Path
    problem: Problem
    sound: bool = False  # is the value all right but for this: a key too many?
    of_name: bool = False  # is it the name that does not fit, so that another one was meant?


def mistakes(schema_json: str, document: Document) -> tuple[Mistake, ...]:
    """Every mistake once, in the order of the file; never none."""
    schema = json.loads(schema_json)
    errors = [_read(e, (), schema) for e in Draft202012Validator(schema).iter_errors(document.data)]
    mistyped = {e.path for e in errors if e.rule == "type"}
    misspelt = {(e.path, name) for e in errors if e.rule == "additionalProperties" for name in keys(e).values()}
    listed = {(e.path[:-1], name) for e in errors if e.rule == "type" and isinstance(e.found, str) and e.path
              if "array" in e.wanted for name in _beside_a_list(document, e.path)}  # fmt: skip
    hollow = {(*e.path[:-1], name) for e in errors for name in meant.hollow(e, document)}
    foreign = {e.path for e in errors if e.rule == "additionalProperties" and len(strange(e)) == len(e.found)}
    undecided = {e.path for e in errors if e.rule == "oneOf"}
    found: dict[Problem, Mistake] = {}
    replaced: set[_Path] = set()
    beside: list[Failure] = []
    for error in errors:
        if (error.rule in _OF_A_TYPE and error.path in mistyped) or (error.implied and error.path in undecided):
            continue  # the same mistake, said twice
        wanted = _wanted(error)
        if wanted and any((error.path, name) in misspelt for name in wanted):
            replaced.add(error.path)  # it is there, by another name
            continue
        if error.rule == "additionalProperties" and all((error.path, n) in listed for n in strange(error)):
            continue  # they belong to the list before them
        if error.rule == "additionalProperties" and all((*error.path, n) in hollow for n in strange(error)):
            continue  # or to the name before them
        if error.path in hollow:
            beside.append(error)
            continue
        if error.rule == "required" and error.path in foreign:
            replaced.add(error.path)  # none of its keys is one of ours: that one is missing follows from it
            continue
        if len(found) >= MOST_PROBLEMS:  # whoever made more will not read more
            beside.append(error)
            continue
        for told in _tell(error, document):
            mistake = Mistake(error.path, told, error.rule == "additionalProperties", error.of_name)
            found.setdefault(told, mistake)
    if not found:  # jsonschema saw nothing where the generated validator did: doubt means no
        return (Mistake((), problem("ENG048", document.place())),)
    told_of = [m._replace(sound=m.sound and m.path not in replaced) for m in found.values()]
    if len(found) >= MOST_PROBLEMS and beside:
        told_of.append(Mistake((), problem("ENG038", document.place(), number=f"{len(beside):,}"), sound=True))
    told_of += [Mistake(error.path, told_of[0].problem) for error in beside]
    return tuple(sorted(told_of, key=lambda m: m.problem.place[:3] if m.problem.place else ("", 0, 0)))


_OF_A_TYPE = frozenset(("const", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"))


def _read(error: ValidationError, above: _Path, root: Mapping[str, Any]) -> Failure:
    path = (*above, *error.relative_path)
    of_name = "propertyNames" in error.relative_schema_path
    if of_name and isinstance(error.instance, str):
        path = (*path, error.instance)  # what stands under that name, and nothing else, does not fit
    branch = error.relative_schema_path[0] if error.parent and error.relative_schema_path else 0
    return Failure(
        rule=str(error.validator),
        wanted=error.validator_value,
        found=error.instance,
        schema=error.schema if isinstance(error.schema, Mapping) else {},
        path=path,
        message=error.message,
        inner=tuple(_read(e, path, root) for e in error.context or ()),
        branch=branch if isinstance(branch, int) else 0,
        of_name=of_name,
        implied="then" in error.relative_schema_path,
        root=root,
    )


def _tell(error: Failure, document: Document) -> Iterable[Problem]:
    return _TELLERS.get(error.rule, _other)(error, document)


def _wanted(error: Failure) -> list[str]:
    """The keys of which one is missing, if that is what is wrong."""
    if error.rule == "required":
        return [_missing(error)]
    if error.rule in ("oneOf", "anyOf") and isinstance(error.found, Mapping):
        names = [n for branch in error.wanted if set(branch) == {"required"} for n in branch["required"]]
        return [] if any(name in error.found for name in names) else names
    return []


def _unknown_keys(error: Failure, document: Document) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    wanted = keys(error)
    names = strange(error)
    if section := next((name for name in names if meant.of_the_top(error, document, name)), ""):
        names = names[: names.index(section) + 1]  # what follows stands in it
    for name in names[:MOST_UNKNOWN]:
        hint = meant.place_of_key(error, document, name)
        if name in wanted and not hint:
            hint = f"did you mean `{wanted[name]}`?"
        hint = hint or meant.section_above(error, name)
        if wanted.get(name) == "from" and name in ("users", "teams"):
            hint = "did you mean `from`? It names groups, and approvers-config.yaml says who is in them"
        place = document.place(*error.path, name, key=True)
        yield problem("ENG040", place, hint=hint, name=name, known=either(known))
    if more := len(names) - MOST_UNKNOWN if len(names) > MOST_UNKNOWN else 0:
        yield problem("ENG038", document.place(*error.path), number=f"{more:,}")


def _missing(error: Failure) -> str:
    # jsonschema makes one error per missing key, and names it only in the message
    return error.message.split("'")[1] if error.message.startswith("'") else ""


def _missing_key(error: Failure, document: Document) -> Iterator[Problem]:
    name = _missing(error)
    wanted = error.schema.get("properties", {}).get(name, {})
    about = error.defs.get(wanted.get("$ref", "").removeprefix("#/$defs/"), wanted).get("description", "")
    yield problem("ENG041", _of_container(document, error.path), name=name, about=f": {about}" if about else "")


def _beside_a_list(document: Document, path: _Path) -> list[str]:
    """`{from: a, b}`: what was meant to be in the list is keys without values now."""
    holder: Any = document.data
    for step in path[:-1]:
        holder = holder[step]
    if not isinstance(holder, dict):
        return []
    after = list(holder)[list(holder).index(path[-1]) + 1 :]
    return [str(name) for name in takewhile(lambda name: holder[name] is None, after)]


def _twice(error: Failure, document: Document) -> Iterator[Problem]:
    """Of a list: the second of two that are the same."""
    for number, item in enumerate(error.found):
        if item in error.found[:number]:
            place, first = document.place(*error.path, number), document.place(*error.path, error.found.index(item))
            name = item if isinstance(item, str) else "this"
            yield problem("ENG061", place, what="item", name=name, first=f"{first.file}:{first.line}")
            return


def _wrong_type(error: Failure, document: Document) -> Iterator[Problem]:
    expected = _names(error.wanted)
    expected_types = _list(error)
    scalar = isinstance(error.found, bool | int | float)
    hint = "put it in quotes" if scalar and "string" in error.wanted else ""
    if isinstance(error.found, str) and "array" in error.wanted:
        others = _beside_a_list(document, error.path)
        hint = f"write a list: [{', '.join((error.found, *others)).strip('()')}]"
    if error.found is None and "object" in expected_types:
        names = "what belongs to it" if not (inside := meant.hollow(error, document)) else _and(inside)
        hint = f"nothing stands in it: indent {names} deeper than its name"
    if isinstance(error.found, int) and not isinstance(error.found, bool) and "10m" in _about(error):
        hint = f"say the unit: `{error.found}s` are seconds, `{error.found}m` minutes"
    if isinstance(error.found, bool) and "expression" in _about(error):
        hint = f"write {_about(error)}"
    strayed = (
        meant.of_the_top(error, document, str(error.path[-1])) if error.path[1:] and error.found is not None else ""
    )
    hint = strayed or meant.of_another_type(error) or hint
    yield problem(
        "ENG042",
        _of_container(document, error.path) if error.found is None else document.place(*error.path),
        hint=hint,
        expected=expected,
        found=_type(error.found),
        about=_about(error),
    )


def _and(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(f"`{one}`" for one in names[:-1]), f"`{names[-1]}`")))


def _not_one_of(error: Failure, document: Document) -> Iterator[Problem]:
    known = [_shown(v) for v in (error.wanted if error.rule == "enum" else [error.wanted])]
    shown = _shown(error.found)
    yield problem("ENG043", document.place(*error.path), hint=closest(shown, known), value=shown, known=choice(known))


def _wrong_form(error: Failure, document: Document) -> Iterator[Problem]:
    place = document.place(*error.path, key=error.of_name)
    hint = ""
    if isinstance(error.found, str) and " - " in error.found:
        hint = "two items became one text: begin every `-` in the same column"
    elif isinstance(error.found, str):
        several = meant.items(error.found, error.schema) if error.path and isinstance(error.path[-1], int) else []
        if several:
            hint = f"these are several: write {', '.join(several)}"
        elif text := meant.form(error.found, error.schema):
            hint = f"write `{text}`"
    yield problem("ENG044", place, hint=hint, value=_shown(error.found), about=_about(error))


def _wrong_size(error: Failure, document: Document) -> Iterator[Problem]:
    yield problem(
        "ENG045",
        document.place(*error.path) if error.rule in _OF_A_TYPE else _of_container(document, error.path),
        limit=_SIZES[error.rule].format(
            error.wanted, **{f"{unit}s": plural(error.wanted, unit) for unit in ("item", "key", "character")}
        ),
        about=_about(error),
    )


def _union(error: Failure, document: Document) -> Iterator[Problem]:
    branches: list[Mapping[str, Any]] = error.wanted
    if all(set(branch) == {"required"} for branch in branches):
        if not isinstance(error.found, Mapping):
            return  # of another type altogether, which is a mistake of its own
        names = [name for branch in branches for name in branch["required"]]
        there = [name for name in error.found if name in names]  # in the order of the file
        place = document.place(*error.path, there[1], key=True) if there[1:] else _of_container(document, error.path)
        how, do = "exactly" if error.rule == "oneOf" else "at least", "keep" if there else "add"
        yield problem("ENG046", place, how=how, names=", ".join(names), found=", ".join(there) or "none", do=do)
        return
    by_branch: dict[int, list[Failure]] = {}
    for inner in error.inner:
        by_branch.setdefault(inner.branch, []).append(inner)
    # Of the branches that want this type of value, the one with the fewest complaints was meant.
    if isinstance(error.found, str) and any(
        _list(i) == ["array"] for b in by_branch.values() for i in b if i.rule == "type"
    ):
        constants = [_shown(b["const"]) for b in branches if "const" in b]
        if constants and not closest(error.found, constants):
            expected = " or ".join(["a list", *(f"`{one}`" for one in constants)])
            is_none = "none" in constants and error.found.lower() in meant.NOTHING
            hint = "write `none`" if is_none else f"write a list: [{error.found}]"
            place = document.place(*error.path)
            yield problem("ENG042", place, hint=hint, expected=expected, found=_type(error.found), about="")
            return
    for branch in branches if isinstance(error.found, str) else ():
        if several := meant.items(error.found, error.resolved(branch.get("items", {}))):
            hint, place = f"write a list: [{', '.join(several)}]", document.place(*error.path)
            yield problem("ENG042", place, hint=hint, expected="one name, or a list", found="text", about="")
            return
    fitting = [e for e in by_branch.values() if not any(i.rule == "type" and i.path == error.path for i in e)]
    if fitting:
        chosen = min(fitting, key=len)
        misspelt = {name for inner in chosen if inner.rule == "additionalProperties" for name in keys(inner).values()}
        if any(i.rule == "additionalProperties" and len(strange(i)) == len(i.found) for i in chosen):
            chosen = [inner for inner in chosen if inner.rule != "required"]
        for inner in chosen:
            if not misspelt.intersection(_wanted(inner)):
                yield from _tell(inner, document)
        return
    wanted = [n for branch in by_branch.values() for i in branch if i.rule == "type" for n in _list(i)]
    constants = [_shown(c) for b in branches for c in ([b["const"]] if "const" in b else b.get("enum", []))]
    expected = _names([*dict.fromkeys(wanted)]) + (f" or {', '.join(constants)}" if constants else "")
    found = _shown(error.found) if isinstance(error.found, str) else _type(error.found)
    hint = "put it in quotes" if isinstance(error.found, int | float) and "string" in wanted else ""
    if "none" in constants and error.found is False:
        hint = "write `none`"
    yield problem("ENG042", document.place(*error.path), hint=hint, expected=expected, found=found, about=_about(error))


def _list(error: Failure) -> list[str]:
    types: str | list[str] = error.wanted
    return [types] if isinstance(types, str) else types


def _other(error: Failure, document: Document) -> Iterator[Problem]:
    yield problem("ENG047", document.place(*error.path), reason=error.message[:200], about=_about(error))


_SIZES = {
    "minItems": "at least {items}",
    "maxItems": "at most {items}",
    "minProperties": "at least {keys}",
    "maxProperties": "at most {keys}",
    "minLength": "at least {characters}",
    "maxLength": "at most {characters}",
    "minimum": "a number of at least {}",
    "maximum": "a number of at most {}",
    "exclusiveMinimum": "a number above {}",
}

_Teller: TypeAlias = Callable[[Failure, Document], Iterable[Problem]]
_TELLERS: dict[str, _Teller] = {
    "additionalProperties": _unknown_keys,
    "required": _missing_key,
    "type": _wrong_type,
    "enum": _not_one_of,
    "const": _not_one_of,
    "pattern": _wrong_form,
    "oneOf": _union,
    "anyOf": _union,
    **dict.fromkeys(_SIZES, _wrong_size),
    "uniqueItems": _twice,
}

_TYPES = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}


def _names(types: str | list[str]) -> str:
    return " or ".join(_TYPES[t] for t in ([types] if isinstance(types, str) else types))


def _type(value: object) -> str:
    kinds = (bool, "boolean"), (dict, "object"), (list, "array"), (str, "string"), (int, "integer"), (float, "number")
    return _TYPES[next((name for kind, name in kinds if isinstance(value, kind)), "null")]


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"


def _about(error: Failure) -> str:
    """What the schema says the value is for: the best remedy there is."""
    return str(error.schema.get("description", "")) or "see the schema"


def _of_container(document: Document, path: _Path) -> Place:
    """For something that is missing inside: the container's name if it has one, else its beginning."""
    named = bool(path) and isinstance(path[-1], str)
    return document.place(*path, key=named)
