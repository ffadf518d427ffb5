"""`engine init`: what is written, what a second run says, and what it leaves alone."""

import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml

from engine.adapters import files
from engine.cli.main import main
from engine.core.verdict.trust import load_trusted_keys
from engine.errors import ExitCode
from engine.setup.answers import FILE
from engine.setup.place import alone
from engine.setup.wheel import NAME
from tests.support.setup import CONTROLLER, SOURCE, flags


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    top = tmp_path_factory.mktemp("made")
    assert main(["init", "controller", str(top / "new"), *flags()]) == ExitCode.DONE
    return top


@pytest.fixture
def new(here, made_once):
    """A controller as it was written."""
    return Path(shutil.copytree(made_once / "new", here / "new"))


def init(*words, kind="controller"):
    return main(["init", kind, *words])


def there(top):
    found = {}
    for folder, inner, names in os.walk(top):
        inner[:] = [name for name in inner if name != ".git"]
        for name in names:
            path = Path(folder, name)
            found[str(path.relative_to(top))] = path.read_bytes()
    return found


def test_a_new_controller(here, capsys):
    assert init("new", *flags()) == ExitCode.DONE
    said = capsys.readouterr()
    written = there(here / "new")
    assert set(written) > {
        "deployment-rules.yaml", "approvers-config.yaml", "trusted-keys.yaml", "README.md", ".engine/vendored.json",
        ".github/CODEOWNERS", ".pre-commit-config.yaml", ".vscode/settings.json", ".editorconfig",
        "terraform/.terraform.lock.hcl", "specs/merge.yaml", "tests/specs/merge.yaml", "policies/lib.rego",
    }  # fmt: skip
    assert [line[:2] for line in said.out.splitlines()[1:]] == ["1.", "2.", "3."]
    assert not (here / "new/.git").exists(), "no commit, not even a repository"

    keys = here / "new-keys"
    assert {path.name for path in keys.iterdir()} == {
        "verdict-key.pem", "merge-key.pem", "audit-key.pem", "digest.key", "handover.key", "backup.key"
    }  # fmt: skip
    trusted = load_trusted_keys(written["trusted-keys.yaml"])
    assert sorted(key.purposes for key in trusted.values()) == [("audit",), ("merge",), ("verdict",)]
    for path in keys.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        secret = path.read_text().splitlines()[-2 if path.suffix == ".pem" else 0]
        assert secret not in said.out + said.err
        assert not any(secret.encode() in text for text in written.values()), path


def test_lint_and_schemas_take_what_was_written(here, new, capsys):
    assert main(["lint", "--rules-dir", "new"]) == ExitCode.DONE
    assert main(["keys", "list", "--keys", "new/trusted-keys.yaml"]) == ExitCode.DONE
    assert capsys.readouterr().out.count("counts") == 3


def test_who_owns_what_decides(here):
    init("new", *flags(security=["beta/sec", "eve"]))
    rows = dict(line.split(" ", 1) for line in (here / "new/.github/CODEOWNERS").read_text().splitlines()[1:])
    assert set(rows.values()) == {"@beta/sec @eve"}
    assert {"/deployment-rules.yaml", "/policies/", "/terraform/", "/.github/", "/trusted-keys.yaml"} <= set(rows)


def test_a_new_source(here):
    wanted = flags(accounts=None, security=None, ciso=None, special_approvers=None)
    assert init("src", *wanted, kind="source") == ExitCode.DONE
    assert {
        ".github/workflows/changed.yml",
        ".github/workflows/dispatch-to-controller.yml",
        ".github/CODEOWNERS",
    } <= set(there(here / "src"))
    assert not (here / "src-keys").exists()
    assert init("src", kind="source") == ExitCode.DONE, "nothing is newer"


def test_from_a_file_that_it_has_written_itself(here, capsys):
    init("one", *flags(), "--preset", "strict")
    assert init("two", "--from", f"one/{FILE}") == ExitCode.DONE
    one, two = there(here / "one"), there(here / "two")
    assert {path for path in one if one[path] != two[path]} == {"trusted-keys.yaml"}


def test_a_second_run_shows_a_diff_and_writes_nothing(here, new, capsys):
    assert init("new") == ExitCode.DONE
    before = there(new)
    capsys.readouterr()
    assert init("new", "--reviewers", "eve") == ExitCode.NEGATIVE
    out = capsys.readouterr().out
    assert out.startswith("Every open verdict becomes void")
    assert '+  reviewers: {users: ["eve"]}' in out
    assert there(new) == before


def test_what_was_changed_stays_and_is_shown_beside_what_is_newer(here, new, capsys):
    top = new
    subprocess.run(["git", "init", "-q", top], check=True)
    subprocess.run(["git", "-C", top, "add", "."], check=True)
    rules = top / "approvers-config.yaml"
    rules.write_text(rules.read_text() + "# mine\n")
    (top / "policies/iam.rego").unlink()
    capsys.readouterr()
    assert init("new", "--reviewers", "eve") == ExitCode.NEGATIVE
    out = capsys.readouterr().out
    assert "approvers-config.yaml: you have changed it, so it stays" in out
    assert out.index("--- written/approvers-config.yaml\n+++ yours/") < out.index("+# mine") < out.index("+++ engine/")
    assert "iam.rego" not in out, "what somebody has taken away stays away"


_POLICY = """package main

import rego.v1

deny contains {"msg": "Bad.", "id": "X-1", "remediation": "Mend it."} if input.variables.bad
"""
_TEST = """package main_test

import rego.v1

test_bad if count(data.main.deny) == 1 with input as {"variables": {"bad": true}}
"""
_CASES = """version: 1
cases:
  - why: nobody
    event: {name: schedule, payload: {schedule: 24h}}
    pipelines: {}
"""


def _few(top):
    """A controller that a person has cut down to little, so that its tests take a moment."""
    for folder in ("policies", "tests/specs"):
        shutil.rmtree(top / folder)
        (top / folder).mkdir()
    (top / "policies/main.rego").write_text(_POLICY)
    (top / "policies/main_test.rego").write_text(_TEST)
    (top / "tests/specs/one.yaml").write_text(_CASES)


def test_an_update_replaces_what_nobody_has_changed(here, new, capsys):
    top = new
    _few(top)
    readme = top / "README.md"
    readme.write_text("mine\n")
    before = there(top)
    assert init("new", "--reviewers", "eve", "--update") == ExitCode.DONE, capsys.readouterr().err
    after = there(top)
    assert yaml.safe_load(after["approvers-config.yaml"])["groups"]["reviewers"] == {"users": ["eve"]}
    assert yaml.safe_load(after[FILE])["reviewers"] == ["eve"]
    assert {path for path in after if after[path] != before.get(path)} == {
        "approvers-config.yaml", FILE, ".engine/vendored.json"
    }  # fmt: skip
    assert readme.read_text() == "mine\n"
    assert init("new") == ExitCode.DONE, "and now nothing is newer"


def test_an_update_that_does_not_hold_writes_nothing(here, new, capsys):
    _few(new)
    with open(new / "tests/specs/one.yaml", "a") as file:
        file.write("  - why: wrong\n    event: {name: schedule, payload: {schedule: 10m}}\n    pipelines: {}\n")
    before = there(new)
    assert init("new", "--reviewers", "eve", "--update") == ExitCode.NEGATIVE
    assert "ENG936" in capsys.readouterr().err
    assert there(new) == before


def test_nobody_is_asked_without_a_terminal(here, capsys):
    assert init("new", *flags(accounts=None, ciso=None)) == ExitCode.CONFIG
    assert "ENG930 nobody is there to be asked for accounts, ciso" in capsys.readouterr().err
    assert os.listdir(here) == []


def test_somebody_at_a_terminal_is_asked_for_the_rest(here):
    us, them = pty.openpty()
    words = [sys.executable, "-m", "engine.cli.main", "init", "controller", "new", *flags(accounts=None, ciso=None)]
    with subprocess.Popen(words, stdin=them, stderr=them, stdout=subprocess.PIPE, cwd=here) as child:
        os.close(them)
        os.write(us, b"\n444444444444\n555555555555\n666666666666\nzoe, @beta/board\n")
        assert child.wait(120) == ExitCode.DONE
    os.close(us)
    said = yaml.safe_load((here / f"new/{FILE}").read_text())
    assert (said["region"], said["ciso"], said["accounts"]["staging"]) == (
        "us-east-1",
        ["zoe", "beta/board"],
        "555555555555",
    )


@pytest.mark.parametrize("name", ["README.md", ".hidden", "folder/"])
def test_a_directory_that_is_not_empty(here, capsys, name):
    (here / "new").mkdir()
    (here / "new" / name).mkdir() if name.endswith("/") else (here / "new" / name).write_text("theirs")
    assert init("new", *flags()) == ExitCode.CONFIG
    assert "ENG931" in capsys.readouterr().err
    assert not (here / "new-keys").exists(), "nor is a key made"


def test_a_clone_of_an_empty_repository_is_a_place(here):
    subprocess.run(["git", "init", "-q", "new"], check=True)
    assert init("new", *flags()) == ExitCode.DONE
    status = subprocess.run(["git", "-C", "new", "status", "--porcelain"], capture_output=True, text=True, check=True)
    assert all(line.startswith("??") for line in status.stdout.splitlines()), "nothing is committed or staged"


def test_without_git_on_the_machine(here, new, monkeypatch, capsys):
    rules = new / "approvers-config.yaml"
    rules.write_text(rules.read_text() + "# mine\n")
    (new / ".git").mkdir()
    monkeypatch.setenv("PATH", str(here / "nothing"))
    assert init("new", "--reviewers", "eve") == ExitCode.NEGATIVE
    assert "--- yours/approvers-config.yaml\n+++ engine/" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["new/keys", "repo/keys", "new"])
def test_private_keys_lie_in_no_repository(here, capsys, where):
    subprocess.run(["git", "init", "-q", "repo"], check=True)
    assert init("new", *flags("--keys", where)) == ExitCode.CONFIG
    assert "ENG935" in capsys.readouterr().err
    assert list(here.rglob("*.pem")) == []


def test_a_controller_is_no_source(here, new, capsys):
    before = there(new)
    wanted = flags(accounts=None, security=None, ciso=None, special_approvers=None)
    assert init("new", *wanted, "--update", kind="source") == ExitCode.CONFIG
    assert "ENG938 what is there is a controller" in capsys.readouterr().err
    assert there(new) == before, "none of the rules is taken for one that is not written any more"


def test_one_at_a_time(here, new, capsys, monkeypatch):
    monkeypatch.setattr(files, "ENDED_S", 0)
    with alone(str(new)):
        assert init("new", "--reviewers", "eve", "--update") == ExitCode.STALE
    assert "ENG939" in capsys.readouterr().err


def test_an_update_of_nothing(here, capsys):
    assert init("new", *flags("--update")) == ExitCode.CONFIG
    assert "ENG937" in capsys.readouterr().err


def a_wheel(folder, name=NAME):
    with zipfile.ZipFile(folder / name, "w") as wheel:
        wheel.writestr("engine/__init__.py", "")
    return str(folder / name)


def test_the_engine_itself_lies_beside_the_workflows(here, new, capsys):
    _few(new)
    older = new / ".github/engine/wheels/interlock_engine-0.0.1-py3-none-any.whl"
    older.parent.mkdir()
    older.write_text("")
    wheel, before = a_wheel(here), there(new)
    assert init("new", "--wheel", wheel) == ExitCode.NEGATIVE
    assert f".github/engine/wheels/{NAME}: newer" in capsys.readouterr().out
    assert there(new) == before
    assert init("new", "--wheel", wheel, "--update") == ExitCode.DONE, capsys.readouterr().err
    digest = hashlib.sha256(Path(wheel).read_bytes()).hexdigest()
    assert (new / ".github/engine/engine.lock").read_text().endswith(f" --hash=sha256:{digest}\n")
    assert [file.name for file in older.parent.iterdir()] == [NAME]
    assert init("new", "--wheel", wheel) == init("new") == ExitCode.DONE, "and now nothing is newer"


@pytest.mark.parametrize(
    ("kind", "name", "why"),
    [
        ("controller", "interlock_engine-9.0.0-py3-none-any.whl", "the wheel of this engine is called"),
        ("controller", "another.whl", "the wheel of this engine is called"),
        ("source", NAME, "no job of a source installs the engine"),
    ],
)
def test_what_is_no_wheel_of_this_engine_is_not_taken(here, capsys, kind, name, why):
    assert init("new", *flags("--wheel", a_wheel(here, name)), kind=kind) == ExitCode.CONFIG
    assert why in capsys.readouterr().err
    assert os.listdir(here) == [name]


def test_a_wheel_that_is_none(here, capsys):
    (here / NAME).write_text("not found")
    assert init("new", *flags("--wheel", str(here / NAME))) == ExitCode.CONFIG
    assert "it is no wheel" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("no JSON", "{"),
        ("of nothing", "{}"),
        ("a path that leads out", {"../outside": {"digest": "sha256:" + "0" * 64, "blob": "0" * 40}}),
        ("a path of git's", {".git/config": {"digest": "sha256:" + "0" * 64, "blob": "0" * 40}}),
        ("a path from the top", {"/etc/passwd": {"digest": "sha256:" + "0" * 64, "blob": "0" * 40}}),
        ("a digest that is none", {"README.md": {"digest": "x", "blob": "0" * 40}}),
        ("a name that is an option", {"README.md": {"digest": "sha256:" + "0" * 64, "blob": "--help"}}),
    ],
)
def test_an_edited_list_of_what_was_written(here, new, capsys, why, said):
    file = new / ".engine/vendored.json"
    file.write_text(
        said
        if isinstance(said, str)
        else json.dumps({"version": 1, "kind": "controller", "engine": "1", "files": said})
    )
    before = there(here)
    for words in ((), ("--update",)):
        assert init("new", *words) == ExitCode.CONFIG, why
        assert "ENG933" in capsys.readouterr().err, why
    assert there(here) == before


@pytest.mark.parametrize("path", ["README.md", "specs", ".engine/vendored.json", ".engine"])
def test_links_are_not_followed(here, new, capsys, path):
    place, moved = new / path, here / "moved"
    place.rename(moved)
    place.symlink_to(moved)
    before = there(moved) if moved.is_dir() else moved.read_bytes()
    assert init("new", "--reviewers", "eve", "--update") == ExitCode.CONFIG
    assert "ENG934" in capsys.readouterr().err
    assert (there(moved) if moved.is_dir() else moved.read_bytes()) == before


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("source", "acme/x; rm -rf /"),
        ("source", "acme/x\n"),
        ("source", "acme/$(id)"),
        ("source", "acme/${{ github.token }}"),
        ("source", "acme/.."),
        ("source", "-acme/x"),
        ("source", "acme--x/y"),
        ("source", "acme/x/y"),
        ("source", "acme/x.git"),
        ("source", "acmé/x"),
        ("source", CONTROLLER.upper()),
        ("controller", 'acme/"x"'),
        ("reviewers", ["ann bob"]),
        ("reviewers", ["ann}, security: {users: [eve]"]),
        ("reviewers", ["acme/x y"]),
        ("reviewers", [""]),
        ("security", ["*"]),
        ("region", "us-east-1, account: x"),
        ("accounts", ["development=1"]),
        ("accounts", ["development=444444444444", "staging=555555555555", "qa=1"]),
    ],
)
def test_names_that_github_and_aws_do_not_have(here, capsys, key, value):
    assert init("new", *flags(**{key: value})) == ExitCode.CONFIG
    assert capsys.readouterr().err.count("ENG") >= 1
    assert os.listdir(here) == []


@pytest.mark.parametrize(
    "text", ["version: 1\nsource: [x]\n", "version: 2\n", "version: 1\nsorce: a/b\n", "a: &a [*a]\n", ""]
)
def test_a_file_of_answers_that_is_not_right_says_where(here, capsys, text):
    (here / "said.yaml").write_text(text)
    assert init("new", "--from", "said.yaml") == ExitCode.CONFIG
    assert "said.yaml:" in capsys.readouterr().err
    assert os.listdir(here) == ["said.yaml"]


def test_keys_that_a_killed_run_has_made_are_used(here):
    init("new", *flags())
    trusted = (here / "new/trusted-keys.yaml").read_text()
    shutil.rmtree("new")
    assert init("new", *flags()) == ExitCode.DONE
    ids = [
        {key.id for key in load_trusted_keys(text.encode()).values()}
        for text in (trusted, (here / "new/trusted-keys.yaml").read_text())
    ]
    assert ids[0] == ids[1]
    assert SOURCE in (here / "new/deployment-rules.yaml").read_text()
