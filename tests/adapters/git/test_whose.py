"""Which repository a directory belongs to, from its files alone; git is asked only whether we read it right."""

import os
from itertools import permutations

import pytest

from engine.adapters.git.whose import whose
from tests.support.git import Clone


@pytest.mark.parametrize(
    ("why", "config", "names"),
    [
        ("as git writes it", '[remote "origin"]\n\turl = https://x/acme/a.git\n\tfetch = +x:y\n', {"acme/a"}),
        ("on one line", '[remote "origin"] url = https://x/acme/a.git\n', {"acme/a"}),
        ("in quotes, in capitals", '[REMOTE "origin"]\nURL = "https://x/acme/a"\n', {"acme/a"}),
        ("several", '[remote "origin"]\nurl = x:acme/a\nurl = x:acme/b\n', {"acme/a", "acme/b"}),
        ("of a server without owners", '[remote "origin"]\nurl = ssh://me@X/a.git\n', {"x/a"}),
        ("a path of one part", '[remote "origin"]\nurl = a\n', set()),
        ("with a comment", '[remote "origin"]\nurl = x:acme/a ; the source\n', {"acme/a"}),
        ("another remote", '[remote "upstream"]\nurl = x:acme/a\n[core]\nurl = x:acme/b\n', set()),
        ("an include is not followed", "[include]\npath = ../more\n", set()),
        ("rubbish", "\0\xff[[[\n=\n]", set()),
    ],
)
def test_origins(tmp_path, why, config, names):
    (tmp_path / "more").write_text('[remote "origin"]\nurl = x:acme/a\n')
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(config, errors="surrogateescape")
    assert whose(str(tmp_path)).origins == names, why


def test_work_trees_and_submodules(tmp_path):
    clone, other = Clone(tmp_path / "clone"), Clone(tmp_path / "other")
    clone.commit({"a/b/file": ""})
    other.commit({"file": ""})
    clone.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"))
    clone.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.directory, "sub")
    bare = tmp_path / "bare.git"
    clone.git("clone", "-q", "--bare", clone.directory, str(bare))
    names = ("clone", "clone/a/b", "tree", "clone/sub", "other", "bare.git")
    found = {name: whose(str(tmp_path / name)) for name in names}
    for name, one in found.items():
        assert os.path.samefile(one.common, git_says(clone, tmp_path / name)), name
    main = found["clone"]
    shared = {name: one.shares(main) for name, one in found.items()}
    assert shared == {
        "clone": True, "clone/a/b": True, "tree": True, "clone/sub": True, "other": False, "bare.git": False,
    }  # fmt: skip
    assert not main.shares(found["clone/sub"]), "what holds a submodule chooses it, not the other way round"


def git_says(clone, folder):
    return clone.git("-C", str(folder), "rev-parse", "--path-format=absolute", "--git-common-dir")


def test_a_directory_of_no_repository(tmp_path):
    found = whose(str(tmp_path))
    assert tuple(found) == (str(tmp_path), "", frozenset(), False)
    inside = tmp_path / "inside"
    inside.mkdir()
    beside = tmp_path.with_name(f"{tmp_path.name}-beside")
    beside.mkdir()
    shared = [
        (one, other)
        for one, other in permutations((tmp_path, inside, beside), 2)
        if whose(str(one)).shares(whose(str(other)))
    ]
    assert shared == [(inside, tmp_path)]


def a_pipe(git):
    git.mkdir()
    os.mkfifo(git / "config")


@pytest.mark.parametrize(
    ("why", "make"),
    [
        ("a pipe that nobody writes to", a_pipe),
        ("a directory", lambda git: (git / "config").mkdir(parents=True)),
        ("a file of zeros", lambda git: git.write_bytes(bytes(100))),
        ("a file that leads nowhere", lambda git: git.write_text("gitdir: /nowhere\n")),
        ("a link that leads nowhere", lambda git: git.symlink_to("nowhere")),
        ("a loop", lambda git: git.symlink_to(".git")),
    ],
)
def test_what_is_no_repository_tells_nothing(tmp_path, why, make):
    make(tmp_path / ".git")
    found = whose(str(tmp_path))
    assert (found.top, found.origins) == (str(tmp_path), frozenset()), why
