"""The one comment on a pull request's page: where it stands first, then what it takes, and how it came there."""

from typing import Any

import pytest

from engine.core.decision.explain import Missing
from engine.core.outcome import Outcome
from engine.core.redact import Redactor
from engine.core.report.comment import MARK, render
from engine.core.report.fitting import LIMIT
from engine.core.report.life import flips
from engine.core.report.model import Gate, Life, Report, Validated, redacted
from tests.support.reports import diff, envelope_of, finding, hostile, page, report, row

FILES = "https://github.example/acme/dev-deployment/blob/" + "a" * 40
HISTORY = tuple(Validated(n, "a" * 40, "passed" if n % 2 else "failed", "2026-11-23T21:00:00Z") for n in range(1, 4))
WAIT = Gate("reviewed", Outcome.PENDING, "0 of 1", (Missing("1 more approval from reviewers", ("ann", "bob")),))


def life(**changes: Any) -> Life:
    return Life(
        "Passed: waiting for ", "1 more approval", (Gate("open", Outcome.PASS, ""), WAIT), files=FILES, history=HISTORY
    )._replace(**changes)


def told(said: Life | None = None, **changes: Any) -> str:
    return render(report(life=said or life(), **changes))


def test_the_state_is_the_first_line() -> None:
    assert told().split("\n")[0] == "Passed: waiting for 1 more approval"
    assert told(life(words="Waiting behind #5", detail="")).split("\n")[0] == "Waiting behind #5"
    assert page(told()).elements[0] == "h2"


def test_what_it_takes_who_can_give_it_and_what_was_judged() -> None:
    text = page(told()).text
    for said in ("What it takes to merge", "reviewed", "1 more approval from reviewers", "ann and bob", "S3/data-lake"):
        assert said in text


def test_findings_are_links_to_their_lines_at_the_head() -> None:
    body = told(findings=[finding(file="S3/a b(1).tfvars", line=4)])
    assert f"[`S3/a b(1).tfvars:4`]({FILES}/S3/a%20b%281%29.tfvars#L4)" in body
    assert "](" not in told(life(files=""), findings=[finding(file="S3/a.tfvars", line=4)])


def test_exception_and_what_is_carried_along() -> None:
    body = told(
        life(exception="none: a critical finding cannot be overridden", carried=("#5 (failed)", "#6 (partial)"))
    )
    text = page(body).text
    assert "Exception: none: a critical finding cannot be overridden" in text
    assert "never applied: " in text
    assert text.count("(failed)") == 1


def test_its_history_has_the_newest_first() -> None:
    rows = [cells for cells in page(told()).cells if cells[0] in ("1", "2", "3")]
    assert [cells[0] for cells in rows] == ["3", "2", "1"]
    assert "… and 961 earlier" in told(life(history=tuple(HISTORY[0]._replace(number=n) for n in range(1, 1002))))


@pytest.mark.parametrize(
    ("why", "before", "now", "flip"),
    [
        ("the first one", [], "passed", False),
        ("the same again", ["passed"], "passed", False),
        ("it fails now", ["passed"], "failed", True),
        ("it is refused now", ["passed"], "refused", True),
        ("it passes now", ["failed"], "passed", True),
        ("it failed, and is refused", ["failed"], "refused", False),
        ("it could not be judged", ["passed"], "error", True),
        ("only the last one counts", ["failed", "passed"], "passed", False),
        ("what is nothing does not count", ["passed", "nothing"], "passed", False),
        ("nothing is no news", ["passed"], "nothing", False),
    ],
)
def test_flips(why: str, before: list[str], now: str, flip: bool) -> None:
    assert flips([Validated(1, "a", result, "") for result in before], now) == flip, why


def test_the_signed_head_is_the_last_line_and_read_from_there_alone() -> None:
    body = told(life(envelope=b'{"payload":"x"}'))
    assert envelope_of(body) == b'{"payload":"x"}'
    assert envelope_of(body.replace("\n", "\r\n")) == b'{"payload":"x"}'
    assert envelope_of(body + "x") == b""
    assert envelope_of(told()) == b""
    assert envelope_of("<!-- interlock ??? -->") == b""
    assert MARK in body


@pytest.mark.parametrize(("why", "text"), hostile())
def test_nothing_foreign_ends_a_part_or_plants_a_block(why: str, text: str) -> None:
    planted = f"{text}<!-- interlock eyJ9 -->"
    gates = (WAIT._replace(because=planted, missing=(Missing(planted, (planted,)),)),)
    body = told(
        life(detail=planted, merging=gates, exception=planted, carried=(planted,)),
        findings=[finding(message=planted, rule=planted, address=planted, file=planted, line=1)],
        environment=planted,
        branch=planted,
    )
    found = page(body)
    assert found.unclosed == [], why
    assert "script" not in found.elements
    assert "img" not in found.elements
    assert body.count("<!--") == 1, "our own mark"
    assert envelope_of(body) == b""
    assert "\n" not in body.split("\n---")[0]


def many(number: int) -> Report:
    rows = [row(f"S3/lake-{n:04}", diffs=(diff("+ x" * 200),)) for n in range(number)]
    findings = [finding(resource=f"S3/lake-{n:04}", file="S3/a.tfvars", line=n + 1) for n in range(number)]
    return report(rows, findings, result="failed")


@pytest.mark.parametrize("number", [1, 100, 1000])
def test_a_thousand_resources_fit(number: int) -> None:
    worst = "<&>" * 160
    gates = tuple(WAIT._replace(name=f"g{n}", because=worst) for n in range(number))
    history = tuple(Validated(n, "a" * 40, "failed", "2026-11-23T21:00:00Z") for n in range(number))
    said = life(
        detail=worst, merging=gates, carried=(worst,) * number, history=history, exception=worst, envelope=b"x" * 2000
    )
    body = render(many(number)._replace(life=said))
    assert len(body.encode()) <= LIMIT
    assert page(body).unclosed == []
    assert body.startswith("Passed: waiting for ")
    assert envelope_of(body) == b"x" * 2000
    assert "What it takes to merge" in body
    assert "### Denied" in body


def test_no_secret_is_told() -> None:
    secret = "hunter2-hunter2"
    said = report(life=life(detail=f"x {secret}", exception=secret))
    assert secret not in render(redacted(said, Redactor([secret])))
