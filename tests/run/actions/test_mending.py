"""States that two people adopt and restore by their comments: a forge, real Terraform, a real backend."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.keys import Keyring
from engine.cli.main import main
from engine.core.decision.commands import FACTS
from engine.run import trusted
from engine.run.actions.mending import ACTIONS
from engine.run.kept import backups, ledger
from engine.sandbox.emulator import ACCOUNT
from engine.sandbox.forge.serve import running
from tests.support.applied import state, state_of
from tests.support.emulator import aws
from tests.support.hosted import REPO
from tests.support.merged import Machine, Merged, given
from tests.support.states import mending

__all__ = ["aws"]


@pytest.fixture(scope="module")
def page(tmp_path_factory, aws):
    folder = tmp_path_factory.mktemp("mending")
    with running(str(folder / "forge")) as forge:
        yield mending(forge, folder, aws)


class Made:
    """A pull request that the admin has merged, of a resource whose state somebody else has made."""

    def __init__(self, page, aws, branch, *things):
        self.page, self.key = page, f"S3/dev/{branch}/terraform.tfstate"
        self.number = page.hosted.pull(branch)
        done = page.hosted.as_("olga", "PUT", f"/pulls/{self.number}/merge", {"merge_method": "squash"})
        assert done.status == 200, done
        root = page.folder / branch
        root.mkdir()
        machine = Machine(root, given(aws), module=str(Path(page.controller, "terraform")))
        values: dict[str, Any] = {"s3_buckets": {name: {} for name in things}}
        self.merged = Merged(machine, {f"S3/{branch}": {}}, variables={f"S3/{branch}": values})
        (row,) = self.merged.apply().values()
        assert row["outcome"] == "applied", row

    def ask(self, word, *more):
        """Two people; what the second comment's run came to."""
        body = " ".join([f"/engine {word}", self.key, *more])
        for who in ("carol", "dave"):
            self.page.forge.clock.advance(2)
            comment = self.page.hosted.comment(self.number, who, body)
        about = {
            "action": "created",
            "repository": {"full_name": REPO},
            "issue": {"number": self.number, "pull_request": {"url": "x"}},
            "comment": {"id": comment, "body": body},
        }
        return self.page.run(word, about, name="issue_comment")

    @property
    def outcomes(self):
        found = ledger.entries(self.page.store, self.key, trusted.keys(self.page.settings.trusted_keys))
        return [entry.outcome for entry in found]

    @property
    def answer(self):
        return self.page.ours(self.number)[-1].body


@pytest.mark.terraform
def test_a_state_is_adopted_and_an_earlier_one_restored(page, aws):
    it = Made(page, aws, "lake", "acme-lake")
    done = it.ask("adopt")["state.adopt"]
    there = state(it.merged)
    assert done["state"] == {"lineage": there.lineage, "serial": there.serial, "digest": there.digest}
    assert (done["addresses"], it.outcomes) == (['terraform_data.bucket["acme-lake"]'], ["adopted"])
    assert "acme-lake" in it.answer
    assert there.lineage in it.answer
    key = Keyring(page.environ).backup_keys()[0]
    older = {**json.loads(there.data), "resources": []}
    sealed = there._replace(data=json.dumps(older).encode())
    backups.keep(page.store, key, ACCOUNT, it.key, sealed, "r", page.forge.now())
    done = it.ask("restore", "1")["state.restore"]
    assert (done["backup"], done["kept"], it.outcomes) == (1, 2, ["adopted", "restored"])
    assert done["plan"]["addresses"] == ['terraform_data.bucket["acme-lake"]']
    assert json.loads(state_of(it.merged))["resources"] == []
    assert "is backup 1" in it.answer


@pytest.mark.slow
@pytest.mark.terraform
def test_a_state_that_the_branch_does_not_say_is_not_adopted(page, aws):
    it = Made(page, aws, "pond", "acme-pond", "acme-more")
    done = it.ask("adopt")
    assert (done.code("state.adopt"), it.outcomes) == ("ENG776", [])
    assert "acme-more" in it.answer
    assert "ENG776" in it.answer
    done = it.ask("restore", "7")
    assert (done.code("state.restore"), it.outcomes) == ("ENG716", [])
    assert it.ask("restore", "../1").code("state.restore") == "ENG716"


@pytest.mark.slow
@pytest.mark.terraform
def test_a_terminal_keeps_copies_and_rehearses(page, aws, tmp_path, monkeypatch, capsys):
    it = Made(page, aws, "reed", "acme-reed")
    assert it.ask("adopt")["state.adopt"]["entry"] == 1
    bare = page.forge.git_dir(page.hosted.as_("olga", "GET", "").body["id"])
    clone, file = str(tmp_path / "clone"), str(tmp_path / "reed.tfstate")
    subprocess.run(["git", "clone", "-q", bare, clone], check=True, timeout=60)
    for name, value in page.environ.items():
        monkeypatch.setenv(name, value)

    def engine(verb, *words):
        given = ["--repo", clone, "--rules", page.controller, *words, "--json"]
        assert main(["state", verb, it.key, *given]) == 0, capsys.readouterr()
        return json.loads(capsys.readouterr().out)

    there = state(it.merged)
    assert engine("pull", "--out", file)["serial"] == there.serial
    with open(file, "rb") as found:
        assert json.loads(found.read())["lineage"] == there.lineage
    assert engine("backup", "--reason", "before we try")["backup"] == 1
    made = engine("restore", "1", "--rehearse")
    assert (made["plan"]["problem"], made["plan"]["addresses"], made["serial"]) == (None, [], there.serial)
    row = engine("show")
    assert (row["lock"], row["held"], row["outcome"]) == (None, None, "adopted")
    assert main(["state", "restore", it.key, "1", "--rehearse", "--repo", clone, "--rules", page.controller]) == 0
    assert "what the branch would make of it: no change" in capsys.readouterr().out
    assert main(["state", "show", it.key, "--repo", clone, "--rules", page.controller]) == 0
    assert "Terraform's lock: nobody has it" in capsys.readouterr().out


def test_whose_word_it_is_can_be_told_from_what_they_need():
    for action in ACTIONS:
        assert set(action.needs) >= FACTS, action.name
        assert "audit" in action.secrets
