"""The repository adapter against real git."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event, Thread
from time import sleep

import pytest

from engine.adapters.git.repository import Person, Repository
from engine.errors import EngineError
from tests.support.git import Clone, Counted


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "repo")
    made.commit({"S3/a/a.tfvars": "a = 1\n", "S3/b.tfvars": "b = 1\n", "README.md": "hello\n"}, "base")
    return made


def _code(call, *arguments) -> str:
    with pytest.raises(EngineError) as caught:
        call(*arguments)
    return caught.value.problems[0].code


def _changed(clone, base="dev", head="HEAD"):
    found = clone.open().range(base, head)
    return [
        f"{'-' if c.new is None else '+' if c.old is None else '~'} {c.old_path + ' ' if c.old_path else ''}{c.path}"
        for c in found.changes
    ]


def test_a_range_is_what_the_head_did_since_it_left_the_base(clone):
    clone.branch("feature")
    clone.commit({"S3/a/a.tfvars": "a = 2\n", "S3/c.tfvars": "c\n", "S3/b.tfvars": None, "README.md": None})
    clone.git("checkout", "-q", "dev")
    clone.commit({"S3/later.tfvars": "not ours\n"})
    assert _changed(clone, "dev", "feature") == ["- README.md", "~ S3/a/a.tfvars", "- S3/b.tfvars", "+ S3/c.tfvars"]


def test_a_rename_is_one_change_and_two_small_files_from_one_template_are_not(clone):
    template = "".join(f"line {i}\n" for i in range(4)) + "name = {}\n"
    clone.commit({"S3/old.tfvars": template.format("one") + "x" * 50, "S3/x.tfvars": "".join("abcdefgh\n" * 3) + "1\n"})
    clone.branch("feature")
    os.rename(f"{clone.directory}/S3/old.tfvars", f"{clone.directory}/S3/new.tfvars")
    clone.commit({"S3/x.tfvars": None, "S3/y.tfvars": "".join("abcdefgh\n" * 3) + "other content here\n"})
    assert _changed(clone) == ["~ S3/old.tfvars S3/new.tfvars", "- S3/x.tfvars", "+ S3/y.tfvars"]


def test_names_keep_their_bytes(clone):
    clone.branch("feature")
    clone.commit({os.fsdecode(b"S3/l\xffke.tfvars"): "x", "S3/two\nlines.json": "y", "S3/\u00e4.json": "z"})
    assert set(_changed(clone)) == {"+ S3/two\nlines.json", "+ S3/\u00e4.json", "+ S3/l\udcffke.tfvars"}


def test_modes_tell_links_submodules_and_executables(clone):
    clone.branch("feature")
    os.symlink("/etc/passwd", f"{clone.directory}/S3/link.json")
    clone.write({"S3/run.json": "{}"})
    os.chmod(f"{clone.directory}/S3/run.json", 0o755)
    clone.git("add", "-A")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},S3/module")
    clone.git("commit", "-q", "-m", "modes")
    found = clone.open().range("dev", "feature")
    modes = {c.path: c.new.mode for c in found.changes if c.new}
    assert modes == {"S3/link.json": "120000", "S3/module": "160000", "S3/run.json": "100755"}


def test_nothing_changed(clone):
    assert _changed(clone) == []


def test_blobs_come_as_they_are_in_one_batch(clone):
    texts = {f"S3/{i}.json": b"\r\n\0" * i + b"\xff" for i in range(300)}
    clone.branch("feature")
    clone.commit(texts)
    repository = clone.open()
    found = repository.range("dev", "feature")
    blobs = repository.blobs([c.new.id for c in found.changes if c.new]).read
    assert {c.path: blobs[c.new.id] for c in found.changes if c.new} == texts
    assert _code(repository.blobs, ["1" * 40]) == "ENG355"


def test_the_tree_of_a_commit_by_directory(clone):
    tree = clone.open().tree("dev")
    assert {path: sorted(directory) for path, directory in tree.items()} == {
        "": ["README.md", "S3"],
        "S3": ["a", "b.tfvars"],
        "S3/a": ["a.tfvars"],
    }
    assert tree["S3"].is_directory("a")
    assert tree["S3"]["b.tfvars"].mode == "100644"


@pytest.mark.parametrize("name", ["nothing", "0" * 40, "HEAD~9"])
def test_an_unknown_revision_is_named(clone, name):
    repository = clone.open()
    assert _code(repository.resolve, name) == "ENG351"
    assert _code(repository.range, "dev", name) == "ENG351"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("devv", "did you mean `dev`? Otherwise fetch it: git fetch origin devv"),
        ("elsewhere", "fetch it: git fetch origin elsewhere"),
        ("origin/devv", "git fetch origin +refs/heads/devv:refs/remotes/origin/devv"),
        ("HEAD~99", "`HEAD` has fewer commits before it: name a later one"),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_an_unknown_revision_is_told_with_the_branch_that_was_meant(clone, name, hint, packed):
    if packed:
        clone.git("pack-refs", "--all")
    with pytest.raises(EngineError) as caught:
        clone.open().resolve(name)
    assert caught.value.problems[0].hint == hint


@pytest.mark.parametrize(
    "name", ["--upload-pack=x", "-1", "", "dev..HEAD", "dev:README.md", "dev\nHEAD", "^dev", "a b"]
)
def test_what_git_would_read_as_something_else_is_no_revision(clone, name):
    repository = clone.open()
    for call in (repository.resolve, repository.tree, lambda n: repository.range(n, "dev")):
        assert _code(call, name) == "ENG352"


def test_tags_ids_and_any_branch_name_are_revisions(clone):
    clone.git("tag", "-a", "v1", "-m", "one")
    clone.git("branch", "fix(ü),@types/x!'$y")
    sha = clone.git("rev-parse", "HEAD")
    names = ("v1", sha, sha[:10], "HEAD", "dev~0", "fix(ü),@types/x!'$y")
    assert [clone.open().resolve(name) for name in names] == [sha] * len(names)
    assert clone.open().range("v1", names[-1]).changes == ()


def test_a_partial_clone_fetches_nothing_behind_our_back(clone, tmp_path):
    clone.branch("feature")
    clone.commit({"S3/a/a.tfvars": "a = 2\n"})
    clone.git("config", "uploadpack.allowFilter", "true")
    source = f"file://{clone.directory}"
    command = ["git", "clone", "-q", "--filter=blob:none", "--no-checkout", source, tmp_path / "partial"]
    subprocess.run(command, check=True)
    partial = Repository(str(tmp_path / "partial"), path=os.environ["PATH"])
    found = partial.range("origin/dev", "HEAD")
    assert [c.path for c in found.changes] == ["S3/a/a.tfvars"]
    assert _code(partial.blobs, [c.new.id for c in found.changes if c.new]) in ("ENG355", "ENG356")


def test_a_shallow_clone_says_what_to_do(clone, tmp_path):
    clone.branch("feature")
    clone.commit({"S3/a/a.tfvars": "a = 2\n"})
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{clone.directory}", tmp_path / "shallow"], check=True)
    shallow = Repository(str(tmp_path / "shallow"), path=os.environ["PATH"])
    first = clone.git("rev-parse", "dev")
    assert _code(shallow.range, "HEAD~1", "HEAD") == "ENG353"
    assert _code(shallow.range, first, "HEAD") == "ENG351"
    assert shallow.range("HEAD", "HEAD").changes == ()  # nothing is missing for that
    assert list(shallow.tree("HEAD"))  # a whole tree needs no history


def test_histories_without_a_common_commit(clone):
    clone.git("checkout", "-q", "--orphan", "other")
    clone.commit(message="alone")
    assert _code(clone.open().range, "dev", "other") == "ENG354"


def test_places_that_are_no_repository(tmp_path):
    for directory in (tmp_path, tmp_path / "missing"):
        repository = Repository(str(directory), path=os.environ["PATH"])
        assert _code(repository.range, "a", "b") == "ENG350"


def test_git_is_not_there(clone):
    assert _code(Repository(clone.directory, path="/nowhere").resolve, "dev") == "ENG450"


def test_everybody_who_had_a_hand_in_a_commit(clone):
    clone.branch("feature")
    trailers = "Co-authored-by: Eve <eve@example.com>\nCo-Authored-By: nobody in particular"
    first = clone.commit({"x.json": "1"}, f"one\n\nwhy\n\n{trailers}")
    second = clone.commit({"x.json": "2"}, "two")
    one, two = clone.open().range("dev", "feature").commits
    assert (one.sha, two.sha) == (first, second)
    assert (one.author, one.committer) == (Person("Ann", "ann@example.com"), Person("Bob", "bob@example.com"))
    assert one.co_authors == (Person("Eve", "eve@example.com"), Person("", ""))
    assert two.co_authors == ()


def test_a_repository_starts_no_program_of_its_own(clone, tmp_path):
    trap = tmp_path / "trap"
    trap.write_text("#!/bin/sh\ntouch " + str(tmp_path / "sprung") + "\n")
    trap.chmod(0o755)
    clone.write({".gitattributes": "* diff=trap filter=trap merge=trap\n"})
    clone.branch("feature")
    clone.commit({"S3/a/a.tfvars": "a = 2\n"})
    for name in ("core.fsmonitor", "diff.external", "diff.trap.textconv", "diff.trap.command", "core.pager",
                 "filter.trap.smudge", "core.sshCommand", "log.showSignature"):  # fmt: skip
        clone.git("config", name, str(trap) if name != "log.showSignature" else "true")
    clone.git("config", "gpg.program", str(trap))
    repository = clone.open()
    repository.range("dev", "feature")
    repository.tree("feature")
    assert not (tmp_path / "sprung").exists()


def test_the_name_of_the_origin(clone):
    clone.git("remote", "add", "origin", "git@github.com:acme/dev-deployment.git")
    assert clone.open().origin() == ("acme/dev-deployment", False)
    clone.git("remote", "set-url", "--add", "origin", "https://github.com/Acme/dev-deployment")
    assert clone.open().origin() == ("Acme/dev-deployment", False)
    clone.git("config", "--replace-all", "remote.origin.url", "/srv/dev")
    assert clone.open().origin() == ("srv/dev", True)


def test_no_origin(clone):
    assert clone.open().origin() == (None, True)


def test_an_origin_of_two_places_is_neither(clone):
    clone.git("remote", "add", "origin", "git@github.com:acme/one.git")
    clone.git("remote", "set-url", "--add", "origin", "git@github.com:acme/two.git")
    assert clone.open().origin() == ("acme/one and acme/two", False)


def test_threads_ask_in_turn_and_get_what_one_of_them_would_get(tmp_path):
    """All of them ask everything at the same moment, each in another order, of one git."""
    clone = Clone(tmp_path / "clone")
    clone.commit({f"S3/b{n}/b{n}.tfvars": f"a = {n}\n" * 200 for n in range(30)})
    clone.branch("feature")
    head = clone.commit({f"S3/b{n}/b{n}.tfvars": f"b = {n}\n" * 200 for n in range(30)})
    clone.git("checkout", "-q", "dev")
    base = clone.commit({"README.md": "x"})
    one, git = clone.open(), Counted(tmp_path / "bin")
    ids = [change.new.id for change in one.range("dev", "feature").changes if change.new]
    questions = [
        lambda r: r.range("dev", "feature"),
        lambda r: r.merge(r.range("dev", "feature")),
        lambda r: r.resolve("feature~1"),
        lambda r: r.contains(head, base),
        lambda r: r.branch("dev"),
        lambda r: r.blobs(ids),
        lambda r: r.tree("feature"),
        lambda r: r.landed("feature"),
        lambda r: (r.origin(), r.has("refs/heads/dev"), r.ref("refs/heads/feature")),
    ]
    expected = [question(one) for question in questions]
    several, start = Repository(clone.directory, path=git.path), Barrier(8)

    def ask(first):
        start.wait()
        order = [(first + n) % len(questions) for n in range(len(questions))]
        return {n: questions[n](several) for n in order}

    with ThreadPoolExecutor(8) as threads:
        for answers in threads.map(ask, range(8)):
            assert [answers[n] for n in range(len(questions))] == expected
    assert sorted(set(git.started)) == ["cat-file", "config", "merge-tree", "version"]
    assert [git.started.count(name) for name in ("cat-file", "config", "version")] == [1, 1, 1]


@pytest.mark.parametrize("hangs", ["cat-file", "config"])
def test_a_git_that_hangs_is_not_waited_for_once_somebody_says_stop(clone, tmp_path, hangs):
    git, stop = Counted(tmp_path / "bin", hangs=hangs), Event()
    repository = Repository(clone.directory, path=git.path, cancel=stop)

    def say():
        while hangs not in git.started:
            sleep(0.01)
        stop.set()

    Thread(target=say).start()
    assert _code(repository.resolve, "dev") in ("ENG356", "ENG452")
