"""Which files are the rules: what the entry includes, inside the directory, and nothing else."""

import os
from pathlib import Path

import pytest

from engine.errors import EngineError
from engine.run import trusted
from engine.run.trusted import place_of, read_rules
from tests.support.git import Clone


def write(root: Path, **files: str) -> Path:
    """A directory; `specs__a` is specs/a.yaml."""
    for name, text in files.items():
        path = root / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def entry(root: Path, include: str) -> Path:
    (root / "deployment-rules.yaml").write_text(f"include: {include}\n")
    return root


def code(root: Path) -> str:
    with pytest.raises(EngineError) as error:
        read_rules(str(root))
    return error.value.problems[0].code


@pytest.mark.parametrize(
    ("why", "include", "expected"),
    [
        ("one folder", "[specs/*.yaml]", {"specs/a.yaml", "specs/b.yaml"}),
        ("any depth", "[specs/**]", {"specs/a.yaml", "specs/b.yaml", "specs/deep/c.yaml"}),
        ("one file", "[specs/b.yaml]", {"specs/b.yaml"}),
        ("what two patterns match is read once", "[specs/a.yaml, 'specs/?.yaml']", {"specs/a.yaml", "specs/b.yaml"}),
        ("any folder", "['*/a.yaml']", {"specs/a.yaml", "other/a.yaml"}),
        ("hidden folders are never looked into", "['**/config.yaml']", set()),
        ("upwards leads nowhere", "[../specs/*.yaml]", set()),
        ("nothing matches: the rules say so", "[nowhere/*.yaml]", set()),
        ("not a list: the schema says so", "specs", set()),
    ],
)
def test_include(tmp_path: Path, why: str, include: str, expected: set[str]) -> None:
    write(tmp_path, specs__a="a", specs__b="b", specs__deep__c="c", other__a="x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.yaml").write_text("x")
    entry(tmp_path, include)
    assert set(read_rules(str(tmp_path))) == {"deployment-rules.yaml", *expected}, why


def test_the_approvers_are_read_where_there_are_any(tmp_path: Path) -> None:
    (tmp_path / "approvers-config.yaml").write_text("a")
    (tmp_path / "special-approvers.yaml").write_text("b")
    entry(tmp_path, "[]")
    files = read_rules(str(tmp_path))
    assert (files["approvers-config.yaml"], files["special-approvers.yaml"]) == (b"a", b"b")


def test_an_entry_that_is_not_there_or_not_yaml_is_left_to_the_rules(tmp_path: Path) -> None:
    assert read_rules(str(tmp_path)) == {}
    (tmp_path / "deployment-rules.yaml").write_bytes(b"\xff")
    assert read_rules(str(tmp_path)) == {"deployment-rules.yaml": b"\xff"}


def test_links_lead_nowhere_else(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out.yaml"
    write(inside, specs__a="a")
    outside.write_text("secret")
    entry(inside, "[specs/*.yaml]")
    (inside / "specs" / "same.yaml").symlink_to("a.yaml")
    assert read_rules(str(inside))["specs/same.yaml"] == b"a"
    (inside / "specs" / "b.yaml").symlink_to(outside)
    assert code(inside) == "ENG049"
    (inside / "specs" / "b.yaml").unlink()
    (inside / "approvers-config.yaml").symlink_to("/etc/hostname")
    assert code(inside) == "ENG049"
    (inside / "approvers-config.yaml").unlink()
    (inside / "deployment-rules.yaml").unlink()
    (inside / "deployment-rules.yaml").symlink_to(outside)
    assert code(inside) == "ENG049"


def test_a_linked_folder_is_not_entered(tmp_path: Path) -> None:
    outside = write(tmp_path / "out", a="a")
    inside = write(tmp_path / "in", x="x")
    (inside / "specs").symlink_to(outside)
    entry(inside, "[specs/*.yaml]")
    assert set(read_rules(str(inside))) == {"deployment-rules.yaml"}


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    assert code(tmp_path / "nowhere") == "ENG001"
    (tmp_path / "deployment-rules.yaml").mkdir()
    assert code(tmp_path) == "ENG001"
    (tmp_path / "deployment-rules.yaml").rmdir()
    (tmp_path / "deployment-rules.yaml").symlink_to("nothing.yaml")
    assert code(tmp_path) == "ENG001"


def test_there_is_an_end_to_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trusted, "MAX_FILES", 2)
    write(tmp_path, specs__a="a", specs__b="b")
    entry(tmp_path, "[specs/*.yaml]")
    assert len(read_rules(str(tmp_path))) == 3
    write(tmp_path, specs__c="c")
    assert code(tmp_path) == "ENG001"


def test_paths_are_those_of_the_rules_on_every_platform(tmp_path: Path) -> None:
    write(tmp_path, specs__a="a")
    entry(tmp_path, "['**/a.yaml']")
    assert all(os.sep == "/" or os.sep not in path for path in read_rules(str(tmp_path)))


def test_the_commit_of_a_controller_is_told_where_it_is_a_checkout(tmp_path):
    path = os.environ["PATH"]
    clone = Clone(tmp_path / "controller")
    assert trusted.commit(clone.directory, path) is None  # nothing was ever committed
    sha = clone.commit({"inside/deployment-rules.yaml": "include: []\n"})
    assert trusted.commit(clone.directory, path) == sha
    assert trusted.commit(os.path.join(clone.directory, "inside"), path) == sha
    (tmp_path / "none").mkdir()
    assert trusted.commit(str(tmp_path / "none"), path) is None


@pytest.mark.parametrize(
    ("why", "path", "place"),
    [
        ("a directory", "rules", ("rules", "deployment-rules.yaml")),
        ("a directory with a full stop", "rules.d", ("rules.d", "deployment-rules.yaml")),
        ("a directory that is called like a file", "dir.yaml", ("dir.yaml", "deployment-rules.yaml")),
        ("its first file", "rules/deployment-rules.yaml", ("rules", "deployment-rules.yaml")),
        ("a first file of another name", "rules/other.yml", ("rules", "other.yml")),
        ("a first file of another kind of name", "rules/other", ("rules", "other")),
        ("a file here", "first.yaml", (".", "first.yaml")),
        ("a file that is not there", "rules/missing.yaml", ("rules", "missing.yaml")),
        ("a directory that is not there", "missing", ("missing", "deployment-rules.yaml")),
    ],
)
def test_rules_are_named_by_their_directory_or_their_first_file(tmp_path, monkeypatch, why, path, place):
    monkeypatch.chdir(tmp_path)
    for folder in ("rules", "rules.d", "dir.yaml"):
        os.mkdir(folder)
    for name in ("rules/deployment-rules.yaml", "rules/other.yml", "rules/other"):
        Path(name).touch()
    assert place_of(path) == place, why
