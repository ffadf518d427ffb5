"""A working tree read as files: nothing is followed, waited for, or read beyond its bounds."""

import os
import shutil
import socket

import pytest

from engine.adapters import worktree
from engine.core.resources.tree import EXECUTABLE, LARGEST_FILE, REGULAR, SUBMODULE, SYMLINK
from engine.errors import EngineError


def everything(_):
    return True


def modes(top, is_entered=everything):
    tree = worktree.look(str(top), is_entered)
    return {path: tree.directories[os.path.dirname(path)][os.path.basename(path)].mode for path in tree.paths.values()}


def code(act, *given):
    with pytest.raises(EngineError) as caught:
        act(*given)
    return caught.value.problems[0].code


def test_each_kind_has_the_mode_that_git_gives_it_or_the_system(tmp_path, monkeypatch):
    (tmp_path / "S3").mkdir()
    monkeypatch.chdir(tmp_path / "S3")
    (tmp_path / "S3" / "file").write_text("")
    (tmp_path / "S3" / "program").write_text("")
    (tmp_path / "S3" / "program").chmod(0o755)
    (tmp_path / "S3" / "link").symlink_to("/etc/passwd")
    (tmp_path / "S3" / "elsewhere").symlink_to("/etc")
    os.mkfifo("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    assert modes(tmp_path) == {
        "S3/file": REGULAR,
        "S3/program": EXECUTABLE,
        "S3/link": SYMLINK,
        "S3/elsewhere": SYMLINK,
        "S3/pipe": "010000",
        "S3/socket": "140000",
    }


@pytest.mark.parametrize("kind", ["directory", "file"])
def test_a_repository_inside_is_a_submodule_and_git_itself_is_left_out(tmp_path, kind):
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("")
    inside = tmp_path / "S3" / "inside"
    inside.mkdir(parents=True)
    (inside / "a.tfvars").write_text("")
    (inside / ".git").mkdir() if kind == "directory" else (inside / ".git").write_text("gitdir: x")
    assert modes(tmp_path) == {"S3/inside": SUBMODULE}


def test_a_directory_that_is_not_entered_is_there_and_nothing_in_it(tmp_path):
    (tmp_path / ".venv" / "S3").mkdir(parents=True)
    tree = worktree.look(str(tmp_path), lambda path: not path.startswith("."))
    assert list(tree.directories) == [""]
    assert list(tree.directories[""]) == [".venv"]


def test_bounds(tmp_path, monkeypatch):
    deep = tmp_path
    for _ in range(worktree.DEPTH + 1):
        deep /= "d"
    deep.mkdir(parents=True)
    assert code(worktree.look, str(tmp_path), everything) == "ENG363"
    shutil.rmtree(tmp_path / "d")
    for number in range(4):
        (tmp_path / f"{number}.tfvars").write_text("x" * 10)
    monkeypatch.setattr(worktree, "ENTRIES", 3)
    assert code(worktree.look, str(tmp_path), everything) == "ENG363"
    monkeypatch.setattr(worktree, "BYTES", 15)
    assert code(worktree.read, str(tmp_path), {"1": "1.tfvars", "2": "2.tfvars"}) == "ENG363"


def test_a_huge_file_is_counted_and_not_read(tmp_path):
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(1 << 40)
    (tmp_path / "large").write_bytes(b"x" * (LARGEST_FILE + 1))
    (tmp_path / "most").write_bytes(b"x" * LARGEST_FILE)
    blobs, oversized = worktree.read(str(tmp_path), {"1": "huge", "2": "large", "3": "most"})
    assert (list(blobs), oversized) == (["3"], {"1": 1 << 40, "2": LARGEST_FILE + 1})


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("a link to a secret", lambda top: (top / "S3" / "a").symlink_to("/etc/passwd")),
        ("a pipe that nobody writes to", lambda top: os.mkfifo(top / "S3" / "a")),
        ("a directory", lambda top: (top / "S3" / "a").mkdir()),
        ("nothing", lambda top: None),
        ("the directory above is a link now", lambda top: ((top / "S3").rmdir(), (top / "S3").symlink_to("/etc"))),
    ],
)
def test_what_has_changed_since_it_was_looked_at_is_not_followed(tmp_path, why, change):
    (tmp_path / "S3").mkdir()
    change(tmp_path)
    name = "passwd" if (tmp_path / "S3").is_symlink() else "a"
    assert code(worktree.read, str(tmp_path), {"1": f"S3/{name}"}) == "ENG001", why


@pytest.mark.parametrize(
    ("why", "here", "name", "path"),
    [
        ("from where one is", "S3", "a.tfvars", "S3/a.tfvars"),
        ("as reports call it", "S3", "KMS/b.tfvars", "KMS/b.tfvars"),
        ("the directory itself", "S3", ".", "S3"),
        ("everything", "S3", "..", ""),
        ("absolute", "", "{top}/S3/a.tfvars", "S3/a.tfvars"),
        ("a slash behind it", "", "S3/", "S3"),
        ("a link is itself", "", "S3/out", "S3/out"),
        ("what is not there", "", "S3/none", "S3/none"),
    ],
)
def test_paths_that_a_person_names(tmp_path, monkeypatch, why, here, name, path):
    a_tree(tmp_path)
    monkeypatch.chdir(tmp_path / here)
    assert list(worktree.beneath(str(tmp_path), [name.format(top=tmp_path)])) == [path], why


@pytest.mark.parametrize(
    ("why", "name"),
    [
        ("upwards", "../x"),
        ("absolute", "/etc/passwd"),
        ("through a link", "S3/out/passwd"),
        ("a neighbour with a longer name", "{top}-other/S3"),
    ],
)
def test_paths_that_lead_out(tmp_path, monkeypatch, why, name):
    a_tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert code(worktree.beneath, str(tmp_path), [name.format(top=tmp_path)]) == "ENG443", why


def a_tree(top):
    for name in ("S3/a.tfvars", "KMS/b.tfvars"):
        (top / name).parent.mkdir()
        (top / name).write_text("")
    (top / "S3" / "out").symlink_to("/etc")
