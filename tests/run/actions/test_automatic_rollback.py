"""What a merge has half applied is taken back by the very run: as the comment in `specs/apply.yaml` shows it.

`ENGINE_TEST_ALL=1` has it killed at each write instead of at one.
"""

from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from engine import data
from engine.errors import EngineError, failure
from engine.run import trusted
from engine.run.kept import board, ledger
from engine.run.request import Going
from engine.sandbox.forge.serve import running
from tests.support.emulator import aws
from tests.support.few import ALL
from tests.support.git import Clone
from tests.support.hosted import REPO
from tests.support.page import APPLYING, Hooked, Page
from tests.support.states import MODULE, with_states

__all__ = ["aws"]
pytestmark = [pytest.mark.terraform, pytest.mark.slow]

FAILING = MODULE["s3.tf"].replace(
    "  input    = each.key\n",
    """  input    = each.key
  provisioner "local-exec" {
    command = try(each.value.tags.run, "true")
  }
""",
)


def shipped():
    """The actions of `specs/apply.yaml` as they are where somebody has taken its comment out; `others` are not here."""
    text = Path(data.ROOT, "specs", "apply.yaml").read_text()
    head, off, rest = text.partition("  # - {id: undo")
    example, _, rest = rest.partition("  - {id: comment")
    lines = [line.replace("  # ", "  ", 1) for line in (off + example).splitlines()]
    actions = yaml.safe_load(f"{head}{chr(10).join(lines)}\n  - {{id: comment{rest}")["actions"]
    assert [one["id"] for one in actions[3:8]] == ["apply", "back", "undo", "way", "revert"]
    return [one for one in actions if one["id"] != "others"]


@pytest.fixture(scope="module")
def page(tmp_path_factory, aws):
    folder = tmp_path_factory.mktemp("automatic")
    plain = [one for one in shipped() if one["id"] not in ("undo", "way", "revert")]
    rolling = {"undoing": (["merged"], shipped()), "applying": (["merged"], plain)}
    with running(str(folder / "forge")) as forge:
        made = Page(forge, folder, {**rolling, **APPLYING, "validate": (["open"], VALIDATE)})
        with_states(made, aws, {**MODULE, "s3.tf": FAILING}, ENGINE_DIGEST_KEY="ab" * 32)
        Clone(made.controller).commit()
        yield made


VALIDATE = [
    {"id": "plan", "uses": "terraform.plan"},
    {"id": "policy", "uses": "policy.evaluate", "with": {"resources": "${outputs.plan.resources}"}},
    {"id": "verdict", "uses": "verdict.sign", "with": {"plan": "${outputs.plan}", "policy": "${outputs.policy}"}},
]


def tfvars(**buckets: str):
    rows = "".join(f'  {name} = {{ tags = {{ run = "{run}" }} }}\n' for name, run in buckets.items())
    return f'environment = "development"\ns3_buckets = {{\n{rows}}}\n'


def merged(page, name, count, **buckets):
    """The number of a merge of these buckets."""
    number = page.hosted.pull(f"{name}-{count}", files={f"S3/{name}/{name}.tfvars": tfvars(**buckets)})
    done = page.run("validate", number)
    assert done.ran["verdict.sign"].status == "done", [one.problems for one in done.ran.values()]
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    assert page.run("merge", number)["github.merge"]
    return number


def outcomes(page, name):
    found = ledger.entries(page.store, f"S3/dev/{name}/terraform.tfstate", trusted.keys(page.settings.trusted_keys))
    return [one.outcome for one in found]


def killed(page, number, run, at):
    """Carry out the run with a store that is gone from that write on of those after the apply has failed: was it?

    Not a process of its own: what was forked of one in which Go was at work (the reader of HCL) may hang.
    """
    store, count, begun = page.store, 0, False

    def before(key):
        nonlocal count, begun
        count += begun
        begun = begun or (key.startswith("ledger/") and key.endswith("0000000002"))
        if count > at:
            raise failure("ENG190", store="it", reason="gone")

    page.store = Hooked(store, before)
    try:
        with suppress(EngineError):
            page.run("undoing", number, run, going=Going(run))
    finally:
        page.store = store
    return count > at


def test_it_is_taken_back_told_and_the_branch_is_said_to_be_ahead(page):
    first = merged(page, "lake", 1, one="true")
    done = page.run("undoing", first)
    assert done["terraform.apply"]["resources"][0]["outcome"] == "applied"
    assert (done["terraform.rollback"], done.ran["rollback.look"].status) == ({"resources": []}, "skipped")
    second = merged(page, "lake", 2, one="true", two="true", bad="false")
    done = page.run("undoing", second)
    (row,) = done["terraform.apply"]["resources"]
    assert row["outcome"] == "partial"
    (back,) = done["terraform.rollback"]["resources"]
    assert (back["outcome"], back["problem"]) == ("rolled_back", None)
    assert outcomes(page, "lake") == ["applied", "partial", "rolled_back"]
    revert = done["rollback.open"]
    assert revert["created"]
    said = page.ours(second)[-1].body
    assert "the branch is ahead of what is applied" in said
    assert f"#{revert['number']} makes the branch say so, too" in said
    # It waits for people as any other; nobody but our App has a hand in it.
    assert page.run("validate", revert["number"])["verdict.sign"]
    assert page.run("merge", revert["number"]).outcome == "pending"
    page.forge.clock.advance(2)
    page.hosted.review(revert["number"], "ann")
    assert page.run("merge", revert["number"])["github.merge"]
    (row,) = page.run("undoing", revert["number"])["terraform.apply"]["resources"]
    assert (row["outcome"], row["problem"]) == ("applied", None)


def test_a_way_back_is_told_of_what_has_failed_since_its_plan_has_shown_it(page):
    first = merged(page, "told", 1, one="true")
    assert page.run("applying", first).ran["rollback.look"].status == "skipped"
    said = page.ours(first)[-1].body
    assert "To take it back: comment `/engine rollback` here, which looks first" in said
    assert "available" not in said, "nobody has planned it"
    second = merged(page, "told", 2, one="true", two="true", bad="false")
    done = page.run("applying", second)
    assert done["terraform.apply"]["resources"][0]["outcome"] == "partial"
    (row,) = done["rollback.look"]["resources"]
    assert (row["comes"], {one["action"] for one in row["changes"]}) == ("whole", {"delete"})
    line = f"rollback available: all of it comes back whole, by {len(row['changes'])} changes"
    assert f"`S3/told`: {line}. Comment `/engine rollback` here" in page.ours(second)[-1].body
    kept = board.get(page.store, REPO, second)
    assert kept
    assert [line in one.what for one in kept.entry.waits if one.gate == "S3/told"] == [True], "the page of the engine"
    third = merged(page, "untold", 1, bad="false")
    assert page.run("applying", third)["terraform.apply"]["resources"][0]["outcome"] in ("failed", "partial")
    said = page.ours(third)[-1].body
    assert "no rollback: " in said
    assert "was the first try of it" in said


@pytest.mark.parametrize("at", range(20) if ALL else [9])
def test_killed_anywhere_it_is_gone_on_with_and_comes_to_the_same(page, at):
    """The engine comes to no further write of those after the apply; the same run goes on."""
    name = f"kill{at}"
    page.run("undoing", merged(page, name, 1, one="true"))
    number = merged(page, name, 2, one="true", two="true", bad="false")
    assert killed(page, number, f"run-{name}", at)
    done = page.run("undoing", number, f"run-{name}", going=Going(f"run-{name}", resume=True))
    (back,) = done["terraform.rollback"]["resources"]
    assert (back["outcome"], back["problem"]) == ("rolled_back", None)
    assert outcomes(page, name) == ["applied", "partial", "rolled_back"]
    assert list(page.store.list("claims/")) == []
    opened = [one for one in page.hosted.as_("ann", "GET", "/pulls?state=open").body if f"S3/{name}" in one["title"]]
    assert [one["number"] for one in opened] == [done["rollback.open"]["number"]]
