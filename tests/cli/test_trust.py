"""`engine keys add | revoke | rotate`: the file of trusted keys changes by what was asked, and by nothing else."""

import io
import json
import os
import stat
import subprocess
import sys
from argparse import Namespace
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.adapters.keys import load_signer, new_key
from engine.cli import trust
from engine.cli.console import Console
from engine.cli.main import main
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import entry, load_trusted_keys

EXPIRES = "2099-01-01T00:00:00Z"


@pytest.fixture
def keys(tmp_path, monkeypatch, capsys):
    """Run `engine keys`: exit code, what it prints, what it says."""
    monkeypatch.chdir(tmp_path)

    def run(*words, given=""):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        code = main(["keys", *words])
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


@pytest.fixture
def file(keys, tmp_path):
    """A file with two keys, `first` and `second`, with comments and spaces of somebody's own."""
    texts = [
        keys("new", "--out", f"{name}.pem", "--name", name, "--expires", EXPIRES)[1] for name in ("first", "second")
    ]
    rows = [text.split("keys:\n")[1].rstrip("\n") for text in texts]
    text = f"# whose signatures count\nversion: 1\n\nkeys:\n{rows[0]}  # Ann's\n\n  # the second one\n{rows[1]}\n"
    text += "    comment: of Bob\n\n"
    (tmp_path / "trusted.yaml").write_text(text)
    return tmp_path / "trusted.yaml"


def by_name(file: Path):
    return {key.name: key for key in load_trusted_keys(file.read_bytes()).values()}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def test_a_key_is_added_and_every_other_line_stays(keys, file):
    before = file.read_text()
    entry = keys("new", "--out", "third.pem")[1]
    code, out, _ = keys("add", "-", "--keys", "trusted.yaml", "--name", "third", "--purpose", "audit", given=entry)
    assert (code, "is trusted for audit until" in out) == (0, True)
    assert by_name(file)["third"].id == load_signer(Path("third.pem").read_bytes()).id
    assert [line for line in lines(file.read_text()) if line in lines(before)] == lines(before)
    assert len(lines(file.read_text())) == len(lines(before)) + 5


def test_a_revoked_key_keeps_its_entry(keys, file):
    before = lines(file.read_text())
    assert keys("revoke", "first", "--keys", "trusted.yaml", "--reason", 'lost: "x" # y')[0] == 0
    after = lines(file.read_text())
    assert [line for line in after if line not in before][1:] == ['    reason: "lost: \\"x\\" # y"']
    assert [line for line in after if line in before] == before
    assert (by_name(file)["first"].revoked is None, by_name(file)["second"].revoked) == (False, None)


def test_a_rotated_key_counts_on_and_then_ends(keys, file):
    before = by_name(file)
    assert keys("rotate", "second", "--out", "new.pem", "--until", "2098-01-01", "--keys", "trusted.yaml")[0] == 0
    found = by_name(file)
    assert found["second"].expires == "2098-01-01T00:00:00Z"
    assert found["second-2"].id == load_signer(Path("new.pem").read_bytes()).id
    assert found["second-2"].purposes == before["second"].purposes
    assert found["first"] == before["first"]
    assert "comment: of Bob" in file.read_text()
    keys("rotate", "second-2", "--out", "newer.pem", "--keys", "trusted.yaml")
    assert by_name(file).keys() == {"first", "second", "second-2", "second-3"}


def test_an_end_that_is_near_is_not_put_off(keys, file):
    keys("rotate", "second", "--out", "new.pem", "--until", "2100-01-01", "--keys", "trusted.yaml")
    assert by_name(file)["second"].expires == EXPIRES


def test_the_first_key_begins_a_file(keys, tmp_path):
    entry = keys("new", "--out", "a.pem")[1]
    assert keys("add", "-", "--keys", "new.yaml", "--name", "a", given=entry)[0] == 0
    assert list(by_name(tmp_path / "new.yaml")) == ["a"]
    assert (tmp_path / "new.yaml").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("why", "words", "code", "said"),
    [
        ("nobody says which file", ["revoke", "first", "--reason", "x"], 2, "ENG010"),
        ("there is no such file", ["revoke", "first", "--reason", "x", "--keys", "no.yaml"], 2, "ENG751"),
        ("there is no such key", ["revoke", "frist", "--reason", "x", "--keys", "t"], 2, "did you mean `first`?"),
        ("it is trusted already", ["add", "first.yaml", "--keys", "t"], 2, "ENG752"),
        ("its name is taken", ["add", "other.yaml", "--name", "first", "--keys", "t"], 2, "ENG752"),
        ("a private key is handed over", ["add", "first.pem", "--keys", "t"], 2, "ENG755"),
        ("what is handed over is no key", ["add", "t.txt", "--keys", "t"], 2, "ENG755"),
        (
            "the new private key would replace one",
            ["rotate", "first", "--out", "first.pem", "--keys", "t"],
            2,
            "ENG284",
        ),
        ("the end is no time", ["rotate", "first", "--out", "n.pem", "--until", "soon", "--keys", "t"], 2, "ENG285"),
        ("no such name can be", ["add", "other.yaml", "--name", "A b", "--keys", "t"], 2, "ENG750"),
        (
            "the name of the new one is taken",
            ["rotate", "first", "--out", "n.pem", "--name", "second", "--keys", "t"],
            2,
            "ENG752",
        ),
        ("nobody says why", ["revoke", "first", "--keys", "t"], 2, "--reason"),
        ("a key that the file does not have", ["revoke", "third", "--reason", "x", "--keys", "t"], 2, "ENG753"),
    ],
)
def test_what_is_refused_changes_nothing(why, words, code, said, keys, file):
    Path("other.yaml").write_text(keys("new", "--out", "other.pem")[1])
    Path("first.yaml").write_text(file.read_text().split("\n\n  # the")[0])
    Path("t.txt").write_text("hello\n")
    os.rename("trusted.yaml", "t")
    before, private = Path("t").read_text(), Path("first.pem").read_bytes()
    found, out, err = keys(*words)
    assert (found, said in err, out) == (code, True, ""), (why, err)
    assert (Path("t").read_text(), Path("first.pem").read_bytes(), Path("n.pem").exists()) == (before, private, False)


def test_what_is_revoked_is_so_once(keys, file):
    words = ["revoke", "first", "--reason", "x", "--keys", "trusted.yaml"]
    assert (keys(*words)[0], keys(*words)[0]) == (0, 1)
    code, _, err = keys("rotate", "first", "--out", "n.pem", "--keys", "trusted.yaml")
    assert (code, "ENG757" in err) == (1, True)
    assert not Path("n.pem").exists(), "no key is made for one that nobody believes"


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("the keys stand in one line", "keys: [{id: %(id)s, name: a, public: %(public)s, ALL}]\n"),
        ("a key stands over two lines", "keys:\n  - {id: %(id)s, name: a,\n     public: %(public)s, ALL}\n"),
    ],
)
def test_a_file_that_would_break_is_refused(why, text, keys, tmp_path):
    made = json.loads(keys("new", "--out", "a.pem", "--json")[1])
    rest = "purposes: [audit], expires: 2099-01-01T00:00:00Z"
    (tmp_path / "t").write_text("version: 1\n" + text.replace("ALL", rest) % made)
    before = (tmp_path / "t").read_text()
    code, _, err = keys("revoke", "a", "--reason", "x", "--keys", "t")
    assert (code, "ENG754" in err, (tmp_path / "t").read_text()) == (2, True, before), why


@pytest.mark.parametrize(
    ("why", "before", "after"),
    [
        ("the version stands last", "keys:\n- ROW\nversion: 1\n", 2),
        ("no new line at the end", "version: 1\nkeys:\n    - ROW", 2),
        ("a comment stands last", "version: 1\nkeys:\n  - ROW\n# the end\n", 2),
    ],
)
def test_ways_to_write_the_file(why, before, after, keys, tmp_path):
    row = keys("new", "--out", "a.pem")[1].split("  - ")[1].rstrip("\n")
    indent = " " * (before.index("- ROW") - before.rindex("\n", 0, before.index("- ROW")) - 1)
    (tmp_path / "t").write_text(before.replace("ROW", row.replace("\n    ", f"\n{indent}  ")))
    entry = keys("new", "--out", "b.pem")[1]
    assert keys("add", "-", "--keys", "t", "--name", "b", given=entry)[0] == 0, why
    assert len(load_trusted_keys((tmp_path / "t").read_bytes())) == after


def test_a_private_key_is_not_put_into_a_repository(keys, tmp_path, file):
    (tmp_path / "clone" / ".git").mkdir(parents=True)
    (tmp_path / "clone" / "deep").mkdir()
    for words in (
        ["new", "--out", "clone/deep/a.pem"],
        ["backup", "--out", "clone/a.pem"],
        ["rotate", "first", "--out", "clone/a.pem", "--keys", "trusted.yaml"],
    ):
        code, _, err = keys(*words)
        assert (code, "ENG756" in err) == (4, True)
    assert not list((tmp_path / "clone").rglob("*.pem"))
    assert by_name(file).keys() == {"first", "second"}


def test_private_halves_are_private_and_nowhere_else(keys, file):
    code, out, err = keys("rotate", "first", "--out", "n.pem", "--keys", "trusted.yaml")
    secret = [line for line in Path("n.pem").read_text().splitlines() if "KEY" not in line]
    assert (code, stat.S_IMODE(os.stat("n.pem").st_mode)) == (0, 0o600)
    assert secret
    assert not any(line in out + err + file.read_text() for line in secret)


def test_what_new_prints_can_be_appended(tmp_path):
    """As in a shell: `>` begins the file, `>>` goes on with it."""
    program = (
        "import sys; from engine.cli.main import main; sys.exit(main(['keys', 'new', '-q', '--out', sys.argv[1]]))"
    )
    for name, mode in (("a", "wb"), ("b", "ab")):
        with (tmp_path / "t").open(mode) as out:
            subprocess.run([sys.executable, "-c", program, str(tmp_path / name)], stdout=out, check=True, timeout=60)
    assert len(load_trusted_keys((tmp_path / "t").read_bytes())) == 2


def test_of_keys_that_are_added_at_once_none_is_lost(tmp_path):
    """Each reads the file only when nobody else is about to write it."""
    file, eight = tmp_path / "trusted.yaml", range(8)
    for one in eight:
        signer = new_key(str(tmp_path / f"{one}.pem"))
        key = TrustedKey(signer.id, signer.public, ("verdict",), EXPIRES, None, f"key-{one}")
        (tmp_path / f"{one}.yaml").write_text(entry(key))

    def add(one: int) -> int:
        words = {"keys": str(file), "entry": str(tmp_path / f"{one}.yaml"), "json": True, "query": None}
        return trust.add(Namespace(**words, purpose=None, called=None, expires=None), Console())

    with ThreadPoolExecutor(len(eight)) as pool:
        assert set(pool.map(add, eight)) == {0}
    assert by_name(file).keys() == {f"key-{one}" for one in eight}


def test_a_name_stands_for_one_key(file):
    text = file.read_text().replace("name: second", "name: first")
    with pytest.raises(Exception, match="ENG061"):
        load_trusted_keys(text.encode())
