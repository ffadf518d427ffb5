"""Write engine/cli/error_examples.json: of each error that a table of the tests brings about, a bad and a mended line.

The tables are the tests' own, and what is said of a bad line is what the engine says of it now. A mended line is what
the table had before its mistake was made, or what the error itself proposes; it is kept only if the engine then has
nothing of that kind to say. Run by `make docs`; a test compares.
"""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from engine.core.expressions.compile import Language
from engine.core.resources import documents
from engine.core.resources import services as declared
from engine.core.resources.discover import discover
from engine.core.rules.draft import ENTRY
from engine.core.rules.lint import lint
from engine.errors import EngineError, Problem
from engine.run.catalog import catalog
from tests.core.rules.test_rules_bad import MARK, read
from tests.core.rules.test_rules_bad import cases as bad_rules
from tests.support.cases import cases
from tests.support.expressions import FACTS, condition, language, text
from tests.support.resources import contents, rules, source
from tests.support.rules import catalog as writing_catalog

_TESTS = Path(__file__).parent.parent / "tests"
FILE = Path(__file__).parent.parent / "engine" / "cli" / "error_examples.json"
_LONGEST, _MOST = 160, 5  # characters of a line, lines
_PROPOSED = re.compile(r"(?:did you mean|write) (?:`` ?(?P<two>.+?) ?``|`(?P<one>[^`…]+)`|(?P<bare>'[^']+'))\??")
_ALIKE = 0.4  # of 1: what stands there and what is proposed instead; less is only a form to follow

Judge = Callable[[str], Sequence[Problem]]  # the text of a file → what is wrong with it


class Example(NamedTuple):
    """One mistake."""

    code: str
    why: str
    file: str
    bad: str  # lines
    message: str
    hint: str
    mended: str  # lines; empty: none is known

    @property
    def is_short(self) -> bool:
        """Is it for a person to read?"""
        lines = [*self.bad.split("\n"), *self.mended.split("\n")]
        shown = all(line.isprintable() for line in (*lines, self.message, self.hint))
        return bool(self.bad) and shown and len(lines) <= 2 * _MOST and max(map(len, lines)) <= _LONGEST


def examples() -> dict[str, dict[str, str]]:
    """Code → its example, as the file has it."""
    found: dict[str, Example] = {}
    for one in (*_mistakes(), *_bad_rules(), *_expressions(), *_discovered(), *_documents()):
        if one.is_short and (one.code not in found or (one.mended and not found[one.code].mended)):
            found[one.code] = one
    return {code: {k: v for k, v in found[code]._asdict().items() if k != "code"} for code in sorted(found)}


def _mistakes() -> Iterator[Example]:
    table = yaml.safe_load((_TESTS / "core" / "rules" / "mistakes.yaml").read_bytes())
    base: dict[str, str] = table["base"]
    for row in table["mistakes"]:
        name, (old, new) = row.get("in", ENTRY), row["edit"]
        before, _, after = base[name].partition(old)
        edited = {name: t.encode() for name, t in base.items()} | {name: f"{before}{new}{after}".encode()}
        first = before.count("\n")
        for problem in lint(edited, catalog()):
            yield Example(
                problem.code,
                row["why"],
                name,
                _lines(f"{before}{new}{after}", first, new),
                problem.message,
                problem.hint,
                _lines(base[name], first, old),
            )


def _lines(whole: str, first: int, part: str) -> str:
    """The lines of `whole` that `part`, which begins in line `first`, stands in, without what indents them all."""
    lines = whole.split("\n")[first : first + part.rstrip("\n").count("\n") + 1]
    return _flush([line for line in lines if line.strip()] or lines)


def _flush(lines: Sequence[str]) -> str:
    indented = min((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), default=0)
    return "\n".join(line[indented:] for line in lines)


def _bad_rules() -> Iterator[Example]:
    for case in bad_rules():
        files, _ = read(case)
        bare = {name: MARK.sub("", data.decode("utf-8", "replace")) for name, data in files.items()}

        def judge(text: str, name: str, files: dict[str, str] = bare) -> Sequence[Problem]:
            return lint({**{n: t.encode() for n, t in files.items()}, name: text.encode()}, writing_catalog())

        why = case.removesuffix(".yaml").replace("-", " ")
        for problem in lint({name: whole.encode() for name, whole in bare.items()}, writing_catalog()):
            if problem.place and problem.place.file in bare:
                name = problem.place.file
                yield _proposed(problem, why, bare[name], lambda text, name=name, judge=judge: judge(text, name))  # type: ignore[misc]


def _expressions() -> Iterator[Example]:
    for case in cases("expressions"):
        if "error" not in case or case["error"].get("at", "load") != "load":
            continue
        facts = FACTS["properties"]["facts"]["properties"]
        known = language({n: facts.get(n, {}) for n in case["roots"]}) if "roots" in case else language()
        compiled = text if case.get("kind") == "text" else condition

        def judge(written: str, compiled: Any = compiled, known: Language = known) -> Sequence[Problem]:
            return _problems(lambda: compiled(written, known))

        for problem in judge(case["expression"]):
            yield _proposed(problem, case["why"], case["expression"], judge)._replace(file="an expression")


def _problems(what: Callable[[], object]) -> Sequence[Problem]:
    try:
        what()
    except EngineError as error:
        return error.problems
    return ()


def _discovered() -> Iterator[Example]:
    table = cases("discovery")
    module = declared.read({name: text.encode() for name, text in table["module"].items()})
    for case in table["cases"]:
        head = case.get("head", {})

        def find(files: dict[str, Any], case: dict[str, Any] = case) -> Sequence[Problem]:
            seen = contents(case.get("base", {}), files, everything=case.get("all", False))
            ways = {name: case.get(name.replace("_", "-"), ()) for name in ("allow_destroy", "allow_move")}
            return discover(seen, module, rules(), source(*case.get("owns", ())), **ways).refused

        for problem in find(head):
            name = problem.place.file if problem.place else ""
            whole = head.get(name)
            if isinstance(whole, str):
                yield _proposed(
                    problem,
                    case["why"],
                    whole,
                    lambda text, name=name, head=head, find=find: find({**head, name: text}),  # type: ignore[misc]
                )


def _documents() -> Iterator[Example]:
    for case in cases("documents/bad"):
        statements = '{"Version": "2012-10-17", "Statement": ' + case.get("statements", "") + "}"
        whole = str(case.get("document", statements)).replace("»", "")

        def judge(text: str, kind: str = case["kind"]) -> Sequence[Problem]:
            return _problems(lambda: documents.read(text.encode(), "policy.json", kind))

        for problem in judge(whole):
            yield _proposed(problem, f"{case['kind']}: {case['why']}", whole, judge)


def _proposed(problem: Problem, why: str, whole: str, judge: Judge) -> Example:
    """With the line that its way out leads to, if the engine has nothing more to say of that."""
    place = problem.place
    file, line = (place.file, place.line) if place else ("", 0)
    lines = whole.split("\n")
    bad = lines[line - 1].rstrip() if 0 < line <= len(lines) else ""
    mended = ""
    if place and bad and (found := _PROPOSED.fullmatch(problem.hint)):
        new = found["two"] or found["one"] or found["bare"]
        begin, end = place.column - 1, place.column - 1 + place.length
        alike = SequenceMatcher(None, bad[begin:end], new).ratio() >= _ALIKE
        for text in dict.fromkeys((new, f"'{new}'", f'"{new}"') if alike else ()):
            tried = f"{bad[:begin]}{text}{bad[end:]}"
            left = judge("\n".join([*lines[: line - 1], tried, *lines[line:]]))
            if not any((one.code, one.place and one.place.line) == (problem.code, line) for one in left) and (
                len(left) < len(judge(whole))
            ):
                mended = tried
                break
    return Example(problem.code, why, file, _flush([bad]), problem.message, problem.hint, _flush([mended]))


def written() -> str:
    """The file's text."""
    return json.dumps(examples(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written(), encoding="utf-8")
