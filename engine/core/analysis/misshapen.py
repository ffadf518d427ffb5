"""What does not fit the form of a fixture file, with what to write instead, in the words of who writes cases."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.core.outcome import Outcome
from engine.core.source import Document
from engine.errors import Problem

if TYPE_CHECKING:
    from engine.core.schema.failures import Mistake

_Path: TypeAlias = tuple[str | int, ...]

_OUTCOMES = frozenset(one.value for one in Outcome)
_OF_A_CASE = frozenset(("event", "pipeline", "facts", "absent", "failed", "pipelines", "gates", "actions", "says"))
_EXPECTED = ("pipelines", "gates")
_MISSING = ("absent", "failed")
_NAMES = ("name", "event", "on", "type")  # what the name of an event is called elsewhere


def misshapen(found: Sequence["Mistake"], document: Document) -> Iterator[Problem]:
    """The problems of what `found` says of a fixture file; a way out that is surer stands for the schema's."""
    for one in found:
        place = one.problem.place
        name = place.excerpt[place.column - 1 : place.column - 1 + place.length] if place else ""
        at = one.path[2:] if one.path[:1] == ("cases",) else one.path[1:] if one.path[:1] == ("given",) else one.path
        value = _value(document, one.path)
        if one.problem.code == "ENG040":
            hint = _of_key(at, name, value)
        elif one.problem.code == "ENG042":
            hint = _of_type(at, value, place.excerpt[place.column - 1 :] if place else "")
        else:
            hint = ""
        yield one.problem._replace(hint=hint or one.problem.hint)


def _value(document: Document, path: _Path) -> Any:
    value: Any = document.data
    for step in path:
        value = value[step]
    return value


def _of_key(at: _Path, name: str, holder: Mapping[str, Any]) -> str:
    """What to do with a key that is not known."""
    value = holder.get(name) if isinstance(holder, dict) else None
    if at == () and isinstance(value, dict) and value and _OF_A_CASE.issuperset(value):
        return f"write what is in it beside `why`, without `{name}:` around it"
    if at == ("event",) and name in _NAMES and "name" not in holder and isinstance(value, str):
        return "did you mean `name`?"
    if at[:1] == ("gates",) and len(at) == 2 and isinstance(value, str):
        if name in _OUTCOMES and len(holder) == 1:
            from engine.core.schema.shapes import flow

            return f"write `{flow({'outcome': name, 'because': value})}`"
        if "outcome" in holder and "because" not in holder:
            return "did you mean `because`?"
    return "write `bot: true` for a program" if at[:1] == ("people",) and name == "type" and value == "Bot" else ""


def _of_type(at: _Path, value: Any, shown: str) -> str:
    """What to write for a value of another type."""
    match at:
        case (section,) if section in _EXPECTED and (hint := _outcomes(str(section), value)):
            return hint
        case (section,) if section in _MISSING:
            names = value if isinstance(value, list) else [value]
            if all(isinstance(one, str) for one in names) and names:
                return f"say why, for each fact: `{{{', '.join(f'{one}: why' for one in names)}}}`"
        case (section, fact) if section in _MISSING and not isinstance(value, str | int | float):
            return f"say why: `{fact}: why`"
        case (section, _) if section in _EXPECTED and isinstance(value, list) and len(value) == 1:
            return f"write {value[0]}, without the brackets" if value[0] in _OUTCOMES else ""
        case ("facts",) if value is None:
            return "leave it out, or say what is special about the case: `facts: {pr.draft: true}`"
        case ("actions", int()) if isinstance(value, dict) and isinstance(value.get("id"), str):
            return f"write its id alone: `{value['id']}`"
        case ("event", "payload") if isinstance(value, str):
            return f"write `{{action: {value}}}`, if that is its type" if value.isidentifier() else ""
        case ("says",) if isinstance(value, dict):
            return "write the words alone, or a list of them"
        case ("people",) if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
            return f"give each a number: `{{{', '.join(f'{one}: {n}' for n, one in enumerate(value, 1))}}}`"
        case ("people", _) if isinstance(value, str) and value.isascii() and value.isdecimal():
            return f"write {value}, without quotes"
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and shown.startswith("["):
        return "leave the brackets out"
    return ""


def _outcomes(section: str, value: Any) -> str:
    what = section.removesuffix("s")
    if value is None:
        none = "write `{}` where none starts" if section == "pipelines" else "leave it out"
        return f"{none}, or say its outcome: `{{{what.upper()}: pass}}`"
    if isinstance(value, str) and value in _OUTCOMES:
        return f"say of which {what}: `{{{what.upper()}: {value}}}`"
    names = value if isinstance(value, list) else [value]
    if names and all(isinstance(one, str) for one in names):
        return f"say what each comes to, such as `{{{', '.join(f'{one}: pass' for one in names)}}}`"
    return ""
