"""What was merged and applied is taken back: a forge, real Terraform, a real backend, the ledger of real applies."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.keys import Keyring
from engine.cli.main import main
from engine.run import trusted
from engine.run.kept import ledger, rollbacks
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.serve import running
from tests.support.applied import put_state, state_of
from tests.support.emulator import aws
from tests.support.hosted import REPO
from tests.support.merged import Machine, Merged, given
from tests.support.page import APPLYING, Page
from tests.support.states import with_states

__all__ = ["aws"]
pytestmark = [pytest.mark.terraform, pytest.mark.slow]

ROLLING: dict[str, Any] = {
    "rollback": (["merged"], [
        {"id": "look", "uses": "rollback.look"},
        {"id": "open", "uses": "rollback.open", "with": {"look": "${outputs.look}"}},
        {"id": "reply", "uses": "github.reply", "if": "always()"},
    ]),
    "narrow": (["merged"], [{"id": "look", "uses": "rollback.look", "with": {"keys": ["S3/dev/x/terraform.tfstate"]}}]),
}  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory, aws):
    folder = tmp_path_factory.mktemp("rollback")
    with running(str(folder / "forge")) as forge:
        yield with_states(Page(forge, folder, {**ROLLING, **APPLYING}), aws, edit=asked_for)


def asked_for(rules):
    asks = "said_here() && command(event.comment.body) == 'rollback'"
    rules["events"].append({"event": "issue_comment", "when": asks, "run": "rollback"})


def tfvars(*names):
    rows = "".join(f"  {name} = {{}}\n" for name in names)
    return f'environment = "development"\ns3_buckets = {{\n{rows}}}\n'


class Life:
    """A resource, and the merges of it, each applied."""

    def __init__(self, page, aws, name):
        self.page, self.name, self.path = page, name, f"S3/{name}"
        self.key = f"S3/dev/{name}/terraform.tfstate"
        self.number, self.count = 0, 0
        self.first, self.second = 0, 0  # numbers of merges
        self.last: Any = None
        root = page.folder / name
        root.mkdir()
        self.machine = Machine(root, given(aws), module=str(Path(page.controller, "terraform")))

    def merge(self, *things, apply=True, run=""):
        """The next one, with these things; its number."""
        self.count += 1
        branch = f"{self.name}-{self.count}"
        files = {f"{self.path}/{self.name}.tfvars": tfvars(*things)}
        self.number = self.page.hosted.pull(branch, files=files)
        assert self.page.run("pass", self.number)["verdict.sign"]
        self.page.forge.clock.advance(2)
        self.page.hosted.review(self.number, "ann")
        return self.merged(self.number, things, apply=apply, run=run)

    def merged(self, number, things, *, apply=True, run=""):
        commit = self.page.run("merge", number)["github.merge"]["commit"]
        if apply:
            values = {"environment": "development", "s3_buckets": {name: {} for name in things}}
            behind = [*self.last.behind, self.last.commit] if self.last else []
            self.last = Merged(self.machine, {self.path: {}}, variables={self.path: values}, commit=commit,
                               pr=number, behind=behind)  # fmt: skip
            more = {"store": self.page.store, "trusted": self.trusted, "now": self.page.now}
            (row,) = self.last.apply(
                run or f"apply-{number}", signer=Keyring(self.page.environ).signer("audit"), **more
            ).values()
            assert row["outcome"] == "applied", row
        return number

    @property
    def trusted(self):
        return trusted.keys(self.page.settings.trusted_keys)

    @property
    def entries(self):
        return ledger.entries(self.page.store, self.key, self.trusted)

    def ask(self, number, words="", who="ann"):
        """Somebody comments; what the comment's run came to."""
        return self.page.run("rollback", self.said(number, words, who), name="issue_comment")

    def said(self, number, words="", who="ann"):
        """The event of such a comment."""
        self.page.forge.clock.advance(2)
        body = f"/engine rollback {words}".strip()
        comment = self.page.hosted.comment(number, who, body)
        return {
            "action": "created",
            "repository": {"full_name": REPO},
            "issue": {"number": number, "pull_request": {"url": "x"}},
            "comment": {"id": comment, "body": body},
        }

    def file(self, ref):
        """What stands there; None: nothing does."""
        row = self.page.forge.repository(*REPO.split("/"))
        store: Any = bare(self.page.forge, row["id"])
        tree = store.commit(store.resolve(f"refs/heads/{ref}")).tree
        found = [e for e in store.entries(tree, recursive=True) if e.path == f"{self.path}/{self.name}.tfvars"]
        return store.blob(found[0].sha).decode() if found else None


@pytest.fixture(scope="module")
def life(page, aws):
    """Two merges, both applied; the second one is regretted."""
    it = Life(page, aws, "lake")
    it.first = it.merge("one")
    it.second = it.merge("one", "two", run="run-two")
    return it


def test_a_merge_is_taken_back_by_a_pull_request_that_waits_as_any_other(page, life):
    narrow = page.run("narrow", life.second)["rollback.look"]
    assert (narrow["resources"], narrow["available"]) == ([], False), "of what is asked for alone"
    done = life.ask(life.second)
    (row,) = done["rollback.look"]["resources"]
    assert (row["path"], row["undone"]["pr"], row["good"]["pr"]) == ("S3/lake", life.second, life.first)
    assert [(one["address"], one["action"], one["comes"]) for one in row["changes"]] == [
        ('terraform_data.bucket["two"]', "delete", "whole")
    ]
    assert row["module_changed"] is False
    number = done["rollback.open"]["number"]
    pull = page.pull(number)
    assert (pull.base.ref, life.file(pull.head.ref)) == ("dev", tfvars("one"))
    assert life.file("dev") == tfvars("one", "two"), "nothing is merged by it"
    assert len(life.entries) == 2, "nothing is applied by it"
    body = page.hosted.as_("ann", "GET", f"/pulls/{number}").body
    assert "All of it comes back whole" in body["body"]
    assert body["user"]["type"] == "Bot"
    assert f"#{number}" in page.ours(life.second)[-1].body
    assert rollbacks.get(page.store, REPO, number) == {life.key: row["good"]["commit"]}
    again = life.ask(life.second)["rollback.open"]
    assert (again["number"], again["created"]) == (number, False), "there is one of it"
    # Whoever has asked for it has a hand in it.
    assert page.run("pass", number)["verdict.sign"]
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    assert page.run("merge", number).outcome != "pass"
    page.hosted.review(number, "bob")
    life.merged(number, ["one"])
    assert life.file("dev") == tfvars("one")
    assert [entry.outcome for entry in life.entries] == ["applied"] * 3
    # A way back of a way back is not guessed.
    done = page.run("rollback", inputs(number, resource=life.key))
    (row,) = done["rollback.look"]["resources"]
    assert (row["problem"]["code"], done.code("rollback.open")) == ("ENG835", "ENG836")
    assert "is a way back itself" in row["problem"]["message"]


def inputs(number, **more):
    """As the command makes it."""
    return {
        "inputs": {"source_repo": REPO, "pr_number": str(number), **more},
        "ref": "refs/heads/main",
        "workflow": "engine rollback",
        "repository": {"full_name": REPO},
    }


def test_who_may_not_ask_and_what_was_edited_or_answered_takes_nothing_back(page, life):
    """Nothing is even looked at; `comment` is told by GitHub, whatever the event claims."""
    edited = life.said(life.first)
    page.hosted.as_("ann", "PATCH", f"/issues/comments/{edited['comment']['id']}", {"body": "/engine rollback  "})
    deleted = life.said(life.first)
    page.hosted.as_("ann", "DELETE", f"/issues/comments/{deleted['comment']['id']}")
    borrowed = life.said(life.first, who="oscar")
    borrowed["comment"]["user"] = {"login": "ann", "id": page.hosted.users["ann"]["id"]}
    answered = life.said(life.first)

    def comes_to(about):
        """As the rules start it."""
        ([done], _) = page.handled(None, about, name="issue_comment")
        return done.result.outcome.value, [one.uses for one in done.ran if one.status != "skipped"]

    assert comes_to(answered)[0] == "pass"
    for why, about in (
        ("an outsider", life.said(life.first, who="oscar")),
        ("its author", life.said(life.first, who="alice")),
        ("edited", edited),
        ("deleted", deleted),
        ("somebody else's", borrowed),
        ("delivered again", answered),
    ):
        outcome, ran = comes_to(about)
        assert (outcome == "pass", ran) == (False, []), (why, outcome)


def test_what_has_no_way_back_says_so_and_opens_nothing(page, aws):
    it = Life(page, aws, "pond")
    first = it.merge("one")
    before = [one["number"] for one in page.hosted.as_("ann", "GET", "/pulls?state=open").body]
    done = it.ask(first)
    assert (done.code("rollback.open"), "ENG836" in page.ours(first)[-1].body) == ("ENG836", True)
    assert "first try" in done["rollback.look"]["resources"][0]["problem"]["message"]
    second = it.merge("one", "two")
    third = it.merge("three")
    for number, words, says in (
        (second, "", "was tried since"),
        (third, "0123456", "was never applied"),
        (third, "S3/other", "has no S3/other"),
    ):
        page.forge.clock.advance(600)
        assert it.ask(number, words).outcome == "pass"
        assert says in page.ours(number)[-1].body, page.ours(number)[-1].body
    assert [one["number"] for one in page.hosted.as_("ann", "GET", "/pulls?state=open").body] == before
    # The state is another than the one that was left: whose it is has to be found out first.
    put_state(it.last, {**json.loads(state_of(it.last)), "serial": 99})
    page.forge.clock.advance(600)
    assert it.ask(third)["rollback.look"]["resources"][0]["problem"]["code"] == "ENG731"


def test_what_was_merged_since_is_not_taken_back_unseen(page, aws):
    """It is on the branch, and nobody has tried it: the files of before would be without it, too."""
    it = Life(page, aws, "mere")
    it.merge("one")
    second = it.merge("one", "two")
    third = it.merge("one", "two", "three", apply=False)
    done = it.ask(second)
    (row,) = done["rollback.look"]["resources"]
    assert (row["problem"]["code"], f"#{third} was merged since" in row["problem"]["message"]) == ("ENG835", True), row
    assert done.code("rollback.open") == "ENG836"


def test_from_a_terminal(page, aws, monkeypatch, capsys):
    it = Life(page, aws, "moor")
    first = it.merge("one")
    it.merge("one", "two", run="run-moor")
    good = it.entries[0].said["commit"]
    for name, value in page.environ.items():
        monkeypatch.setenv(name, value)

    def engine(*words):
        code = main(["rollback", *words, "--rules", page.controller])
        out, err = capsys.readouterr()
        return code, out + err

    code, said = engine("--resource", "S3/moor", "--look")
    assert code == 0, said
    assert 'delete   terraform_data.bucket["two"]  comes back whole' in said
    assert f"back to {good[:12]} (no. {first}, applied)" in said
    assert "All of it comes back whole" in said
    open_ = page.hosted.as_("ann", "GET", "/pulls?state=open").body
    assert not [one for one in open_ if "S3/moor" in one["title"]]
    code, said = engine("--run", "run-moor", "--to", good[:10])
    assert code == 0, said
    open_ = page.hosted.as_("ann", "GET", "/pulls?state=open").body
    assert [one["title"] for one in open_ if "S3/moor" in one["title"]]
    for words, says in (
        (["--resource", "S3/nowhere"], "the ledger has nothing of it"),
        (["--run", "nobodys"], "the ledger has nothing of it"),
    ):
        code, said = engine(*words)
        assert (code, says in said) == (1, True), said


def test_the_module_has_become_another_since(page, aws):
    it = Life(page, aws, "fen")
    it.merge("one")
    second = it.merge("one", "two")
    file = Path(page.controller, "terraform", "s3.tf")
    was = file.read_text()
    file.write_text(was.replace("input    = each.key", 'input    = "${each.key}!"'))
    try:
        (row,) = it.ask(second)["rollback.look"]["resources"]
        assert row["module_changed"] is True
        assert [one["action"] for one in row["changes"]] == ["update", "delete"]
    finally:
        file.write_text(was)
