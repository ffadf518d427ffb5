"""The engine against the one that wrote what is here, and the programs against those that it believes."""

import json
import os

import pytest

from engine import __version__
from engine.run.doctor import versions
from tests.support.terraform import a_program


def written(folder, version, **changes):
    (folder / ".engine").mkdir()
    told = {"version": 1, "kind": "controller", "engine": version, "files": {}} | changes
    (folder / ".engine" / "vendored.json").write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("why", "version", "words", "level"),
    [
        ("it is the same", __version__, "as what it wrote here", None),
        ("a newer one wrote it", "99.0.0", "was written by 99.0.0", "error"),
        ("an older one did", "0.0.9", "was written by 0.0.9", "warning"),
        ("a candidate of this one did", f"{__version__}-rc1", f"was written by {__version__}-rc1", "warning"),
        ("tenth is after ninth", "0.10.0", "was written by 0.10.0", "error"),
    ],
)
def test_the_engine(tmp_path, why, version, words, level):
    written(tmp_path, version)
    (found,) = versions.engine(str(tmp_path))
    assert (found.ok, words in found.what) == (level is None, True), why
    assert found.ok or (found.level, bool(found.attack), bool(found.mend)) == (level, True, True), why


def test_a_list_that_is_none(tmp_path):
    written(tmp_path, "0.0.1", files=[])
    (found,) = versions.engine(str(tmp_path))
    assert not found.ok


def test_where_nobody_wrote_one(tmp_path):
    assert versions.engine(str(tmp_path)) == []


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("git", "echo 'git version 2.30.1'", "2.30.1"),
        ("terraform", 'echo \'{"terraform_version": "1.5.7"}\'', "1.5.7 is too old"),
        ("opa", "echo 'Version: 0.40.0'", "0.40 is too old"),
        ("opa", "echo hello", "too old or not known"),
    ],
)
def test_programs_that_are_too_old(tmp_path, name, said, words):
    there = a_program(tmp_path / "bin", said, name)
    environ = {"PATH": f"{os.path.dirname(there)}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    (found,) = [one for one in versions.programs(str(tmp_path), environ) if one.subject == name]
    assert (found.ok, words in found.what) == (False, True), found


def test_what_is_optional_may_be_missing(tmp_path):
    environ = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "ENGINE_OPA": "opa-that-is-not-there"}
    assert "opa" not in {one.subject for one in versions.programs(str(tmp_path), environ)}
