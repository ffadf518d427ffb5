from typing import Any, get_args

import pytest

from engine.core.decision.explain import Missing
from engine.core.findings import Effect, Severity
from engine.core.outcome import Outcome
from engine.core.plan.summary import Summary
from engine.core.report.comment import MARK, is_marked, render
from engine.core.report.fitting import LIMIT
from engine.core.report.model import Gate, Report, Result
from engine.errors import Place, problem
from tests.support.reports import DIGEST, JUDGED, SIGNATURE, diff, finding, gate, hostile, page, report, row

BROKEN = row("KMS/key", counts=None, problem=problem("ENG451", program="terraform", seconds=9))
REFUSED = problem("ENG001", Place("S3/x/main.tf", 3, 1), file="S3/x/main.tf", reason="not allowed")


def test_found_again_by_its_mark() -> None:
    assert render(report()).startswith(MARK + "\n")


@pytest.mark.parametrize(
    ("why", "shown", "said"),
    [
        ("all passed", report(), ["✅ Policy checks passed", "1 resource: 1 passed", "3 to create", "Nothing is left"]),
        (
            "one denied",
            report([row(), row("S3/bad")], [finding(resource="S3/bad")], result="failed"),
            ["❌ Policy checks failed", "2 resources: 1 passed, 1 failed", "1 denied", "Denied", "Mend what is denied"],
        ),
        (
            "one not planned",
            report([BROKEN], result="error"),
            ["could not be judged", "1 resource: 1 not judged", "Could not be planned", "(ENG451)", "Fix"],
        ),
        (
            "a warning",
            report(findings=[finding(Effect.WARN)]),
            ["passed, 1 warning", "Warnings", "S3-ENC-001", "it is not encrypted"],
        ),
        ("an exception", report(findings=[finding(Effect.EXCEPTION)]), ["Excused by policy", "✅"]),
        ("a refused file", report(refused=[REFUSED], result="error"), ["Refused", "S3/x/main.tf:3:1", "not allowed"]),
        ("nothing found", report([], result="error", branch=""), ["No resource was found", "no environment"]),
        ("no changes", report([row(counts=Summary())]), ["no changes"]),
        (
            "a place and a way out",
            report(findings=[finding(file="S3/a.tfvars", line=4, address='x["a"]', remediation="set `kms`")]),
            ["S3/a.tfvars:4", 'x["a"]', "Fix: set kms"],
        ),
        (
            "a statement of a document",
            report(findings=[finding(file="S3/a.json", line=7, address='x["a"]', sid="Everybody")]),
            ['x["a"], S3/a.json:7, statement Everybody'],
        ),
        ("what is signed", report(), [DIGEST, "sequence 3", "expires 2026-11-30T21:00:00Z"]),
        (
            "a local run",
            report(signature=SIGNATURE._replace(origin="local")),
            ["no run on GitHub believes its statement"],
        ),
        (
            "how much was judged",
            report(receipts=JUDGED),
            [
                "Policy: 61 rules judged 20 of 24 Terraform resources, 4 judgements: 1 denied",
                "1 plan could not be judged.",
            ],
        ),
        ("where it goes", report(), ["Commit a1b2c3d4a1b2, development → branch dev"]),
    ],
)
def test_says(why: str, shown: Report, said: list[str]) -> None:
    text = page(render(shown)).text
    for words in said:
        assert words in text, why


def test_unsigned_says_nothing_of_a_statement() -> None:
    assert "Statement" not in render(report(signature=None))


def outcome(result: Result, *gates: Gate, **changes: object) -> Report:
    told: dict[str, Any] = {
        "signature": None,
        "pipeline": "merge",
        "because": "refused by: `x`",
        "gates": gates,
        **changes,
    }
    return report([], result=result, **told)


WAITS = gate(Outcome.PENDING, name="free", missing=(Missing("the lock", ("ann", "bob")), Missing("time")))


@pytest.mark.parametrize(
    ("why", "shown", "said"),
    [
        (
            "a refusal",
            outcome("refused", gate()),
            ["❌ This change is refused", "merge: refused by: x.", "❌ reviewed: too"],
        ),
        (
            "a wait",
            outcome("pending", WAITS),
            ["⏳ This change is waiting", "Missing: the lock, from ann and bob", "time"],
        ),
        ("a doubt", outcome("error", gate(Outcome.ERROR)), ["⚠️ This change could not be judged", "⚠️ reviewed"]),
        ("no verdict", outcome("unjudged", gate(Outcome.PASS)), ["There is no verdict yet", "✅ reviewed"]),
        (
            "nothing starts",
            outcome("idle", pipeline="", because="nobody listens"),
            ["Nothing starts", "nobody listens."],
        ),
        ("a newer commit", outcome("superseded", head_sha=""), ["A newer commit is there", "No commit"]),
        ("no environment yet", outcome("refused", branch="", base_ref="dev"), ["no environment, into dev."]),
        (
            "a breakdown, whatever the gates say",
            outcome("error", because="every gate that applies has passed", broken=(REFUSED,)),
            ["could not be judged\n1 thing could not be done. Commit", "Could not be done", "not allowed"],
        ),
        (
            "the worst gate first, and those that agree in one line",
            outcome("refused", gate(Outcome.PASS, name="a"), WAITS, gate(Outcome.PASS, name="b"), gate(name="c")),
            ["❌ c: too few have approved\n⏳ free: too few have approved", "✅ a, b"],
        ),
    ],
)
def test_every_outcome_says(why: str, shown: Report, said: list[str]) -> None:
    text = page(render(shown)).text
    for words in said:
        assert words in text, f"{why}: {text}"


@pytest.mark.parametrize("result", get_args(Result))
def test_what_to_do_is_told_before_the_details(result: Result) -> None:
    """A comment is long, and a telephone is small."""
    text = page(render(outcome(result, gate()))).text
    assert 0 < text.index("How to proceed") < text.index("too few have approved")


def test_gates_are_not_told_of_beside_a_statement() -> None:
    assert "Gates" not in render(report(gates=(gate(Outcome.PASS),)))


def test_worst_findings_first() -> None:
    findings = [
        finding(severity=s, message=f"it is {s.value}") for s in (Severity.LOW, Severity.CRITICAL, Severity.HIGH)
    ]
    text = page(render(report(findings=findings, result="failed"))).text
    assert text.index("it is critical") < text.index("it is high") < text.index("it is low")


def test_a_resource_that_is_a_file_is_named_once() -> None:
    text = page(render(report(findings=[finding(resource="S3/a.tfvars", file="S3/a.tfvars")], result="failed"))).text
    assert text.count("S3/a.tfvars") == 1


def test_plans_are_closed_until_clicked() -> None:
    shown = page(render(report([row(diffs=(diff("+ a = 1"), diff("- b = 2", "x.y", "delete")))])))
    assert shown.elements.count("details") == 1
    assert [line in shown.text for line in ("+ a = 1", "- b = 2")] == [True, True]


@pytest.mark.parametrize(("why", "value"), hostile(), ids=[why for why, _ in hostile()])
def test_hostile_everywhere(why: str, value: str) -> None:
    bad = row(path=value, service=value, name=value, change=value, diffs=(diff(value, value, value),))
    broken = bad._replace(counts=None, problem=BROKEN.problem and BROKEN.problem._replace(message=value, hint=value))
    found = finding(
        rule=value, message=value, resource=value, address=value, remediation=value, file=value, line=1, sid=value
    )
    refused = REFUSED._replace(message=value, hint=value, place=Place(value, 1, 1))
    shown = page(render(report([bad, row(), broken], [found, found._replace(effect=Effect.WARN)], [refused], "error")))
    assert [len(cells) for cells in shown.cells] == [4, 4, 4, 4], why
    assert shown.elements.count("table") == 1, why
    assert shown.elements.count("details") == 1, why
    assert not {"a", "img", "script", "h1"} & set(shown.elements), why
    assert shown.elements.count("h2") == 1, why
    assert not shown.unclosed, why


@pytest.mark.parametrize(("why", "value"), hostile(), ids=[why for why, _ in hostile()])
def test_hostile_gates(why: str, value: str) -> None:
    waits = gate(Outcome.PENDING, name=value, because=value, missing=(Missing(value, (value, value)),))
    broken = REFUSED._replace(message=value, hint=value, place=Place(value, 1, 1))
    told = outcome("error", waits, gate(Outcome.PASS, name=value), pipeline=value, because=value, broken=(broken,))
    shown = page(render(told))
    assert set(shown.elements) <= {"h2", "h3", "p", "ul", "li", "code", "strong", "em", "br"}, why
    assert (shown.elements.count("h2"), shown.elements.count("li")) == (1, 3), why
    assert not shown.unclosed, why


def size(text: str) -> int:
    return len(text.encode())


@pytest.mark.parametrize(
    ("why", "shown", "kept", "gone"),
    [
        (
            "the longest plan goes first",
            report([row("S3/big", diffs=(diff("x" * 70_000),)), row("S3/small", diffs=(diff("small"),))]),
            ["small", "1 plan is too long for a comment"],
            ["xxx"],
        ),
        (
            "a thousand resources: those that failed stay",
            report(
                [row(f"S3/number-{n:04}-{'x' * 60}") for n in range(1000)] + [row("S3/bad")],
                [finding(resource="S3/bad")],
                result="failed",
            ),
            ["1001 resources: 1000 passed, 1 failed", "S3/bad", "more resources", "it is not encrypted"],
            ["number-0999"],
        ),
        (
            "a thousand findings: the worst stay, and so does the table",
            report(
                findings=[
                    *(finding(severity=Severity.LOW, message=f"low {n} " + "x" * 300) for n in range(1000)),
                    finding(severity=Severity.CRITICAL, message="the worst of all"),
                ],
                result="failed",
            ),
            ["the worst of all", "more findings", "S3/data-lake", "How to proceed"],
            ["low 999 "],
        ),
        (
            "five hundred gates that wait for a thousand people",
            outcome("pending", *[WAITS._replace(missing=(Missing("x" * 400, ("somebody",) * 1000),))] * 500),
            ["more gates", "How to proceed"],
            [],
        ),
        (
            "everything at once",
            report(
                [row(f"S3/{n}", diffs=(diff("😀" * 3000),)) for n in range(500)],
                [finding(e, message="y" * 400, resource=f"S3/{n}") for n in range(500) for e in Effect],
                [REFUSED] * 500,
                "error",
                broken=(REFUSED,) * 500,
            ),
            ["more problems", "more resources", "more findings", "more refusals", "plans are too long", DIGEST],
            [],
        ),
    ],
)
def test_fits(why: str, shown: Report, kept: list[str], gone: list[str]) -> None:
    markdown = render(shown)
    assert size(markdown) <= LIMIT, why
    read = page(markdown)
    assert not read.unclosed, why
    for words in kept:
        assert words in read.text, f"{why}: {words}"
    for words in gone:
        assert words not in read.text, f"{why}: {words}"


def test_a_thousand_resources_are_shown_in_full_where_they_fit() -> None:
    assert "more resources" not in render(report([row(f"S3/{n}") for n in range(300)]))


@pytest.mark.parametrize(
    ("why", "end", "is_it"),
    [
        ("its end", "\n<!-- interlock -->\n", True),
        ("as browsers end lines", "\r\n<!-- interlock -->\r\n\r\n", True),
        ("the signed head after it", "\n<!-- interlock -->\n<!-- interlock aGVhZA== -->\n", True),
        ("quoted", "\n> <!-- interlock -->\n", False),
        ("within a line", " <!-- interlock -->", False),
        ("an answer", "\n<!-- interlock answer 7 0a -->\n", False),
        ("said before something else", "\n<!-- interlock -->\nand more", False),
    ],
)
def test_ours_are_known_by_their_end(why, end, is_it):
    assert is_marked(f"Passed{end}") is is_it, why


ORDERED = (row("S3/lake", after=("KMS/key",)), row("KMS/key"))


def test_what_comes_after_what_is_drawn() -> None:
    shown = render(report(ORDERED))
    drawn = """```mermaid
flowchart LR
  r1["S3/lake"]
  r2["KMS/key"]
  r2 --> r1
```"""
    assert drawn in shown
    assert shown.index("<details><summary>In which order they are applied") < shown.index(drawn)


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        ("nothing waits", render(report((row("S3/lake"), row("KMS/key"))))),
        ("too many for a picture", render(report((*ORDERED, *(row(f"S3/b{n}") for n in range(23)))))),
        ("no room is left", render(report(ORDERED), 2_150)),
    ],
)
def test_and_nothing_where_it_would_be_of_no_use(why: str, shown: str) -> None:
    assert "mermaid" not in shown, why
    assert "KMS/key" in shown, why
