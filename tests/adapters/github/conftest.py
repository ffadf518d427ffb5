"""A forge at the far end, and a private repository in it."""

import itertools
import os

import pytest

from engine.adapters.github.forge import opened
from engine.sandbox.forge.faults import Fault
from engine.sandbox.forge.serve import running
from engine.sandbox.forge.tracker import pulls, rows
from tests.support import forge_scene, plain_git


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    """One for the tests of a module: each makes what it needs, under names of its own."""
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


@pytest.fixture
def source(forge, tmp_path):
    """(row, clone) of a private repository whose branch `main` has a commit."""
    row = plain_git.repository(forge)
    return row, plain_git.begun(tmp_path, plain_git.address(forge, row, "ann"))


class Scene:
    """A pull request of alice's in `acme/dev-deployment`, on a branch of its own."""

    repo = "acme/dev-deployment"

    def __init__(self, forge, number, name):
        self.forge, self.number, self.branch = forge, number, name

    def github(self, *permissions, **environ):
        """GitHub as the App, by a token of its own: a new process."""
        named = permissions or (
            "contents:write", "pull_requests:write", "checks:write", "deployments:write", "members:read",
        )  # fmt: skip
        settings = {"GITHUB_API_URL": self.forge.urls.api, **(environ or self.as_app)}
        return opened(settings, f"{self.forge.folder}/mirrors", os.environ["PATH"], [self.repo], named, None)

    @property
    def as_app(self):
        key = os.path.join(self.forge.folder, "app-key.pem")
        return {"ENGINE_GITHUB_APP_ID": "1", "ENGINE_GITHUB_APP_KEY_FILE": key}

    @property
    def as_job(self):
        """By a token that says nothing of whose it is, as a job of GitHub Actions has one."""
        return {
            "GITHUB_TOKEN": plain_git.installation(
                self.forge, contents="write", pull_requests="write", checks="write", deployments="write"
            )
        }

    def sql(self, text, *values):
        """The first column."""
        return [next(iter(row.values())) for row in self.forge.kept.rows(text, *values)]

    def push(self, files=None, branch=None, by="alice"):
        """A commit; its id."""
        files = files or {f"{self.branch}.txt": os.urandom(8).hex().encode()}
        return forge_scene.push(self.forge, self.repo, branch or self.branch, files, by=by, message="Change")

    def open(self, base="dev", branch=None):
        """A pull request of alice's; its number."""
        row = self.row
        made = pulls.open_pull(self.forge, self.as_("alice"), row, branch or self.branch, base, "Change", "Why.")
        return rows.item(self.forge, made)["number"]

    @property
    def row(self):
        found = self.forge.repository(*self.repo.split("/"))
        assert found is not None
        return found

    @property
    def pull(self):
        """Its row."""
        sql = "SELECT id FROM pulls WHERE repository = ? AND number = ?"
        return rows.item(self.forge, self.forge.kept.value(sql, self.row["id"], self.number))

    def as_(self, login):
        return forge_scene.as_user(self.forge, login)

    def fault(self, path, method, **how):
        """The next answer there."""
        self.forge.faults.order_answer(path, method, Fault(**how), 1)


_NAMES = itertools.count()


@pytest.fixture
def scene(forge):
    """One that is open."""
    made = Scene(forge, 0, f"change-{next(_NAMES)}")
    made.push()
    made.number = made.open()
    return made
