"""One expression of what was written as a list or mapping of conditions, and the opposite of one."""

import json
import re

_PATH = re.compile(r"[a-z_]\w*(?:\.\w+)+(?:\(\))?|\w+\(.*\)")
_NAME = re.compile(r"[\w-]+")
_NEGATED = re.compile(r"!\s?([\w.]+|\w+\([^()]*\)|\([^()]*\))")
_BY_ANOTHER_NAME = {"branch": "pr.base.ref", "environment": "environment()", "repo": "source.repo"}
_JOINTS = {"all": "&&", "and": "&&", "any": "||", "or": "||"}


def joined(key: str, value: object) -> str:
    """What to write for `key: […]` or `key: {pr.state: open}`; empty where it cannot be told."""
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        if not value[1:]:
            return f"write {_quoted(value[0])}, without brackets"
        if any(_NAME.fullmatch(one) for one in value):  # of something, and no condition
            return ""
        said = {"reject": ("||", "one of them rejects"), "if": ("&&", "all have to hold")}
        joint, why = said.get(key, ("&&", "both have to hold" if len(value) == 2 else "all have to hold"))
        other = "&&" if joint == "||" else "||"
        less = "all together do" if joint == "||" else "one of them is enough"
        return f"write {_quoted(_join(value, joint))} where {why}, with `{other}` where {less}"
    if isinstance(value, dict) and value:
        (name, inside), *others = value.items()
        if not others and name in _JOINTS and isinstance(inside, list) and all(isinstance(one, str) for one in inside):
            return f"write {_quoted(_join(inside, _JOINTS[name]))}" if inside else ""
        if not others and name == "not" and isinstance(inside, str):
            return f"write {_quoted(opposite(inside))}"
        if not others and isinstance(inside, str) and not (name in _BY_ANOTHER_NAME or _PATH.fullmatch(name)):
            return f"write {_quoted(inside)}, without `{name}:`"
        parts = [_equal(name, one) for name, one in value.items()]
        return f"write {_quoted(' && '.join(parts))}" if all(parts) else ""
    return ""


def opposite(text: str) -> str:
    """A condition that holds where the other does not."""
    said = _NEGATED.fullmatch(text)
    return said[1] if said else f"!({text})"


def all_of(texts: list[str]) -> str:
    """A condition that holds where each of them does."""
    return _join(texts, "&&")


def _join(texts: list[str], joint: str) -> str:
    return f" {joint} ".join(f"({text})" if "||" in text and joint == "&&" else text for text in texts)


def _equal(name: str, value: object) -> str:
    """`pr.state: open`"""
    path = _BY_ANOTHER_NAME.get(name, name if _PATH.fullmatch(name) else "")
    if isinstance(value, list) and path and value and all(isinstance(one, str) for one in value):
        names = ", ".join(f"'{one}'" for one in value)
        return f"in({path}, [{names}])"
    if not path or isinstance(value, list | dict):
        return ""
    if isinstance(value, bool):
        return path if value else f"!({path})"
    return f"{path} == '{value}'" if isinstance(value, str) else f"{path} == `{json.dumps(value)}`"


def _quoted(text: str) -> str:
    return f"`{text}`" if '"' in text else f'`"{text}"`'
