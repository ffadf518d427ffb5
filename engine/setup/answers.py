"""What `engine init` has to know, from flags, a file or a terminal; names are what GitHub and AWS let them be."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from engine.core import schema
from engine.core.repository import same_repository
from engine.core.source import Document, load_json, load_yaml
from engine.errors import failure
from engine.names import listing

Kind: TypeAlias = Literal["controller", "source"]
ENVIRONMENTS = ("development", "staging", "production")
FILE = ".engine/init.yaml"


class Question(NamedTuple):
    """One thing to know."""

    key: str
    asks: str
    kinds: tuple[Kind, ...]
    shape: Literal["text", "people", "accounts"] = "text"
    default: object = None
    spares: tuple[str, ...] = ()  # presets that do not ask


QUESTIONS = (
    Question("controller", "Repository of the rules (owner/name)", ("controller", "source")),
    Question("source", "Repository that changes come from (owner/name)", ("controller", "source")),
    Question("region", "AWS region", ("controller",), default="us-east-1"),
    Question("accounts", "AWS account", ("controller",), "accounts"),
    Question(
        "reviewers", "Who may approve (logins and organisation/team, with commas)", ("controller", "source"), "people"
    ),
    Question("security", "Two of whom for what is risky", ("controller",), "people"),
    Question("ciso", "Whose approval counts for two of those", ("controller",), "people", None, ("small",)),
    Question("special_approvers", "Who may override a policy", ("controller",), "people", None, ("strict",)),
)


class Answers(NamedTuple):
    """All of them, right in form."""

    kind: Kind
    preset: str
    said: Mapping[str, Any]  # as `init.schema.json` has it

    @property
    def groups(self) -> Mapping[str, Sequence[str]]:
        """The groups that the preset's rules name, and who is in them."""
        asked = [one for one in asked_of(self.kind, self.preset) if one.shape == "people"]
        return {one.key: self.said[one.key] for one in asked}

    def file(self) -> bytes:
        """`.engine/init.yaml`. JSON's texts are YAML's, whatever is in them."""
        rows = "".join(f"{key}: {json.dumps(value)}\n" for key, value in self.said.items())
        return (
            f"# What `engine init {self.kind}` was told. Change it, and run that again with --update.\n{rows}".encode()
        )


def asked_of(kind: Kind, preset: str) -> tuple[Question, ...]:
    """What has to be known for one kind of repository."""
    return tuple(one for one in QUESTIONS if kind in one.kinds and preset not in one.spares)


def read(data: bytes, file: str) -> Mapping[str, Any]:
    """The answers in a file, as far as it has them.

    Raises:
        EngineError: all that is wrong with it.
    """
    return _right(load_yaml(data, file))


def gathered(
    kind: Kind, said: Mapping[str, Any], flags: Mapping[str, Any], ask: Callable[[str, str], str] | None
) -> Answers:
    """What a file has `said`, `flags` on top of it, and the rest from whoever answers `ask` (a question, its default).

    Raises:
        EngineError: ENG930, nobody is there to ask; one is not right.
    """
    given = _right(load_json(json.dumps({"version": 1, **said, **flags}).encode(), "the options"))
    preset: str = given.get("preset", "standard")
    found: dict[str, Any] = {"version": 1, **({"preset": preset} if kind == "controller" else {})}
    lacking = [one for one in asked_of(kind, preset) if not _is_whole(one, given)]
    if lacking and ask is None and any(one.default is None for one in lacking):
        flags_of = [f"--{one.key.replace('_', '-')}" for one in lacking if one.default is None]
        raise failure(
            "ENG930", missing=listing([one.key for one in lacking if one.default is None]), flags=listing(flags_of)
        )
    for one in asked_of(kind, preset):
        found[one.key] = given[one.key] if one not in lacking else _asked(one, given, ask)
    answers = Answers(kind, preset, _right(load_json(json.dumps(found).encode(), "the answers")))
    if same_repository(answers.said["controller"], answers.said["source"]):
        raise failure("ENG932", what="the controller", reason="it is the source, whose changes its rules would judge")
    return answers


def _is_whole(question: Question, given: Mapping[str, Any]) -> bool:
    value = given.get(question.key)
    return value is not None and (question.shape != "accounts" or value.keys() == set(ENVIRONMENTS))


def _asked(question: Question, given: Mapping[str, Any], ask: Callable[[str, str], str] | None) -> object:
    default = str(question.default or "")
    if ask is None:
        return question.default
    if question.shape == "accounts":
        known = given.get(question.key, {})
        return {name: known.get(name) or ask(f"{question.asks} of {name}", "").strip() for name in ENVIRONMENTS}
    answer = ask(question.asks, default).strip() or default
    return people(answer) if question.shape == "people" else answer


def people(text: str) -> list[str]:
    """Of `@ann, acme/platform`: `ann` and `acme/platform`."""
    return list(dict.fromkeys(one.strip().removeprefix("@") for one in text.split(",") if one.strip()))


def _right(document: Document) -> Mapping[str, Any]:
    """ENG932: a repository that judges itself, or has a name that GitHub does not take."""
    schema.validate("init", document)
    found: Mapping[str, Any] = document.data
    for key in ("controller", "source"):
        name = found.get(key, "").lower()
        if name.endswith((".git", ".wiki")):
            raise failure("ENG932", document.place(key), what=f"`{found[key]}`", reason="GitHub has no such name")
    return found
