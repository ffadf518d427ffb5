"""Whose a sandbox's directory is: what is taken for one, what is refused, and what is removed."""

import json
import os

import pytest

from engine.adapters import files
from engine.errors import EngineError
from engine.sandbox.forge.state import MARK, held

MARKED = json.dumps({"interlock": "sandbox", "version": 1})


def put(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".", 1)).write_text(text)
    return folder


def begun(directory, **options):
    with held(directory and str(directory), **options) as path:
        return path


def link(to, at):
    at.symlink_to(to)
    return at


def marked_by_a_link(tmp):
    (tmp / "x").mkdir()
    link(put(tmp / "y", f_txt=MARKED) / "f.txt", tmp / "x" / MARK)
    return tmp / "x"


GOOD = [
    ("a new one", lambda tmp: tmp / "a" / "b"),
    ("an empty one", lambda tmp: put(tmp / "x")),
    ("a sandbox's own", lambda tmp: put(tmp / "x", sandbox_json=MARKED, forge_db="")),
    ("one that was killed before it wrote anything", lambda tmp: put(tmp / "x", sandbox_json="")),
    ("one below a link", lambda tmp: link(put(tmp / "x"), tmp / "l") / "y"),
]


@pytest.mark.parametrize(("why", "make"), GOOD, ids=[row[0] for row in GOOD])
def test_what_is_taken(tmp_path, why, make):
    path = make(tmp_path)
    assert begun(path) == str(path), why
    assert json.loads((path / MARK).read_text())["pid"] == os.getpid()
    assert begun(path) == str(path), "and taken again"


REFUSED = [
    ("somebody's files", lambda tmp: put(tmp / "x", thesis_txt="years of work"), "ENG534"),
    ("a file", lambda tmp: put(tmp, x_y="") / "x.y", "ENG002"),
    ("another program's mark", lambda tmp: put(tmp / "x", sandbox_json='{"name": "sandbox"}', a_b=""), "ENG534"),
    ("a mark that is no JSON", lambda tmp: put(tmp / "x", sandbox_json="sandbox", a_b=""), "ENG534"),
    ("an empty mark among files", lambda tmp: put(tmp / "x", sandbox_json="", thesis_txt="y"), "ENG534"),
    ("a later release's", lambda tmp: put(tmp / "x", sandbox_json='{"interlock": "sandbox", "version": 2}'), "ENG564"),
    ("a link to a sandbox's own", lambda tmp: link(put(tmp / "x", sandbox_json=MARKED), tmp / "l"), "ENG534"),
    ("a mark that is a link", marked_by_a_link, "ENG002"),
]


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize(("why", "make", "code"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_refused_is_not_touched(tmp_path, why, make, code, reset):
    path = make(tmp_path)
    before = everything(tmp_path)
    with pytest.raises(EngineError, match=code):
        begun(path, reset=reset)
    assert everything(tmp_path) == before, why


def everything(folder):
    return {
        os.path.join(where, name): os.path.islink(os.path.join(where, name)) or open(os.path.join(where, name)).read()
        for where, _, names in os.walk(folder)
        for name in names
    }


FOREIGN = [
    ("somebody's file", lambda x: (x / "notes.txt").write_text("mine")),
    ("somebody's directory", lambda x: (x / "src").mkdir()),
    (
        "a link where the repositories were",
        lambda x: link(put(x.parent / "home", a_b="mine"), x / "repositories"),
    ),
    ("a link where the rows were", lambda x: link(put(x.parent / "home", a_b="mine") / "a.b", x / "forge.db")),
]


@pytest.mark.parametrize(("why", "add"), FOREIGN, ids=[row[0] for row in FOREIGN])
def test_nothing_is_removed_where_there_is_anything_else(tmp_path, why, add):
    path = put(tmp_path / "x", sandbox_json=MARKED)
    (path / "app-key.pem").write_text("key")
    add(path)
    with pytest.raises(EngineError, match="ENG565"):
        begun(path, reset=True)
    assert (path / "app-key.pem").read_text() == "key", why


def test_links_within_are_removed_and_not_followed(tmp_path):
    path = put(tmp_path / "x", sandbox_json=MARKED, forge_db="rows")
    other = put(tmp_path / "home", thesis_txt="years of work")
    (path / "repositories" / "1.git").mkdir(parents=True)
    os.symlink(other, path / "repositories" / "1.git" / "objects")
    begun(path, reset=True)
    assert os.listdir(path) == [MARK]
    assert (other / "thesis.txt").read_text() == "years of work"


def test_one_directory_is_held_by_one(monkeypatch):
    monkeypatch.setattr(files, "ENDED_S", 0)
    with held(None) as path:
        with pytest.raises(EngineError, match=f"ENG538.*process {os.getpid()}"):
            begun(path)
        assert os.path.isdir(path)
    assert not os.path.exists(path), "one of its own is removed at the end"


def test_another_user_s(tmp_path, monkeypatch):
    path = put(tmp_path / "x")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(EngineError, match=r"ENG534.*another user"):
        begun(path)
