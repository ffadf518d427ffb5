"""Everything that does not fit a schema, told with places, and what was probably meant.

Runs only after a generated validator has said no, so it may be slow.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice, takewhile
from typing import Any, NamedTuple, TypeAlias

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from engine.core.schema import meant, mends, moved, said, shapes, values
from engine.core.schema.failure import Failure, Inputs, missing, strange, wanted_by
from engine.core.schema.meant import MOST_UNKNOWN, keys
from engine.core.schema.unions import union
from engine.core.source import Document
from engine.errors import MOST_PROBLEMS, Problem, problem
from engine.names import choice, closest, either, plural, together

_Path: TypeAlias = tuple[str | int, ...]


class Mistake(NamedTuple):
    """A problem, with the path of the value that does not fit."""

    path: _Path
    problem: Problem
    sound: bool = False  # is the value all right but for this: a key too many?
    of_name: bool = False  # is it the name that does not fit, so that another one was meant?


def mistakes(schema_json: str, document: Document, inputs: Inputs) -> tuple[Mistake, ...]:
    """Every mistake once, in the order of the file; never none."""
    errors, beyond = _failures(json.loads(schema_json), document, inputs)
    mistyped = {e.path for e in errors if e.rule == "type"}
    misspelt, unnamed = meant.by_another_name(errors)
    listed = {(e.path[:-1], name) for e in errors if e.rule == "type" and isinstance(e.found, str) and e.path
              if "array" in e.wanted for name in _beside_a_list(document, e.path)}  # fmt: skip
    hollow = {(*e.path[:-1], name) for e in errors for name in meant.hollow(e, document)}
    foreign = {e.path for e in errors if e.rule == "additionalProperties" and len(strange(e)) == len(e.found)}
    at_once, more = values.alike(errors, document)
    undecided = {e.path for e in errors if e.rule == "oneOf"}
    found: dict[Problem, Mistake] = {}
    replaced: set[_Path] = set()
    beside = [*beyond]
    strays: set[_Path] = set()
    for error in errors:
        unit = error.path[:2]
        if unit in strays:
            continue
        if error.rule in _OF_A_UNIT and (section := moved.of_another_section(error)):
            strays.add(unit)
            told = _in_another(unit, section, document)
            found = {one: mistake for one, mistake in found.items() if mistake.path[:2] != unit}
            found[told] = Mistake(unit, told, of_name=True)
            continue
        if (error.rule in _OF_A_TYPE and error.path in mistyped) or (error.implied and error.path in undecided):
            continue  # the same mistake, said twice
        wanted = wanted_by(error)
        if any((error.path, name) in misspelt for name in wanted) or (
            error.rule in ("oneOf", "anyOf") and error.path in unnamed
        ):
            replaced.add(error.path)  # it is there, by another name
            continue
        if error.rule == "additionalProperties" and all((error.path, n) in listed for n in strange(error)):
            continue  # they belong to the list before them
        if error.rule == "additionalProperties" and all((*error.path, n) in hollow for n in strange(error)):
            continue  # or to the name before them
        if error.path in hollow or error.path in more:
            beside.append(error.path)
            continue
        if error.rule == "required" and error.path in foreign:
            replaced.add(error.path)  # none of its keys is one of ours: that one is missing follows from it
            continue
        if len(found) >= MOST_PROBLEMS:  # whoever made more will not read more
            beside.append(error.path)
            continue
        for told in _tell(error, document):
            mistake = Mistake(error.path, told, error.rule == "additionalProperties", error.of_name)
            found.setdefault(told, mistake)
    if not found:  # jsonschema saw nothing where the generated validator did: doubt means no
        return (Mistake((), problem("ENG048", document.place())),)
    told_of = [
        Mistake(
            m.path,
            m.problem._replace(hint=at_once.get(m.path, m.problem.hint)),
            m.sound and m.path not in replaced,
            m.of_name,
        )
        for m in found.values()
    ]
    if beside and (beyond or len(found) >= MOST_PROBLEMS):
        told_of.append(Mistake((), problem("ENG038", document.place(), number=f"{len(beside):,}"), sound=True))
    told_of += [Mistake(path, told_of[0].problem) for path in beside]
    return tuple(sorted(told_of, key=lambda m: m.problem.place[:3] if m.problem.place else ("", 0, 0)))


def _failures(schema: Mapping[str, Any], document: Document, inputs: Inputs) -> tuple[list[Failure], list[_Path]]:
    """What does not fit; of what nobody will read any more, the paths alone."""
    errors = Draft202012Validator(schema).iter_errors(document.data)
    return [_read(e, (), schema, inputs) for e in islice(errors, _MOST_ASKED)], [tuple(e.path) for e in errors]


def _in_another(unit: _Path, section: str, document: Document) -> Problem:
    hint = f"it has the form of what stands in `{section}:`, so move it there"
    return problem("ENG040", document.place(*unit, key=True), hint=hint, name=str(unit[1]), known="")


_MOST_ASKED = 3 * MOST_PROBLEMS  # failures of which it is asked what was meant: one mistake makes two or three


_SPANS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_OF_A_UNIT = frozenset(("required", "oneOf", "additionalProperties"))
_OF_A_TYPE = frozenset(("const", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"))


def _read(error: ValidationError, above: _Path, root: Mapping[str, Any], inputs: Inputs) -> Failure:
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
        inner=tuple(_read(e, path, root, inputs) for e in error.context or ()),
        branch=branch if isinstance(branch, int) else 0,
        of_name=of_name,
        implied="then" in error.relative_schema_path,
        root=root,
        inputs=inputs,
    )


def _tell(error: Failure, document: Document) -> Iterable[Problem]:
    return _TELLERS.get(error.rule, _other)(error, document)


def _unknown_keys(error: Failure, document: Document) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    wanted = keys(error)
    names = strange(error)
    together, way = moved.told_of(error, wanted)
    if together:
        place = document.place(*error.path, together[0], key=True)
        yield problem("ENG040", place, hint=way, name="`, `".join(together), known=either(known))
    if section := next((name for name in names if meant.of_the_top(error, document, name)), ""):
        names = names[: names.index(section) + 1]  # what follows stands in it
    for name in names[:MOST_UNKNOWN]:
        if name in together:
            continue
        hint = meant.place_of_key(error, document, name, wanted)
        if wanted.get(name) != "reject":
            hint = moved.negated(error, name) or hint
        if name in wanted and not hint:
            hint = moved.renamed(error, name, wanted[name])
        hint = hint or meant.section_above(error, name)
        if wanted.get(name) == "from" and name in ("users", "teams"):
            hint = "did you mean `from`? It names groups, and approvers-config.yaml says who is in them"
        place = document.place(*error.path, name, key=True)
        yield problem("ENG040", place, hint=hint, name=name, known=either(known))
    if more := len(names) - MOST_UNKNOWN if len(names) > MOST_UNKNOWN else 0:
        yield problem("ENG038", document.place(*error.path), number=f"{more:,}")


def _missing_key(error: Failure, document: Document) -> Iterator[Problem]:
    name = missing(error)
    above = next((one for one in shapes.at(error.root, error.path) if "if" in one), {}) if error.implied else {}
    ways = [one["required"][0] for one in above.get("oneOf", ()) if one["required"][0] in error.found]
    if ways and ways != [name]:  # what asks for it stands beside another one than that
        key = above["if"]["required"][0]
        hint = f"leave `{key}` out: it belongs to `{name}`, and each part of `{ways[0]}` has its own"
        place, names = document.place(*error.path, key, key=True), f"{key}, {ways[0]}"
        yield problem("ENG046", place, hint=hint, how="exactly", names=names, found=names, do="keep")
        return
    wanted = error.schema.get("properties", {}).get(name, {})
    about = error.defs.get(wanted.get("$ref", "").removeprefix("#/$defs/"), wanted).get("description", "")
    yield problem("ENG041", said.of_container(document, error.path), name=name, about=f": {about}" if about else "")


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
    expected = said.names(error.wanted)
    expected_types = said.types(error)
    scalar = isinstance(error.found, bool | int | float)
    text = str(error.found)
    is_form = "pattern" not in error.schema or mends.form(text, error.schema) == text
    hint = "put it in quotes" if scalar and "string" in error.wanted and is_form else ""
    if isinstance(error.found, str) and "array" in error.wanted:
        others = _beside_a_list(document, error.path)
        listed = [one.strip("()") for one in (error.found, *others)]
        is_list = all(map(values.is_item(error), listed)) and error.found.lower() not in said.EACH
        hint = f"write a list: [{', '.join(listed)}]" if is_list else ""
    if error.found is None and "object" in expected_types:
        names = "what belongs to it" if not (inside := meant.hollow(error, document)) else together(inside)
        hint = f"nothing stands in it: indent {names} deeper than its name"
        needed = ", ".join(f"`{name}: …`" for name in error.schema.get("required", ()))
        if not inside and (needed or error.schema.get("minProperties")):
            hint = f"nothing stands in it: write {needed or said.about(error)}, below it and indented deeper"
    if error.found is None and "array" in expected_types:
        hint = f"it is empty: name at least one ({said.about(error)})"
    if isinstance(error.found, int) and error.found > 0 and error.found is not True and "10m" in said.about(error):
        spans = [f"`{error.found}{unit}` {name}" for unit, name in _SPANS.items()]
        hint = f"say the unit: {choice(spans).replace('` ', '` are ', 1)}"
    if isinstance(error.found, bool) and "expression" in said.about(error):
        hint = (values.NO_CONDITION.get(str(error.path[-1])) if error.found else None) or f"write {said.about(error)}"
    strayed = (
        meant.of_the_top(error, document, str(error.path[-1])) if error.path[1:] and error.found is not None else ""
    )
    hint = strayed or values.of_another_type(error, document) or hint
    yield problem(
        "ENG042",
        said.of_container(document, error.path) if error.found is None else document.place(*error.path),
        hint=hint,
        expected=expected,
        found=said.kind(error.found),
        about=said.about(error),
    )


def _not_one_of(error: Failure, document: Document) -> Iterator[Problem]:
    known = [said.shown(v) for v in (error.wanted if error.rule == "enum" else [error.wanted])]
    shown = said.shown(error.found)
    yield problem("ENG043", document.place(*error.path), hint=closest(shown, known), value=shown, known=choice(known))


def _wrong_form(error: Failure, document: Document) -> Iterator[Problem]:
    place = document.place(*error.path, key=error.of_name)
    hint = ""
    elsewhere = (find(error.path, error.found, error.root) for find in (shapes.swapped, shapes.sibling_list))
    if other := next(filter(None, elsewhere), ""):
        hint = other
    elif error.found in error.inputs and error.path[-1] == "id":
        hint = f"write `{error.found.partition('.')[2]}`: `id` is a name of your own"
    elif error.found in error.inputs:
        hint = f"`{error.found}` is an action: those stand under `actions:`"
    elif "gates" in error.path and error.found.startswith(("not ", "!")):
        hint = moved.NOT_A_GATE
    elif "needs" in error.path and "." in error.found:
        hint = f"write `{error.found.partition('.')[0]}`: a fact is needed as a whole"
    elif isinstance(error.found, str) and " - " in error.found:
        hint = "two items became one text: begin every `-` in the same column"
    elif isinstance(error.found, str):
        in_list = error.path and isinstance(error.path[-1], int)
        several = mends.items(error.found, error.schema, either="from" in error.path) if in_list else []
        is_listed = not (in_list or error.of_name) and ("," in error.found or ";" in error.found)
        if is_listed and (names := mends.items(error.found, error.schema)):
            hint = f"name one of them: {choice(names)}"
        elif several:
            hint = f"these are several: write {', '.join(several)}"
        elif text := mends.form(error.found, error.schema):
            hint = f"write `{text}`"
    yield problem("ENG044", place, hint=hint, value=said.shown(error.found), about=said.about(error))


def _wrong_size(error: Failure, document: Document) -> Iterator[Problem]:
    is_empty = error.rule == "minItems" and not error.found
    yield problem(
        "ENG045",
        document.place(*error.path) if error.rule in _OF_A_TYPE else said.of_container(document, error.path),
        hint=f"it is empty: name at least one ({said.about(error)})" if is_empty else "",
        limit=_SIZES[error.rule].format(
            error.wanted, **{f"{unit}s": plural(error.wanted, unit) for unit in ("item", "key", "character")}
        ),
        about=said.about(error),
    )


def _of_several(error: Failure, document: Document) -> Iterator[Problem]:
    return union(error, document, _tell)


def _other(error: Failure, document: Document) -> Iterator[Problem]:
    yield problem("ENG047", document.place(*error.path), reason=error.message[:200], about=said.about(error))


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
    "oneOf": _of_several,
    "anyOf": _of_several,
    **dict.fromkeys(_SIZES, _wrong_size),
    "uniqueItems": _twice,
}
