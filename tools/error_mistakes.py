"""Mistakes in files that people write, as the tables of the tests make them, and what the engine says of each.

A mended line is what the table had before its mistake was made, or what the error itself proposes; it is kept only if
the engine then has nothing of that kind to say.
"""

import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from engine.adapters import settings
from engine.core import exceptions
from engine.core.analysis import fixtures
from engine.core.events.body import read_body
from engine.core.events.envelope import read_event
from engine.core.resources import documents
from engine.core.resources import services as declared
from engine.core.resources.discover import discover
from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import lint
from engine.core.source import load_json, load_yaml
from engine.core.verdict.trust import load_trusted_keys
from engine.errors import EngineError, Place, Problem
from engine.run.catalog import catalog
from engine.service.access import Tokens
from tests.adapters import test_settings
from tests.adapters.policy import test_traps
from tests.core import test_exceptions, test_source
from tests.core.analysis import test_fixture_mistakes, test_fixtures, test_settled
from tests.core.events import test_body, test_dispatch, test_envelope
from tests.core.resources import test_doubts, test_naming, test_order, test_services
from tests.core.rules.test_rules_bad import MARK, read
from tests.core.rules.test_rules_bad import cases as bad_rules
from tests.core.verdict import test_trust
from tests.service import test_access
from tests.support import events, order, policy
from tests.support.cases import cases
from tests.support.expressions import FACTS, condition, language, text
from tests.support.resources import contents, rules, source
from tests.support.rules import catalog as writing_catalog

_TESTS = Path(__file__).parent.parent / "tests"
_MOST, _LONGEST = 5, 160  # lines; characters of a line
_PROPOSED = re.compile(r"(?:did you mean|write) (?:`` ?(?P<two>.+?) ?``|`(?P<one>[^`…]+)`|(?P<bare>'[^']+'))\??")
_ALIKE = 0.4  # of 1: what stands there and what is proposed instead; less is only a form to follow

Files = Mapping[str, Any]  # name → text; what is no text is a link, a submodule, an executable
Judge = Callable[[Files], Sequence[Problem]]  # what is wrong with them


class Example(NamedTuple):
    """One mistake."""

    code: str
    why: str
    file: str
    bad: str  # lines
    message: str
    hint: str
    mended: str  # lines; empty: none is known
    beside: int = 0  # how much else is wrong there

    @property
    def is_short(self) -> bool:
        """Is it for a person to read?"""
        lines = [*self.bad.split("\n"), *self.mended.split("\n")]
        shown = all(line.isprintable() for line in (*lines, self.message, self.hint))
        return bool(self.bad) and shown and len(lines) <= 2 * _MOST and max(map(len, lines)) <= _LONGEST


class Case(NamedTuple):
    """Files with a mistake in them."""

    why: str
    files: Files
    judge: Judge
    file: str = ""  # what it is called here; empty: as the problem says
    of_paths: bool = False  # a problem without a line is one of the path


def mistakes() -> Iterator[Example]:
    """All of all tables."""
    yield from _of_rules()
    yield from _of_fixtures()
    for table in (_bad_rules, _texts, _expressions, _discovered, _orders, _modules, _documents):
        yield from (one for case in table() for one in _told(case))
    for table in (_events, _fixtures, _keys, _settings, _exceptions, _tokens, _policies):
        yield from (one for case in table() for one in _told(case))


def _edits(table: Mapping[str, Any], entry: str, judge: Judge) -> Iterator[Example]:
    """What single edits of a table's `base` bring about, with the lines as they were."""
    base: dict[str, str] = table["base"]
    for row in table["mistakes"]:
        name, (old, new) = row.get("in", entry), row["edit"]
        before, _, after = base[name].partition(old)
        first = before.count("\n")
        for problem in judge({**base, name: f"{before}{new}{after}"}):
            bad, mended = _lines(f"{before}{new}{after}", first, new), _lines(base[name], first, old)
            yield Example(problem.code, row["why"], name, bad, problem.message, problem.hint, mended)


def _of_rules() -> Iterator[Example]:
    table = yaml.safe_load((_TESTS / "core" / "rules" / "mistakes.yaml").read_bytes())
    return _edits(table, ENTRY, lambda files: lint({name: t.encode() for name, t in files.items()}, catalog()))


def _of_fixtures() -> Iterator[Example]:
    return _edits(test_fixture_mistakes.TABLE, test_fixture_mistakes.CASES, _raised(test_fixture_mistakes.loaded))


def _lines(whole: str, first: int, part: str) -> str:
    """The lines of `whole` that `part`, which begins in line `first`, stands in, without what indents them all."""
    lines = whole.split("\n")[first : first + part.rstrip("\n").count("\n") + 1]
    return _flush([line for line in lines if line.strip()] or lines)


def _flush(lines: Sequence[str]) -> str:
    indented = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[indented:] for line in lines)


def _bad_rules() -> Iterator[Case]:
    def judge(files: Files) -> Sequence[Problem]:
        return lint({name: whole.encode() for name, whole in files.items()}, writing_catalog())

    for name in bad_rules():
        found, _ = read(name)
        lines = {file: data.decode("utf-8", "replace").split("\n") for file, data in found.items()}
        bare = {file: "\n".join(MARK.sub("", line).rstrip(" ") for line in of) for file, of in lines.items()}
        yield Case(name.removesuffix(".yaml").replace("-", " "), bare, judge)


def _texts() -> Iterator[Case]:
    for test, name, load in (
        (test_source.test_refusals, "file.yaml", load_yaml),
        (test_source.test_json_refusals, "file.json", load_json),
    ):
        for why, whole, _ in _rows(test):
            shown = whole.decode("utf-8", "replace") if isinstance(whole, bytes) else whole
            data = whole if isinstance(whole, bytes) else whole.encode("utf-8", "surrogatepass")
            yield Case(why, {name: shown}, _raised(_reading(load, data, name)))


def _expressions() -> Iterator[Case]:
    for case in cases("expressions"):
        if "error" not in case:
            continue
        facts = FACTS["properties"]["facts"]["properties"]
        known = language({n: facts.get(n, {}) for n in case["roots"]}) if "roots" in case else language()
        compiled: Any = text if case.get("kind") == "text" else condition

        def ended(files: Files, case: Any = case, known: Any = known, compiled: Any = compiled) -> object:
            found = compiled(files["rules.yaml"], known)
            return found.evaluate(case.get("scope", {})) if case["error"].get("at", "load") != "load" else found

        yield Case(case["why"], {"rules.yaml": case["expression"]}, _raised(ended), "an expression")


def _discovered() -> Iterator[Case]:
    table = cases("discovery")
    module = declared.read({name: text.encode() for name, text in table["module"].items()})
    for case in table["cases"]:

        def judge(files: Files, case: Any = case) -> Sequence[Problem]:
            seen = contents(case.get("base", {}), files, everything=case.get("all", False))
            ways = {name: case.get(name.replace("_", "-"), ()) for name in ("allow_destroy", "allow_move")}
            return discover(seen, module, rules(), source(*case.get("owns", ())), **ways).refused

        yield Case(case["why"], case.get("head", {}), judge, of_paths=True)


def _orders() -> Iterator[Case]:
    def judge(files: Files, base: Files | None = None) -> Sequence[Problem]:
        found = order.ordered(files, base)
        return [*found.refused, *(problem for one in found.resources for problem in one.warned)]

    for why, parts, *_ in _rows(test_doubts.test_a_name_of_nothing_is_warned_of_with_what_helps):
        yield Case(why, order.together(*parts), judge)
    for why, parts, *_ in _rows(test_doubts.test_what_cannot_be_waited_for_is_refused):
        yield Case(why, order.together(*parts), judge)
    for why, base, head, *_ in _rows(test_order.test_a_circle_shows_itself):
        yield Case(why, head, lambda files, base=base: judge(files, base))  # type: ignore[misc]


def _modules() -> Iterator[Case]:
    def loaded(files: Files) -> object:
        return declared.read({name.removeprefix("terraform/"): text.encode() for name, text in files.items()})

    for why, line in _rows(test_services.test_a_document_of_no_known_kind_is_refused):
        whole = f'variable "x" {{\n  type = map(object({{\n{line}\n}}))\n}}'
        yield Case(why, {"terraform/x.tf": whole}, _raised(loaded))
    for why, defines, names, _ in _rows(test_naming.test_a_form_that_is_none_has_its_place):
        yield Case(why, {"terraform/dynamodb.tf": test_naming.module(defines, names)}, _raised(loaded))


def _documents() -> Iterator[Case]:
    for case in cases("documents/bad"):
        statements = '{"Version": "2012-10-17", "Statement": ' + case.get("statements", "") + "}"
        whole = str(case.get("document", statements)).replace("»", "")

        def read_it(files: Files, kind: str = case["kind"]) -> object:
            return documents.read(files["policy.json"].encode(), "policy.json", kind)

        yield Case(f"{case['kind']}: {case['why']}", {"policy.json": whole}, _raised(read_it))


def _events() -> Iterator[Case]:
    def named(name: str | None) -> Judge:
        return _raised(lambda files: read_event(files["event.json"].encode(), name))

    for why, data, *_ in _rows(test_body.test_refused):
        if len(data) <= _LONGEST:
            shown = data.decode("utf-8", "replace")
            yield Case(why, {"event.json": shown}, _raised(_reading(read_body, data, "event.json")))
    for why, payload, name, *_ in _rows(test_envelope.test_refused):
        yield Case(why, {"event.json": json.dumps(payload, indent=2)}, named(name))
    for why, payload, *_ in _rows(test_dispatch.test_breaks_the_contract):
        yield Case(why, {"event.json": json.dumps(events.dispatch(payload), indent=2)}, named(None))


def _fixtures() -> Iterator[Case]:
    def of(known: Any) -> Judge:
        return _raised(lambda files: fixtures.load("tests/x.yaml", known, lambda name: files[name].encode()))

    for why, listed, _ in _rows(test_fixtures.test_a_bad_file_is_refused_whole):
        yield Case(why, test_fixtures.files(listed), of(test_fixtures.RULES))
    for why, given, shared, _ in _rows(test_fixtures.test_what_is_given_has_to_be_whole):
        files = test_fixtures.files("- {why: x, gates: {ready: pending}}", given, **shared)
        yield Case(why, files, of(test_fixtures.RULES))
    for why, section, name, value, *_ in _rows(test_settled.test_what_is_not_so_is_told_at_its_own_line):
        whole = f"version: 1\nsettled:\n  {section}:\n    {name}: {value}\n"
        yield Case(why, {"tests/x.yaml": whole}, of(test_settled.RULES))
    for fact, _ in _rows(test_settled.test_a_case_on_a_name_that_the_rules_do_not_know):
        whole = f"version: 1\ncases:\n  - {{why: x, event: {{name: push}}, facts: {{{fact}}}, pipelines: {{}}}}\n"
        yield Case("a name that the rules do not know", {"tests/x.yaml": whole}, of(test_settled.RULES))


def _keys() -> Iterator[Case]:
    for why, data, _ in _rows(test_trust.test_refused):
        judge = _raised(lambda files: load_trusted_keys(files["trusted-keys.yaml"].encode(), "trusted-keys.yaml"))
        yield Case(why, {"trusted-keys.yaml": data.decode()}, judge)


def _settings() -> Iterator[Case]:
    for why, environ, _ in _rows(test_settings.test_refused):
        shown = "\n".join(f"{name}={value}" for name, value in environ.items())

        yield Case(why, {"the environment": shown}, _raised(_reading(settings.read, {**environ, "HOME": "/home/ann"})))


def _exceptions() -> Iterator[Case]:
    for why, listed, _ in _rows(test_exceptions.test_exceptions_that_are_refused):
        rows = ",\n".join(map(json.dumps, listed)) if isinstance(listed, list) else json.dumps(listed)
        given = (listed, "policies/data.json", test_exceptions.RULES)
        yield Case(why, {"policies/data.json": rows}, _raised(_reading(exceptions.read, *given)))


def _tokens() -> Iterator[Case]:
    def read_it(files: Files) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "tokens")
            with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as out:
                out.write(files["tokens"])
            try:
                Tokens(file)
            except EngineError as error:
                told = (one._replace(message=one.message.replace(file, "tokens")) for one in error.problems)
                raise EngineError(*told) from None

    for why, line in test_access.LINES:
        yield Case(why, {"tokens": line}, _raised(read_it))


def _policies() -> Iterator[Case]:
    seen = set[str]()  # each starts a process
    for case in test_traps.CASES:
        code = case.get("refused", {}).get("code", "")
        if not code or code in seen or case.get("files"):
            continue
        seen.add(code)

        def judged(files: Files, case: Any = case) -> object:
            return policy.judge(policy.policies(files["policies/m0.rego"], data=case.get("data", {})), test_traps.PLAN)

        yield Case(case["why"], {"policies/m0.rego": policy.rego(case["rego"])}, _raised(judged))


def _rows(test: Any) -> list[Any]:
    """Of the table that a test is tried on; of several the one nearest to it."""
    table = next(mark for mark in test.pytestmark if mark.name == "parametrize")
    return [getattr(row, "values", row) for row in table.args[1]]


def _reading(read_it: Callable[..., object], *given: object) -> Callable[[Files], object]:
    """Of what is given, whatever is shown."""
    return lambda _: read_it(*given)


def _raised(what: Callable[[Files], object]) -> Judge:
    def judge(files: Files) -> Sequence[Problem]:
        try:
            what(files)
        except EngineError as error:
            return error.problems
        return ()

    return judge


def _told(case: Case) -> Iterator[Example]:
    problems = case.judge(case.files)
    for problem in problems:
        place = problem.place or Place("")
        if not case.of_paths and place.file not in case.files:
            place = place._replace(file=next(iter(case.files)))
        whole = case.files.get(place.file)
        if place.line and isinstance(whole, str):
            found = _proposed(case, problem, place, whole)
        else:
            of_path = case.of_paths and place.file in problem.message
            bad = place.file if of_path else _about(str(whole or ""), problem.message)
            bad = _flush(bad.split("\n"))
            found = Example(problem.code, case.why, place.file, bad, problem.message, problem.hint, "")
        yield found._replace(
            file=case.file or found.file, bad=_seen(found.bad), mended=_seen(found.mended), beside=len(problems) - 1
        )


def _seen(lines: str) -> str:
    """With a sign for each tab and blank that looks like another one."""
    return lines.replace("\t", "⇥").replace("\u00a0", "⍽")


def _about(whole: str, message: str) -> str:
    """The line of a text that a message without a place speaks of; all of it, if it is short."""
    lines = whole.rstrip("\n").split("\n")
    keys = [f'"{key}"' for path in re.findall(r"`\"?([\w.]+)\"?`", message) for key in path.split(".")[-1:]]
    spoken = [line for line in lines if any(key in line for key in keys)]
    return "\n".join(lines if len(lines) <= _MOST else spoken[:1])


def _proposed(case: Case, problem: Problem, place: Place, whole: str) -> Example:
    """With the line that its way out leads to, if the engine has nothing more to say of that."""
    lines = whole.split("\n")
    bad = lines[place.line - 1].rstrip() if place.line <= len(lines) else ""
    mended = ""
    if bad and (found := _PROPOSED.fullmatch(problem.hint)):
        new = found["two"] or found["one"] or found["bare"]
        begin, end = place.column - 1, place.column - 1 + place.length
        is_part = 2 * len(new) <= end - begin  # of what stands there, and not all of it
        alike = not is_part and SequenceMatcher(None, bad[begin:end], new).ratio() >= _ALIKE
        for text in dict.fromkeys((new, f"'{new}'", f'"{new}"') if alike else ()):
            tried = f"{bad[:begin]}{text}{bad[end:]}"
            other = "\n".join([*lines[: place.line - 1], tried, *lines[place.line :]])
            left = case.judge({**case.files, place.file: other})
            still = ((one.code, one.place and one.place.line) == (problem.code, place.line) for one in left)
            if not any(still) and len(left) < len(case.judge(case.files)):
                mended = tried
                break
    return Example(problem.code, case.why, place.file, _flush([bad]), problem.message, problem.hint, _flush([mended]))
