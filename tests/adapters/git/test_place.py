"""Where a clone is and what its files say: all the forms that git makes, and those that only somebody hostile makes."""

import os
import shutil
import subprocess

import pytest

from engine.adapters.git import command, own
from engine.adapters.git.repository import Repository
from engine.errors import EngineError
from tests.support.git import Clone

PATH = os.environ["PATH"]


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "source")
    made.commit({"S3/a.tfvars": "a = 1\n"}, "base")
    made.branch("feature")
    made.commit({"S3/a.tfvars": "a = 2\n"})
    return made


def opened(directory) -> Repository:
    return Repository(os.fspath(directory), path=PATH)


def changed(repository, base="dev", head="feature"):
    return [c.path for c in repository.range(base, head).changes]


def code(call, *arguments):
    with pytest.raises(EngineError) as caught:
        call(*arguments)
    return caught.value.problems[0].code


def git(*words):
    subprocess.run(["git", *words], check=True, capture_output=True)


def test_every_form_of_a_clone(clone, tmp_path):
    clone.git("worktree", "add", "-q", tmp_path / "tree", "dev")
    git("clone", "-q", "--mirror", clone.directory, tmp_path / "mirror")
    git("clone", "-q", "--shared", clone.directory, tmp_path / "shared")
    git("clone", "-q", "--shared", tmp_path / "shared", tmp_path / "twice")
    for name in ("source", "source/S3", "tree", "mirror"):
        assert changed(opened(tmp_path / name)) == ["S3/a.tfvars"], name
    assert changed(opened(tmp_path / "shared"), "origin/dev", "HEAD") == ["S3/a.tfvars"]
    assert changed(opened(tmp_path / "twice"), "HEAD~1", "HEAD") == ["S3/a.tfvars"]
    assert opened(tmp_path / "tree").resolve("HEAD") == clone.git("rev-parse", "dev")
    assert opened(tmp_path / "source").resolve("HEAD") == clone.git("rev-parse", "feature")
    clone.git("init", "-q", "--separate-git-dir", tmp_path / "apart")  # `.git` is a file now
    assert changed(opened(tmp_path / "source")) == ["S3/a.tfvars"]


def test_alternates_that_are_relative(clone, tmp_path):
    Clone(tmp_path / "other")
    with open(tmp_path / "other/.git/objects/info/alternates", "w") as file:
        file.write("../../../source/.git/objects\n")
    shutil.copytree(f"{clone.directory}/.git/refs", tmp_path / "other/.git/refs", dirs_exist_ok=True)
    assert changed(opened(tmp_path / "other")) == ["S3/a.tfvars"]


@pytest.mark.parametrize("name", ['a"b', "a\nb", "#a", " a ", "a:b", "-a", "\udcff", "ä", "a\\b", '"a'])
def test_a_path_that_would_mean_something_else_in_alternates(clone, tmp_path, name):
    shutil.copytree(clone.directory, tmp_path / name)
    assert changed(opened(tmp_path / name)) == ["S3/a.tfvars"]


def test_refs_in_every_form(clone):
    first, last = (clone.git("rev-parse", name) for name in ("dev", "feature"))
    clone.git("tag", "-a", "v1", "-m", "one", "dev")
    clone.git("tag", "-a", "v2", "-m", "of a tag", "v1")
    clone.git("symbolic-ref", "refs/heads/alias", "refs/heads/feature")
    for _ in range(2):
        repository = clone.open()
        names = [
            "dev",
            "v1",
            "v2",
            "refs/tags/v2",
            "alias~1",
            "alias^",
            "HEAD~1",
            "@~",
            f"{last[:12]}^1",
            "v1^{commit}",
        ]
        assert [repository.resolve(n) for n in names] == [first] * len(names)
        assert repository.resolve("alias") == last
        assert repository.ref("refs/heads/alias") == last
        assert repository.ref("refs/heads/nothing") is None
        clone.git("pack-refs", "--all")
    clone.git("fetch", "-q", ".", "dev", "feature")
    assert clone.open().resolve("FETCH_HEAD") == first


@pytest.mark.parametrize(
    ("why", "content"),
    [
        ("garbage", "garbage\n"),
        ("nothing", ""),
        ("a ref that leads outside", "ref: ../../../etc/passwd\n"),
        ("a ref of itself", "ref: refs/heads/odd\n"),
        ("an id that is too short", "1" * 39),
    ],
)
def test_refs_that_lead_nowhere(clone, why, content):
    with open(f"{clone.directory}/.git/refs/heads/odd", "w") as file:
        file.write(content)
    assert code(clone.open().resolve, "odd") == "ENG360", why


@pytest.mark.parametrize("kind", ["pipe", "link", "directory", "large"])
def test_refs_that_are_no_files(clone, tmp_path, kind):
    ref = f"{clone.directory}/.git/refs/heads/odd"
    if kind == "pipe":
        os.mkfifo(ref)
    elif kind == "link":
        os.symlink("/etc/passwd", ref)
    elif kind == "directory":
        os.mkdir(ref)
    else:
        with open(ref, "wb") as file:
            file.truncate(2**40)
    assert code(clone.open().resolve, "odd") == {"link": "ENG001", "large": "ENG001"}.get(kind, "ENG351")


def test_a_name_that_is_two(clone):
    clone.git("tag", "dev", "feature")
    assert code(clone.open().resolve, "dev") == "ENG362"
    assert clone.open().resolve("refs/heads/dev") == clone.git("rev-parse", "refs/heads/dev")


@pytest.mark.parametrize(
    ("key", "value", "refused"),
    [
        ("extensions.refStorage", "reftable", "ENG361"),
        ("extensions.objectFormat", "sha512", "ENG361"),
        ("extensions.objectFormat", "../../trap", "ENG361"),
        ("extensions.objectFormat", "sha256", "ENG351"),  # nothing is found under such names
    ],
)
def test_what_is_not_read(clone, key, value, refused):
    with open(f"{clone.directory}/.git/config", "a") as file:
        file.write(f"[{key.split('.')[0]}]\n\t{key.split('.')[1]} = {value}\n")
    assert code(clone.open().resolve, "dev") == refused


def test_settings_are_not_fetched_from_elsewhere(clone, tmp_path):
    (tmp_path / "more").write_text('[remote "origin"]\n\turl = git@github.com:acme/other.git\n')
    clone.git("config", "include.path", str(tmp_path / "more"))
    assert clone.git("config", "remote.origin.url") == "git@github.com:acme/other.git"
    assert clone.open().origin().name is None


def test_settings_that_cannot_be_read(clone):
    with open(f"{clone.directory}/.git/config", "w") as file:
        file.write("[core\n")
    assert code(clone.open().resolve, "dev") == "ENG356"
    os.remove(f"{clone.directory}/.git/config")
    assert changed(clone.open()) == ["S3/a.tfvars"]


@pytest.mark.parametrize("content", ["", "gitdir: /nowhere\n", "gitdir: .\n", "nonsense"])
def test_a_marker_that_leads_nowhere(tmp_path, content):
    (tmp_path / ".git").write_text(content)
    assert code(opened(tmp_path).resolve, "dev") == "ENG350"


def test_the_directory_of_our_own(clone, tmp_path, monkeypatch):
    made = own.OwnDirectory(f"{clone.directory}/.git/objects")
    assert os.stat(made.path).st_mode & 0o777 == 0o700
    files = {os.path.relpath(os.path.join(at, f), made.path) for at, _, names in os.walk(made.path) for f in names}
    assert files == {"HEAD", "config", "objects/info/alternates"}
    made.close()
    assert not os.path.exists(made.path)
    assert os.path.isdir(f"{clone.directory}/.git/objects")


def test_nothing_is_left_behind(clone, tmp_path, monkeypatch):
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = os.listdir(tmp_path)
    repository = clone.open()
    assert changed(repository) == ["S3/a.tfvars"]
    assert len(os.listdir(tmp_path)) == len(before) + 1
    del repository
    assert os.listdir(tmp_path) == before
    repository = clone.open()
    repository.resolve("dev")
    repository.close()
    assert os.listdir(tmp_path) == before


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("git version 2.37.9", "ENG369"),
        ("git version 1.9", "ENG369"),
        ("nonsense", "ENG369"),
        ("git version 2.38.0", None),
        ("git version 2.50.1 (Apple Git-155)", None),
        ("git version 3.0.0.windows.1", None),
    ],
)
def test_a_git_that_is_too_old(tmp_path, said, refused):
    (tmp_path / "git").write_text(f"#!/bin/sh\necho '{said}'\n")
    (tmp_path / "git").chmod(0o755)
    if refused:
        assert code(command.version, str(tmp_path)) == refused
    else:
        assert command.version(str(tmp_path)) == said.split()[2]


def test_few_processes_however_many_files(clone, monkeypatch):
    from engine.adapters import process, session

    clone.commit({f"S3/{i}/{j}/{i}.tfvars": f"{i}\n" for i in range(30) for j in range(5)})
    started: list[str] = []
    start = process.start

    def counted(argv, *more):
        started.append(argv[1])
        return start(argv, *more)

    for module in (process, session):
        monkeypatch.setattr(module, "start", counted)
    command.version.cache_clear()
    repository = clone.open()
    found = repository.range("dev", "feature")
    repository.blobs([c.new.id for c in found.changes if c.new])
    repository.tree("feature")
    assert started == ["version", "config", "cat-file"]


def test_the_git_directory_of_a_work_tree_is_no_mirror(clone, tmp_path):
    git("clone", "-q", clone.directory, tmp_path / "work")
    git("clone", "-q", "--bare", clone.directory, tmp_path / "bare.git")
    git("-C", tmp_path / "work", "branch", "mine", "HEAD")
    assert opened(tmp_path / "work").branch("mine") is None
    assert opened(tmp_path / "work" / ".git").branch("mine") is None
    assert opened(tmp_path / "bare.git").branch("dev") == clone.git("rev-parse", "dev")


@pytest.mark.parametrize("name", ["heads/dev", "remotes/origin/dev", "pull/7/head", "origin/dev", "tags/v1"])
def test_names_as_git_completes_them(clone, name):
    for ref in ("remotes/origin/dev", "pull/7/head", "tags/v1"):
        clone.git("update-ref", f"refs/{ref}", "dev")
    assert clone.open().resolve(name) == clone.git("rev-parse", name)


def test_a_revision_that_is_not_here_comes_with_the_way_to_it(clone, tmp_path):
    git("clone", "-q", clone.directory, tmp_path / "work")
    git("clone", "-q", "--depth=1", f"file://{clone.directory}", tmp_path / "shallow")
    for where, name, way in (
        ("work", "dev", "say origin/dev"),
        ("work", "origin/prod", "git fetch origin +refs/heads/prod:refs/remotes/origin/prod"),
        ("work", "prod", "fetch it: git fetch origin prod"),
        (
            "shallow",
            "origin/dev",
            "this clone is shallow: fetch all branches with --unshallow (in Actions: fetch-depth: 0)",
        ),
    ):
        with pytest.raises(EngineError) as caught:
            opened(tmp_path / where).resolve(name)
        assert (caught.value.problems[0].code, caught.value.problems[0].hint) == ("ENG351", way), (where, name)
