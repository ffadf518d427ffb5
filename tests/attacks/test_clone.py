"""Attacks by the clone: it commands nobody, cannot lie about what was committed, and cannot be too large to look at."""

import os
import re
import resource
import shutil
import subprocess

import pytest

from engine.adapters import process
from engine.adapters.git import commits, objects, trees
from engine.adapters.git.repository import Person
from engine.adapters.session import Session
from engine.errors import EngineError
from tests.support import forged
from tests.support.git import Clone
from tests.support.machine import good

# What a clone is asked for, as data: its origin, how its objects are named, how its refs are kept.
DATA = {"remote.<name>.url", "extensions.objectformat", "extensions.refstorage"}

ANN = ("Ann", "ann@example.com")


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path / "source")
    made.commit({"S3/a/a.tfvars": "a = 1\n", "S3/old.tfvars": "".join(f"line {i}\n" for i in range(30))}, "base")
    made.branch("feature")
    made.commit({"S3/a/a.tfvars": "a = 2\n"}, "one\n\nCo-authored-by: Eve <eve@example.com>\n")
    os.rename(f"{made.directory}/S3/old.tfvars", f"{made.directory}/S3/new.tfvars")
    made.commit({"S3/new.tfvars": "first\n" + "".join(f"line {i}\n" for i in range(30))}, "two")
    made.commit({"S3/new.tfvars": "First\n" + "".join(f"line {i}\n" for i in range(30))}, "three")
    return made


def seen(clone):
    """Everything that is ever asked of a clone."""
    repository = clone.open()
    found = repository.range("dev", "feature")
    tree = repository.tree("feature")
    blobs = repository.blobs({e.id for c in found.changes for e in (c.old, c.new) if e})
    return found, {path: dict(directory) for path, directory in tree.items()}, blobs


def code(call, *arguments):
    with pytest.raises(EngineError) as caught:
        call(*arguments)
    return caught.value.problems[0].code


@pytest.fixture
def trap(tmp_path):
    """A program that tells when it was started."""
    file = tmp_path / "trap"
    file.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    file.chmod(0o755)
    return file


def signed(clone):
    """Sign the last commit, with nonsense."""
    text = forged.read(clone, "feature")
    head, _, message = text.partition(b"\n\n")
    signature = b"\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    clone.git("update-ref", "refs/heads/feature", forged.raw(clone, "commit", head + signature + b"\n\n" + message))


@pytest.mark.parametrize("value", ["TRAP", "true", "0", "all", "*"])
def test_no_setting_of_a_clone_is_obeyed(clone, trap, tmp_path, value):
    signed(clone)
    honest = seen(clone)
    known = subprocess.run(["git", "help", "--config"], check=True, capture_output=True, text=True).stdout.split("\n")
    keys = [k for k in known if re.fullmatch(r"[a-z].*\.[a-z][a-z0-9-]*(<\w+>)?", k, re.IGNORECASE)]  # `_` is no key
    assert len(keys) > 500
    for key in keys:
        if key.lower() in DATA:
            continue
        section, *middle, last = re.sub(r"<[^>]*>|\*", "x", key).split(".")
        head = f'[{section} "{".".join(middle)}"]' if middle else f"[{section}]"
        with open(f"{clone.directory}/.git/config", "a") as file:
            file.write(f'{head}\n\t{last} = "{value.replace("TRAP", str(trap))}"\n')
    assert seen(clone) == honest
    assert not (tmp_path / "sprung").exists()


def hooks(clone, trap):
    os.makedirs(f"{clone.directory}/.git/hooks", exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "fsmonitor-watchman", "post-index-change"):
        shutil.copy(trap, f"{clone.directory}/.git/hooks/{name}")


def grafts(clone, trap):
    os.makedirs(f"{clone.directory}/.git/info", exist_ok=True)
    with open(f"{clone.directory}/.git/info/grafts", "w") as file:
        file.write(f"{clone.git('rev-parse', 'feature')} {clone.git('rev-parse', 'dev')}\n")


def replaced(clone, trap):
    clone.git("replace", clone.git("rev-parse", "feature:S3/a/a.tfvars"), clone.git("rev-parse", "dev:S3/a/a.tfvars"))
    clone.git("replace", "--graft", "feature", "dev")


def attributes(clone, trap):
    os.makedirs(f"{clone.directory}/.git/info", exist_ok=True)
    with open(f"{clone.directory}/.git/info/attributes", "w") as file:
        file.write("* -diff filter=x diff=x merge=x working-tree-encoding=UTF-16 export-ignore\n")
    clone.git("config", "filter.x.smudge", str(trap))
    clone.git("config", "diff.x.textconv", str(trap))


def commit_graph(clone, trap):
    """One in which the second commit has the base as its parent, not Eve's: written while an object said so."""
    second, first, base = (clone.git("rev-parse", name) for name in ("feature~1", "feature~2", "dev"))
    truth = forged.read(clone, second)
    forged.lie(clone, second, "commit", truth.replace(first.encode(), base.encode()))
    clone.git("commit-graph", "write", "--reachable")
    forged.lie(clone, second, "commit", truth)
    assert clone.git("rev-list", "--count", "dev..feature") == "2"  # git believes it


def pack_index(clone, trap):
    clone.git("repack", "-adq")
    clone.git("multi-pack-index", "write")
    file = f"{clone.directory}/.git/objects/pack/multi-pack-index"
    os.chmod(file, 0o600)
    with open(file, "r+b") as stream:
        data = stream.read().replace(bytes.fromhex(clone.git("rev-parse", "feature:S3/new.tfvars")), b"\xff" * 20)
        stream.seek(0)
        stream.write(data)


def shallow(clone, trap):
    with open(f"{clone.directory}/.git/shallow", "w") as file:
        file.write(f"{clone.git('rev-parse', 'feature')}\n")


def mailmap(clone, trap):
    clone.write({".mailmap": "Bob <bob@example.com> <eve@example.com>\n", ".gitattributes": "* -diff filter=x\n"})


@pytest.mark.parametrize(
    "means", [hooks, grafts, replaced, attributes, commit_graph, pack_index, shallow, mailmap], ids=lambda m: m.__name__
)
def test_nothing_beside_the_objects_of_a_clone_is_believed(clone, trap, tmp_path, means):
    honest = seen(clone)
    means(clone, trap)
    (tmp_path / "sprung").unlink(missing_ok=True)  # git itself may have started it meanwhile
    assert seen(clone) == honest
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    ("why", "name", "other"),
    [
        ("a file's content", "feature:S3/a/a.tfvars", "dev:S3/a/a.tfvars"),
        ("the base's, so that a move is none", "dev:S3/a/a.tfvars", "feature:S3/a/a.tfvars"),
        ("a directory", "feature:S3/a", "dev:S3/a"),
        ("the top", "feature^{tree}", "dev^{tree}"),
        ("the head", "feature", "feature~1"),
        ("an author in between", "feature~1", "dev"),
        ("the base", "dev", "feature"),
        ("another kind of object", "feature:S3/a/a.tfvars", "dev^{tree}"),
    ],
)
def test_an_object_under_the_name_of_another(clone, why, name, other):
    victim, liar = (clone.git("rev-parse", n) for n in (name, other))
    forged.lie(clone, victim, clone.git("cat-file", "-t", liar), forged.read(clone, liar))
    with pytest.raises(EngineError, match=f"ENG360 object {victim} cannot be believed"):
        seen(clone)


def test_a_lie_about_the_parents_of_what_is_old_hides_nobody(clone):
    """The base's first commit claims to descend from the change: then nothing would lie between them."""
    base, head = clone.git("rev-parse", "dev"), clone.git("rev-parse", "feature")
    text = forged.read(clone, base)
    forged.lie(clone, base, "commit", text.replace(b"\nauthor", f"\nparent {head}\nauthor".encode(), 1))
    assert code(clone.open().range, "dev", "feature") == "ENG360"


BLOB = "the blob"


@pytest.mark.parametrize(
    ("why", "rows"),
    [
        ("a path for a name", [("100644", "S3/b.tfvars", BLOB)]),
        ("a name twice, of which one would be looked at", [("100644", "a.md", BLOB), ("100755", "a.md", BLOB)]),
    ],
)
def test_a_tree_that_git_would_not_make(clone, why, rows):
    blob = clone.git("rev-parse", "dev:S3/a/a.tfvars")
    files = forged.tree(clone, [(mode, name, blob) for mode, name, _ in rows])
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, files, [clone.git("rev-parse", "dev")]))
    assert code(clone.open().range, "dev", "feature") == "ENG360", why
    assert code(clone.open().tree, "feature") == "ENG360", why


@pytest.mark.parametrize("data", [b"", b"garbage", b"100644 a", b"100644 a\0" + b"1" * 19, b"40000 \0" + b"1" * 20])
def test_a_tree_that_is_none(clone, data):
    files = forged.tree(clone, [("40000", "S3", forged.raw(clone, "tree", data))])
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, files, [clone.git("rev-parse", "dev")]))
    if data:
        assert code(clone.open().range, "dev", "feature") == "ENG360"
    else:
        assert {c.new for c in clone.open().range("dev", "feature").changes} == {None}


def bomb(clone, width=10, depth=7, of="file"):
    blob = clone.git("rev-parse", "dev:S3/a/a.tfvars")
    row = forged.tree(clone, [("100644", f"f{i}.md", blob) for i in range(width if of == "file" else 0)])
    for _ in range(depth):
        row = forged.tree(clone, [("40000", f"d{i}", row) for i in range(width)])
    top = forged.tree(clone, [("40000", "S3", row)])
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, top, [clone.git("rev-parse", "dev")]))


@pytest.mark.parametrize(
    ("why", "shape"),
    [
        ("ten million files in nine objects", {}),
        ("as many directories and not one file", {"of": "directory"}),
        ("one directory in another, without end", {"width": 1, "depth": 200}),
    ],
)
def test_a_change_that_stands_for_millions_of_files(clone, why, shape):
    bomb(clone, **shape)
    repository = clone.open()
    assert code(repository.range, "dev", "feature") == "ENG363", why
    assert code(clone.open().tree, "feature") == "ENG363", why


def test_the_caps_count_what_they_say(clone, monkeypatch):
    for n, (cap, module) in enumerate((("CHANGES", trees), ("ENTRIES", trees), ("DEPTH", trees), ("AT_MOST", commits))):
        with monkeypatch.context() as patch:
            patch.setattr(module, cap, 1)
            assert code(clone.open().range, "dev", "feature") == "ENG363", n
    seen(clone)
    found = clone.open().range("dev", "feature")
    with monkeypatch.context() as patch:
        patch.setattr(commits, "AT_MOST", len(found.commits) + 1)
        patch.setattr(trees, "DEPTH", 3)
        assert clone.open().range("dev", "feature") == found


def test_co_authors_are_counted_over_the_whole_change(clone, monkeypatch):
    for person in "abc":
        clone.commit({person: ""}, f"{person}\n\nCo-authored-by: {person} <{person}@x>\nco-authored-by: <z@x>")
    monkeypatch.setattr(commits, "PEOPLE", 6)
    assert len(clone.open().range("feature~3", "feature").commits) == 3
    for cap in ("PEOPLE", "_SEEN"):
        with monkeypatch.context() as patch:
            patch.setattr(commits, cap, 5)
            assert code(clone.open().range, "feature~3", "feature") == "ENG363", cap


def test_git_is_asked_for_no_more_than_it_can_take_at_once(clone, monkeypatch):
    clone.commit({f"S3/{n}.tfvars": str(n) for n in range(1500)})
    asked: list[int] = []
    ask = Session.ask

    def counted(self: Session, question: bytes) -> None:
        asked.append(question.count(b"contents "))
        ask(self, question)

    monkeypatch.setattr(Session, "ask", counted)
    repository = clone.open()
    ids = [change.new.id for change in repository.range("feature~1", "feature").changes]
    assert len(repository.blobs(ids).read) == 1500
    assert max(asked) == objects._QUESTION
    assert objects._QUESTION * len("contents \n" + 64 * "0") < 65536  # what a pipe holds


def test_a_file_of_a_gigabyte_is_refused_by_its_size(clone, monkeypatch):
    large = clone.commit({"S3/large.tfvars": b"x" * (objects.LARGEST["blob"] + 1)})
    read: list[int] = []
    take = Session.take

    def counted(self: Session, size: int) -> bytes:
        read.append(size)
        return take(self, size)

    monkeypatch.setattr(Session, "take", counted)
    repository = clone.open()
    [change] = repository.range(f"{large}~1", "feature").changes
    blobs = repository.blobs([change.new.id])
    assert (blobs.read, blobs.oversized) == ({}, {change.new.id: objects.LARGEST["blob"] + 1})
    assert max(read) < 1000


def test_a_commit_or_a_directory_without_end(clone):
    base = clone.git("rev-parse", "dev")
    files = clone.git("rev-parse", "dev^{tree}")
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, files, [base], message=b"x" * 2**20))
    assert code(clone.open().range, "dev", "feature") == "ENG363"
    row = b"100644 %06d\0" + b"1" * 20
    wide = forged.raw(clone, "tree", b"".join(row % n for n in range(510_000)))
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, wide, [base]))
    assert code(clone.open().range, "dev", "feature") == "ENG363"


@pytest.mark.parametrize(
    ("why", "text", "co_authors"),
    [
        ("as GitHub writes it", b"\n\nCo-authored-by: Eve <eve@x>\n", [("Eve", "eve@x")]),
        ("in any case", b"\n\ncO-AUTHORED-bY: Eve <eve@x>\n", [("Eve", "eve@x")]),
        ("in the middle of the text", b"\nCo-authored-by: Eve <eve@x>\n\nmore text\n", [("Eve", "eve@x")]),
        ("in the first line", b"Co-authored-by: Eve <eve@x>", [("Eve", "eve@x")]),
        ("behind a line end that is none for git", b"\n\nx\rCo-authored-by: Eve <eve@x>", [("Eve", "eve@x")]),
        ("with blanks around", b"\n\n  Co-authored-by :Eve <eve@x>  \n", [("Eve", "eve@x")]),
        ("of nobody", b"\n\nCo-authored-by: somebody\n", [("", "")]),
        ("of nothing", b"\n\nCo-authored-by:\n", [("", "")]),
        ("250,000 blanks", b"\n\nCo-authored-by: a" + b" " * 250_000 + b"b\n", [("", "")]),
        ("250,000 brackets", b"\n\nCo-authored-by: a" + b"<" * 250_000 + b"b\n", [("", "")]),
        ("behind 500,000 lines", b"\n" * 500_000 + b"Co-authored-by: Eve <eve@x>\n", [("Eve", "eve@x")]),
        ("twice in a line", b"\n\nCo-authored-by: Co-authored-by: Eve <eve@x>\n", [("Co-authored-by: Eve", "eve@x")]),
        ("separators in a name", b"\n\nCo-authored-by: A\x1fB\x1e <eve@x>\n", [("A\x1fB\x1e", "eve@x")]),
        ("another encoding", b"\n\nCo-authored-by: J\xf6rg <j\xff@x>\n", [("J\\xf6rg", "j\\xff@x")]),
        ("quoted", b"\n\n> Co-authored-by: Eve <eve@x>\n", []),
        ("only spoken of", b"\n\nNo Co-authored-by: here\n", []),
    ],
)
def test_whom_a_commit_names_beside_its_author(clone, why, text, co_authors):
    base, files = clone.git("rev-parse", "dev"), clone.git("rev-parse", "feature^{tree}")
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, files, [base], message=text))
    [commit] = clone.open().range("dev", "feature").commits
    assert [tuple(person) for person in commit.co_authors] == co_authors, why


@pytest.mark.parametrize(
    ("why", "parts", "author", "others"),
    [
        ("separators", {"author": b"A\x1fB\x1e <a@x> 1 +0000"}, ("A\x1fB\x1e", "a@x"), []),
        ("no address", {"author": b"A 1 +0000"}, ("", ""), []),
        ("not UTF-8", {"author": b"\xc4\xff <a\xff@x> 1 +0000"}, ("\\xc4\\xff", "a\\xff@x"), []),
        ("a second author", {"headers": b"author Eve <eve@x> 1 +0000\n"}, ANN, [("Eve", "eve@x")]),
        ("a date beyond all bounds", {"committer": b"A <a@x> " + b"9" * 400 + b" +0000"}, ANN, []),
        ("no date", {"committer": b"A <a@x>"}, ANN, []),
    ],
)
def test_odd_people_are_no_crash(clone, why, parts, author, others):
    base, files = clone.git("rev-parse", "dev"), clone.git("rev-parse", "feature^{tree}")
    clone.git("update-ref", "refs/heads/feature", forged.commit(clone, files, [base], **parts))
    [commit] = clone.open().range("dev", "feature").commits
    assert commit.author == Person(*author), why
    assert list(commit.co_authors) == [Person(*other) for other in others], why


@pytest.mark.parametrize("data", [b"", b"garbage\n\n", b"author A <a@x> 1 +0000\n\nx", b"tree " + b"1" * 39 + b"\n\n"])
def test_a_commit_that_is_none(clone, data):
    clone.git("update-ref", "refs/heads/other", "dev")
    with open(f"{clone.directory}/.git/refs/heads/other", "w") as file:
        file.write(forged.raw(clone, "commit", data) + "\n")
    assert code(clone.open().range, "dev", "other") == "ENG360"


@pytest.mark.parametrize("at", ["S3/sub", "S3/data-lake/sub"])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_submodule_that_the_clone_wants_ignored(clone, at, is_new):
    clone.git("checkout", "-q", "dev")
    head = clone.git("rev-parse", "HEAD")
    clone.write({".gitmodules": f'[submodule "x"]\n\tpath = {at}\n\turl = ./x\n\tignore = all\n'})
    clone.git("add", ".gitmodules")
    if not is_new:
        clone.git("update-index", "--add", "--cacheinfo", f"160000,{head},{at}")
    clone.git("commit", "-qm", "modules")
    clone.git("checkout", "-q", "-B", "feature")
    clone.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},{at}")
    clone.git("commit", "-qm", "sub")
    clone.git("config", "diff.ignoreSubmodules", "all")
    [change] = clone.open().range("dev", "feature").changes
    assert (change.path, change.new.mode) == (at, "160000")


def test_a_run_starts_no_program_of_a_clone(machine, engine, trap, tmp_path):
    clone = machine.change({"S3/a.tfvars": good()})
    signed(clone)
    clone.head = clone.git("rev-parse", "feature")
    (machine.root / "event.json").write_bytes(clone.event())
    for name, value in (("log.showSignature", "true"), ("gpg.program", trap), ("core.fsmonitor", trap)):
        clone.git("config", name, str(value))
    assert engine(*machine.words()).code == 0
    ended = engine(*machine.words("--pipeline", "mergeable"))
    assert "gpg" not in ended.out
    assert not (tmp_path / "sprung").exists()


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux bounds another process's memory")
def test_a_program_that_takes_all_memory_is_stopped():
    script = "import sys; sys.stdout.write(str(len(bytearray(400 * 2**20))))"

    def run(memory):
        argv = ["python3", "-S", "-c", script]
        return process.run(argv, cwd="/", env={"PATH": os.environ["PATH"]}, timeout_s=60, memory=memory).stdout

    assert run(1000 * 2**20) == str(400 * 2**20).encode()
    with pytest.raises(process.ProcessError, match="MemoryError"):
        run(200 * 2**20)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux bounds another process's memory")
def test_an_object_that_claims_to_have_four_gigabytes(clone):
    files = clone.git("rev-parse", "feature^{tree}")
    os.remove(f"{clone.directory}/.git/objects/{files[:2]}/{files[2:]}")
    forged.write(clone, files, b"tree %d\0" % 2**32 + b"x" * 100)
    assert code(clone.open().range, "dev", "feature") in ("ENG356", "ENG363")
