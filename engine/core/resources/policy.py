"""A policy document against AWS's grammar for its kind: every problem with its place, and one form for each rule.

AWS refuses such a document when it is applied, long after it was approved; or takes it, and drops what it does not
know. Single values become lists: policies then need one form of each rule, and plans do not change with style.
"""

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import TypeAlias

from engine.core.resources import forms, meant
from engine.core.resources.conditions import Family, family, spellings
from engine.core.resources.kinds import FORBIDDEN, NEEDED, Kind
from engine.core.resources.tfvars import Json
from engine.core.source import Document
from engine.errors import Errors
from engine.names import closest, either, nearest
from engine.unseen import is_plain

Path: TypeAlias = tuple[str | int, ...]

MAX_PROBLEMS = 30  # of one document: who has so many has one mistake thirty times

_POLICY = ("Version", "Id", "Statement")
_PAIRS = (("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource"))
_STATEMENT = ("Sid", "Effect", *(name for pair in _PAIRS for name in pair), "Condition")
_PRINCIPAL = ("AWS", "Service", "Federated", "CanonicalUser")
_FILLED = "an object with at least one Statement"
_NOW, _BEFORE = "2012-10-17", "2008-10-17"

_COMMENTS = ("comment", "comments", "description", "note", "notes", "//")
_NO_COMMENT = "remove it: a policy has no comments; `Sid` says what a statement is for"
_NO_PRINCIPAL = "remove it: the policy is about whoever it is attached to"
_NO_RESOURCE = "remove it: the resource is the role itself"


class Reader:
    """Checks and normalises one document. The caller checks `errors` after each step."""

    def __init__(self, document: Document, kind: Kind) -> None:
        self.errors = Errors()
        self._document, self._kind = document, kind
        self._sids: dict[str, Path] = {}
        self._is_old = False

    def policy(self) -> dict[str, Json]:
        """The whole document as a policy."""
        if self._is_wrapped():
            return {}
        value = self.entries((), "a policy", known=_POLICY)
        version = value.get("Version")
        allowed = (_NOW,) if self._kind.needs_version else (_NOW, _BEFORE)
        if version not in allowed and ("Version" in value or self._kind.needs_version):
            self._shape(("Version",), "Version", " or ".join(allowed))
        self._is_old = version != _NOW
        if "Id" in value:
            self._text(value["Id"], ("Id",), "Id")
        statements = value.get("Statement")
        if not statements:
            told = any(closest(name, ("Statement",)) for name in value if name not in _POLICY)
            if isinstance(self._document.data, dict) and not told:
                where = ("Statement",) if "Statement" in value else ()
                self._shape(where, "a policy", _FILLED, 'write "Statement": [{"Effect": …}]')
            return value
        if self._is_of_another_kind(statements):
            return value
        numbers: list[tuple[int, ...]] = (
            [(i,) for i in range(len(statements))] if isinstance(statements, list) else [()]
        )
        read = (self._statement(("Statement", *number)) for number in numbers)
        return value | {"Statement": list(takewhile(lambda _: len(self.errors.problems) <= MAX_PROBLEMS, read))}

    def entries(
        self, path: Path, where: str, expected: str = "a JSON object", known: tuple[str, ...] = ()
    ) -> dict[str, Json]:
        """The object at a path, its keys checked; empty where there is none."""
        value = self._at(path)
        if not isinstance(value, dict):
            self._shape(path, where, expected)
            return {}
        for name in value:
            if known and name not in known:
                shown = either(known)
                hint = _NO_COMMENT if name.strip("_").casefold() in _COMMENTS else ""
                self.refuse(
                    "ENG337", (*path, name), hint, key=True, near=known, name=name[:100], where=where, known=shown
                )
        return value

    def refuse(
        self, code: str, path: Path, hint: str = "", *, key: bool = False, near: Sequence[str] = (), **fields: object
    ) -> None:
        """Record a problem, unless there are enough. `near`: what the last step may have meant."""
        if len(self.errors.problems) < MAX_PROBLEMS:
            hint = hint or (closest(str(path[-1]), near) if near else "")
            self.errors.add(code, self._document.place(*path, key=key), hint=hint, **fields)
        elif len(self.errors.problems) == MAX_PROBLEMS:
            self.errors.add("ENG395", self._document.place(*path, key=key), number=MAX_PROBLEMS)

    def _statement(self, path: Path) -> Json:
        value = self.entries(path, "a statement", known=_STATEMENT)
        if not isinstance(self._at(path), dict):
            return value
        effect = value.get("Effect")
        if "Effect" in value and effect not in ("Allow", "Deny"):
            self._shape((*path, "Effect"), "Effect", "Allow or Deny")
        elif effect is None and not _is_nearly_there(("Effect", "Effects"), value):
            way = 'add "Effect": "Allow", or "Deny"'
            self.refuse("ENG384", path, way, name="Effect", other="", kind="a statement")
        self._pairs(value, path)
        if effect == "Allow" and "NotPrincipal" in value and self._kind.principals:
            remedy = 'AWS takes it with "Effect": "Deny" only: name who is allowed as Principal'
            self.refuse("ENG383", (*path, "NotPrincipal"), remedy, key=True, name="NotPrincipal", kind="an Allow")
        return {name: self._part(name, part, (*path, name)) for name, part in value.items() if name in _STATEMENT}

    def _pairs(self, value: dict[str, Json], path: Path) -> None:
        """Of each pair one, both or none, as the kind wants it."""
        principal = NEEDED if self._kind.principals else FORBIDDEN
        wanted = (principal, NEEDED, self._kind.resource)
        for pair, want in zip(_PAIRS, wanted, strict=True):
            there = [name for name in pair if name in value]
            if want == FORBIDDEN:
                remedy = _NO_PRINCIPAL if pair is _PAIRS[0] else _NO_RESOURCE
                for name in there:
                    self.refuse("ENG383", (*path, name), remedy, key=True, name=name, kind=self._kind.words)
            elif len(there) == 2:
                where = (*path, max(there, key=list(value).index))
                expected = f"without either {pair[0]} or {pair[1]}"
                self._shape(where, "a statement", expected, "keep one of them", key=True)
            elif want == NEEDED and not there and not _is_nearly_there(pair, value):
                self.refuse("ENG384", path, name=pair[0], other=pair[1], kind=self._kind.words)

    def _part(self, name: str, value: Json, path: Path) -> Json:
        match name:
            case "Sid":
                self._sid(value, path)
            case "Action" | "NotAction":
                return self._strings(value, path, self._action)
            case "Resource" | "NotResource":
                return self._strings(value, path, self._resource)
            case "Condition":
                return {test: self._condition(test, (*path, test)) for test in self.entries(path, "Condition")}
            case "Principal" | "NotPrincipal" if value != "*" and self._kind.principals:
                return self._principal(path)
        return value

    def _sid(self, value: Json, path: Path) -> None:
        if not self._text(value, path, "Sid"):
            return
        sid = str(value)
        if self._kind.is_iam and not (sid.isascii() and sid.isalnum()):
            mended = "".join(c for c in sid if c.isascii() and c.isalnum())
            self.refuse("ENG381", path, f"did you mean `{mended:.60}`?" if mended else "", sid=sid[:60])
        if sid in self._sids:
            self.refuse("ENG382", path, sid=sid[:60], line=self._document.place(*self._sids[sid]).line)
        self._sids.setdefault(sid, path)

    def _principal(self, path: Path) -> Json:
        expected = '"*" or an object that names somebody, such as {"AWS": …}'
        found = self.entries(path, "a principal", expected, _PRINCIPAL)
        if self._at(path) == {}:
            self._shape(path, "a principal", expected)
        for form in found:
            if form in _PRINCIPAL and form not in self._kind.principals:
                remedy = f"use one of: {either(self._kind.principals)}"
                self.refuse("ENG383", (*path, form), remedy, key=True, name=form, kind=self._kind.words)
        return {form: self._strings(who, (*path, form), self._somebody) for form, who in found.items()}

    def _somebody(self, text: str, path: Path) -> None:
        form = next(str(step) for step in reversed(path) if isinstance(step, str))
        reason = forms.principal(form, text) if form in _PRINCIPAL else ""
        if reason:
            self.refuse("ENG388", path, meant.principal(form, text), value=text[:100], reason=reason)

    def _action(self, text: str, path: Path) -> None:
        reason = forms.action(text, self._kind)
        if reason:
            self.refuse("ENG389", path, meant.action(text, self._kind), value=text[:100], reason=reason)

    def _resource(self, text: str, path: Path) -> None:
        reason = forms.resource(text, self._kind) if self._kind.resource != FORBIDDEN else ""
        if reason:
            self.refuse("ENG390", path, meant.resource(text, self._kind), value=text[:100], reason=reason)

    def _condition(self, operator: str, path: Path) -> Json:
        what = family(operator)
        if what is None and ":" in operator and not isinstance(self._at(path), dict):
            way = f'write {{"StringEquals": {{"{operator[:60]}": …}}}}, or another operator around it'
            self.refuse("ENG385", path, way, key=True, operator=operator[:60], known="")
            return self._at(path)
        if what is None:
            known = spellings(operator)
            self.refuse("ENG385", path, key=True, near=known, operator=operator[:60], known=either(known))
        found = self.entries(path, "a condition")
        folded: dict[str, str] = {}
        for key, value in found.items():
            here = (*path, key)
            reason = forms.condition_key(key)
            other = folded.setdefault(key.casefold(), key)
            if other != key:
                reason = f"AWS sees `{other:.60}` in it, which is here too"
            if self._literal(key, here, key=True) and reason:
                self.refuse("ENG386", here, meant.condition_key(key), key=True, name=key[:60], reason=reason)
            if what is not None:
                self._values(operator, what, value, here)
        return {key: value if isinstance(value, list) else [value] for key, value in found.items()}

    def _values(self, operator: str, what: Family, value: Json, path: Path) -> None:
        items = [((*path, i), item) for i, item in enumerate(value)] if isinstance(value, list) else [(path, value)]
        if not items:
            self.refuse("ENG387", path, operator=operator, takes=what.takes, found="an empty list")
        for here, item in items:
            if isinstance(item, str) and what.has_variables:
                self._literal(item, here, variables=True)
            elif not isinstance(item, bool | int | float | str):
                found = "null" if item is None else "a list" if isinstance(item, list) else "an object"
                self.refuse("ENG387", here, operator=operator, takes=what.takes, found=found)
            elif not what.fits(str(item)) and (not isinstance(item, str) or self._literal(item, here)):
                self.refuse("ENG387", here, operator=operator, takes=what.takes, found=f"`{item!s:.60}`")

    def _strings(self, value: Json, path: Path, check: Callable[[str, Path], None]) -> Json:
        items: list[Json] = value if isinstance(value, list) else [value]
        wrong = next((i for i, item in enumerate(items) if not isinstance(item, str) or not item), None)
        if not items or wrong is not None:
            here = (*path, wrong) if isinstance(value, list) and wrong is not None else path
            way = _text_way(items[wrong]) if wrong is not None else ""
            self._shape(here, str(path[-1]), "a string or a list of strings, none of them empty", way)
            return items
        for i, item in enumerate(items):
            here = (*path, i) if isinstance(value, list) else path
            if self._literal(str(item), here, variables=check == self._resource):
                check(str(item), here)
        return items

    def _text(self, value: Json, path: Path, where: str) -> bool:
        """Is it a string, not empty and as it is meant?"""
        if not isinstance(value, str):
            self._shape(path, where, "a string")
            return False
        return bool(value) and self._literal(value, path)

    def _literal(self, text: str, path: Path, *, variables: bool = False, key: bool = False) -> bool:
        """Is nothing in the text that nobody fills in? `variables`: AWS does, here, if the policy is of today."""
        if self._kind.is_latin and not is_plain(text):
            foreign = next((c for c in text if c > "\xff" or (c < " " and c not in "\t\n\r")), "")
            if foreign:
                self.refuse("ENG394", path, key=key, character=f"U+{ord(foreign):04X}", kind=self._kind.words)
                return False
        if "{" not in text:
            return True
        found = list(forms.variables(text))
        unknown = next(
            (v for v, is_variable in found if not is_variable or not variables), "%{" if "%{" in text else ""
        )
        if unknown:
            self.refuse("ENG391", path, key=key, text=unknown[:60])
        elif found and self._is_old:
            self.refuse("ENG392", path, key=key, text=found[0][0][:60], version=_NOW)
        return not unknown and not (found and self._is_old)

    def _at(self, path: Path) -> Json:
        value: Json = self._document.data
        for step in path:
            value = value[step]  # type: ignore[index]  # a path comes from the value itself
        return value

    def _is_wrapped(self) -> bool:
        """Is it less or more than a policy: a statement alone, a list of them, or what a command of AWS prints?"""
        data = self._document.data
        items = data if isinstance(data, list) else [data]
        if items and all(isinstance(item, dict) and "Statement" not in item and "Effect" in item for item in items):
            shown = " … " if isinstance(data, list) else " [ … ] "
            way = f'write {{"Version": "{_NOW}", "Statement":{shown}}} around it'
            self._shape((), "a policy", _FILLED, way)
            return True
        inner = next((name for name, item in data.items() if _holds(item)), "") if isinstance(data, dict) else ""
        if inner and "Statement" not in data:
            way = f"write the value of `{inner[:60]}` alone" + ("" if isinstance(data[inner], dict) else ", as no text")
            self.refuse("ENG337", (inner,), way, key=True, name=inner[:100], where="a policy", known=either(_POLICY))
            return True
        return False

    def _is_of_another_kind(self, statements: Json) -> bool:
        """Is it wholly what another attribute takes? Then that is told, and not each of its parts."""
        parts = [one for one in (statements if isinstance(statements, list) else [statements]) if isinstance(one, dict)]
        is_trust = parts and all("Principal" in one and "Resource" not in one and _is_of_sts(one) for one in parts)
        is_right = parts and all("Principal" not in one and "Resource" in one and not _is_of_sts(one) for one in parts)
        if self._kind.principals and self._kind.resource == FORBIDDEN and is_right:
            found = "a policy of what somebody may do"
        elif not self._kind.principals and is_trust:
            found = "a trust policy"
        else:
            return False
        self.refuse("ENG995", (), found=found, wanted=self._kind.words)
        return True

    def _shape(self, path: Path, where: str, expected: str, way: str = "", *, key: bool = False) -> None:
        holder = self._at(path[:-1]) if path else None
        value = (
            holder.get(str(path[-1])) if isinstance(holder, dict) else None
        )  # what is wrong may be that it is missing
        self.refuse("ENG338", path, way or _way(where, value, expected), key=key, where=where, expected=expected)


def _way(where: str, value: Json, expected: str) -> str:
    """How to write what has another shape."""
    if isinstance(value, list) and len(value) == 1 and "list" not in expected:
        return "remove the brackets"
    match where:
        case "Version":
            return f'write "{_NOW}"'
        case "Effect":
            return meant.effect(str(value))
        case "a principal":
            return 'write {"AWS": …} around it' if isinstance(value, str) else ""
        case "Sid" | "Id" if isinstance(value, bool | int | float):
            return f'write it in quotes: "{value}"'
        case "Action" | "NotAction" | "Resource" | "NotResource":
            return 'write a text, or a list of texts such as ["one", "other"]'
        case _:
            return f"write {expected}"


def _text_way(value: Json) -> str:
    """How to write what is no text."""
    if isinstance(value, dict) and any(key == "Ref" or key.startswith("Fn::") for key in value):
        return "write the value: nobody fills in CloudFormation's functions here"
    if isinstance(value, int) and not isinstance(value, bool):
        return f'write it in quotes: "{value}"'
    return "remove it, or write what belongs there" if value == "" else ""


def _holds(value: Json) -> bool:
    """Is it a policy, or the text of one?"""
    return "Statement" in value if isinstance(value, dict) else isinstance(value, str) and value.startswith("{")


def _is_of_sts(statement: dict[str, Json]) -> bool:
    actions = statement.get("Action")
    return all(str(one).casefold().startswith("sts:") for one in (actions if isinstance(actions, list) else [actions]))


def _is_nearly_there(pair: tuple[str, str], value: dict[str, Json]) -> bool:
    """`Principals` is refused as a key, and that is enough."""
    unknown = (name for name in value if name not in _STATEMENT)
    return any(nearest(name, _STATEMENT) in pair for name in unknown)
