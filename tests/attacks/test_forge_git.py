"""The sandbox's git is open to whatever anybody pushes: names, files, packs, and several at once."""

import hashlib
import os
import struct
import subprocess
import threading
import urllib.error
import urllib.request
import zlib

import pytest

from engine.sandbox.forge.answer import ForgeError, Viewer
from engine.sandbox.forge.git import command, storage
from engine.sandbox.forge.git.bare import bare
from engine.sandbox.forge.git.names import ABSENT
from engine.sandbox.forge.git.packets import FLUSH, packet
from engine.sandbox.forge.serve import running
from engine.sandbox.forge.tracker import merging, pulls, rows
from tests.support.few import few
from tests.support.plain_git import ENV, address, begun, commit, git, repository, token

CAPABILITIES = b"report-status side-band-64k"


@pytest.fixture(scope="module")
def forge(tmp_path_factory):
    with running(str(tmp_path_factory.mktemp("forge"))) as started:
        yield started


@pytest.fixture
def repo(forge):
    return repository(forge)


@pytest.fixture
def clone(forge, repo, tmp_path):
    return begun(tmp_path, address(forge, repo, "ann"))


def ask(forge, path, data=None, login="ann", **headers):
    """(status, body) of a request below the forge's address."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    if login:
        sent["Authorization"] = f"token {token(forge, login)}"
    try:
        with urllib.request.urlopen(urllib.request.Request(forge.urls.base + path, data, sent), timeout=100) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def push(forge, repo, body, **headers):
    """A request to git-receive-pack with any body."""
    headers.setdefault("Content_Type", "application/x-git-receive-pack-request")
    return ask(forge, f"/{repo['full_name']}.git/git-receive-pack", body, **headers)


def wants(*rows, capabilities=CAPABILITIES):
    """The first part of a push: `(ref, before, after)`."""
    lines = [f"{before or ABSENT} {after or ABSENT} {ref}".encode() for ref, before, after in rows]
    lines[0] += b"\0" + capabilities
    return b"".join(packet(line) for line in lines) + FLUSH


def pack(*entries, count=None):
    """A pack of (type, size that is said, data, base): 1 a commit, 3 a blob, 7 a delta to `base`."""
    body = b"PACK" + struct.pack(">II", 2, len(entries) if count is None else count)
    for kind, size, data, base in entries:
        first, rest = (kind << 4) | (size & 15), size >> 4
        head = bytearray()
        while rest:
            head.append(first | 128)
            first, rest = rest & 127, rest >> 7
        head.append(first)
        body += bytes(head) + base + data
    return body + hashlib.sha1(body, usedforsecurity=False).digest()


def varint(number):
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


NAMES = [
    *("refs/heads/../../config", "refs/heads/a..b", "refs/heads/a.lock", "refs/heads/", "refs/heads", "HEAD", "main"),
    *("refs/heads/a b", "refs/heads/.a", "refs/heads/a/.b", "refs/heads/a~1", "refs/heads/a^", "refs/heads/a:b"),
    *("refs/heads/a?", "refs/heads/[", "refs/heads/a\\b", "refs/heads/a@{0}", "refs/heads/a//b", "refs/heads/a."),
    *("refs/heads/a\tb", "refs/heads/a\x7f", "/refs/heads/a", "refs/heads/" + "x" * 2000, "refs/heads/main/below"),
    *("refs/pull/1/head", "refs/pull/7/merge", "refs/heads/HEAD", "refs/heads/" + "a" * 40, "refs/tags/" + "b" * 40),
    *("refs/heads/-x", "../forge.db", "config", "objects/info/alternates"),
]


@pytest.mark.parametrize("name", few(NAMES, 8))
def test_names_that_no_ref_may_have(forge, repo, clone, name):
    store = bare(forge, repo["id"])
    tip, files = store.resolve("main"), sorted(os.listdir(store.path))
    status, said = push(forge, repo, wants((name, None, tip)))
    assert status == 200
    assert f"ng {name} ".encode() in said
    assert store.refs("") == {"refs/heads/main": tip}
    assert sorted(os.listdir(store.path)) == files


def test_one_ref_twice_in_a_push(forge, repo, clone):
    commit(clone, "b.txt", "b\n")
    git(clone, "push", "-q", "origin", "main")
    store = bare(forge, repo["id"])
    tip, before = (commit.sha for commit in store.log(store.refs()["refs/heads/main"]))
    _, said = push(forge, repo, wants(("refs/heads/x", None, tip), ("refs/heads/x", None, before)))
    assert said.count(b"ng refs/heads/x multiple updates") == 2
    _, said = push(forge, repo, wants(("refs/heads/x", None, tip), ("refs/heads/x", None, tip)))
    assert b"ng refs/heads/x multiple updates" in said
    assert list(store.refs()) == ["refs/heads/main"]


BEFORE = [("another commit", "1" * 40), ("nothing", None), ("the commit that is pushed", "tip")]


@pytest.mark.parametrize(("why", "before"), BEFORE, ids=[row[0] for row in BEFORE])
def test_a_push_that_lies_about_what_was_there(forge, repo, clone, why, before):
    git(clone, "commit", "-q", "--amend", "-m", "rewritten")
    git(clone, "push", "-q", "origin", "main:other")
    store = bare(forge, repo["id"])
    tips = store.refs()
    tip = tips["refs/heads/other"]
    push(forge, repo, wants(("refs/heads/main", tip if before == "tip" else before, tip)))
    assert store.refs() == tips, why


TREES = [
    ("git's own directory", "40000", ".git"),
    ("in capitals", "40000", ".GIT"),
    ("by its short name", "40000", "git~1"),
    ("upwards", "40000", ".."),
    ("here", "40000", "."),
    ("a path", "100644", "a/b"),
    ("no name", "100644", ""),
    ("a link in place of .gitmodules", "120000", ".gitmodules"),
]


@pytest.mark.parametrize(("why", "mode", "name"), TREES, ids=[row[0] for row in TREES])
def test_names_that_no_file_may_have(forge, repo, clone, why, mode, name):
    blob = git(clone, "hash-object", "-w", "a.txt").strip()
    inner = git(clone, "rev-parse", "HEAD^{tree}").strip()
    sha = bytes.fromhex(inner if mode == "40000" else blob)
    (clone / "raw").write_bytes(f"{mode} {name}".encode() + b"\0" + sha)
    tree = git(clone, "hash-object", "-t", "tree", "--literally", "-w", "raw").strip()
    evil = git(clone, "commit-tree", tree, "-m", "evil", "-p", "HEAD").strip()
    out = git(clone, "push", "origin", f"{evil}:refs/heads/evil", code=1)
    assert "unpacker error" in out or "empty filename" in out, why
    store = bare(forge, repo["id"])
    assert list(store.refs()) == ["refs/heads/main"]
    assert store.commit(evil) is None
    assert [name for name in os.listdir(os.path.join(store.path, "objects")) if name.startswith("incoming")] == []


def blob(size):
    """A blob of zeros, compressed."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return (3, size, b"".join(parts) + packer.flush(), b"")


def delta(base, size, copies):
    """A delta that makes `copies` times its base (of `size` bytes)."""
    one = bytes([0x80 | 0x40 | 0x20 | 0x10]) + struct.pack("<I", 0xFFFFFF)[:3]
    data = varint(size) + varint(0xFFFFFF * copies) + one * copies
    return (7, len(data), zlib.compress(data), bytes.fromhex(base))


ZEROS = hashlib.sha1(b"blob %d\0" % (16 << 20) + bytes(16 << 20), usedforsecurity=False).hexdigest()
BOMBS = [
    ("a file of 101 MB in 100 KB", lambda: pack(blob(101 << 20))),
    ("a delta of 40 bytes that is 17 GB", lambda: pack(blob(16 << 20), delta(ZEROS, 16 << 20, 1024))),
    ("four billion objects", lambda: pack(blob(1 << 20), count=0xFFFFFFFF)),
    ("fewer objects than it says", lambda: pack(blob(1 << 20), count=2)),
    ("a wrong end", lambda: pack(blob(1 << 20))[:-1] + b"x"),
    ("half of it", lambda: pack(blob(16 << 20))[:5000]),
    ("a delta to nothing", lambda: pack(delta("1" * 40, 10, 1))),
    ("no pack", lambda: b"PACKnever"),
    ("an unknown version", lambda: b"PACK" + struct.pack(">II", 9, 0) + bytes(20)),
]  # fmt: skip


@pytest.mark.parametrize(("why", "bomb"), BOMBS, ids=[row[0] for row in BOMBS])
def test_packs_that_are_bombs_or_broken(forge, repo, clone, why, bomb):
    store = bare(forge, repo["id"])
    tip, objects = store.resolve("main"), sorted(os.listdir(os.path.join(store.path, "objects")))
    status, said = push(forge, repo, wants(("refs/heads/x", None, tip)) + bomb())
    assert (status, b"ng refs/heads/x unpacker error" in said) == (200, True), why
    assert store.refs("") == {"refs/heads/main": tip}
    assert sorted(os.listdir(os.path.join(store.path, "objects"))) == objects
    git(clone, "fetch", "origin")


def test_a_push_without_what_it_needs(forge, repo, clone):
    tip = bare(forge, repo["id"]).resolve("main")
    text = f"tree {'1' * 40}\nparent {tip}\nauthor A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\nx\n".encode()
    sha = hashlib.sha1(b"commit %d\0" % len(text) + text, usedforsecurity=False).hexdigest()
    body = wants(("refs/heads/x", None, sha), ("refs/heads/y", None, tip))
    _, said = push(forge, repo, body + pack((1, len(text), zlib.compress(text), b"")))
    assert b"ng refs/heads/x unpacker error" in said
    store = bare(forge, repo["id"])
    assert list(store.refs()) == ["refs/heads/main"]
    assert store.commit(sha) is None, "nobody can make a ref of it afterwards"


BODIES = [
    ("nothing", b"", 400),
    ("no pkt-line", b"hello world", 400),
    ("a length that is negative", b"-001", 400),
    ("a length beyond the end", b"ffffx", 400),
    ("a command without ids", packet(b"refs/heads/x") + FLUSH, 400),
    ("ids that are none", packet(b"x" * 40 + b" " + b"y" * 40 + b" refs/heads/x") + FLUSH, 400),
    ("a name that is no text", packet(b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/\xff") + FLUSH, 400),
    ("no flush", packet(b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/x"), 400),
    ("git asks whether it may", FLUSH, 200),
    ("too many refs", packet(b"0" * 40 + b" " + b"1" * 40 + b" refs/heads/x") * 10_001 + FLUSH, 400),
    ("too large", bytes(storage.MAX_INPUT + 1), 413),
]


@pytest.mark.parametrize(("why", "body", "status"), BODIES, ids=[row[0] for row in BODIES])
def test_bodies_that_are_no_push(forge, repo, clone, why, body, status):
    assert push(forge, repo, body)[0] == status, why
    assert list(bare(forge, repo["id"]).refs("")) == ["refs/heads/main"]


def test_forms_that_are_no_push(forge, repo, clone):
    body = wants(("refs/heads/x", None, bare(forge, repo["id"]).resolve("main")))
    assert push(forge, repo, body, Content_Type="text/plain")[0] == 415, "a form of a web page could send that"
    assert push(forge, repo, body, Content_Encoding="gzip")[0] == 415
    assert push(forge, repo, body, login=None)[0] == 401
    assert list(bare(forge, repo["id"]).refs("")) == ["refs/heads/main"]


PLACES = [
    *("config", "HEAD", "objects/info/packs", "objects/info/alternates", "info/refs", "packed-refs", "refs/heads/main"),
    *("git-upload-archive", "info/refs?service=git-upload-archive"),
    "info/refs?service=git-receive-pack&service=git-upload-pack",
    *("../../forge.db", "%2e%2e/%2e%2e/forge.db", "..%2f..%2fforge.db", "/etc/passwd"),
]


@pytest.mark.parametrize("place", PLACES)
def test_files_of_the_repository_are_not_served(forge, repo, clone, place):
    status, said = ask(forge, f"/{repo['full_name']}.git/{place}")
    assert status in (401, 403, 404, 405), said  # 401: a page, for which one signs in first
    assert b"repositoryformatversion" not in said
    assert b"SQLite" not in said


def test_what_one_may_not_see_is_not_there(forge, repo, clone):
    forge.kept.run("DELETE FROM collaborators WHERE repository = ?", repo["id"])
    for service in ("git-upload-pack", "git-receive-pack"):
        hidden = ask(forge, f"/{repo['full_name']}.git/info/refs?service={service}")
        assert hidden == ask(forge, f"/acme/nothing.git/info/refs?service={service}")
        assert hidden[0] == 404
        hidden = ask(forge, f"/{repo['full_name']}.git/info/refs?service={service}", login=None)
        assert hidden == ask(forge, f"/acme/nothing.git/info/refs?service={service}", login=None)
        assert hidden[0] == 401


def test_git_is_told_nothing_by_the_machine(forge, repo, clone, tmp_path, monkeypatch):
    proof = tmp_path / "ran"
    hook = tmp_path / "hooks" / "update"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
    hook.chmod(0o755)
    (tmp_path / ".gitconfig").write_text(f"[core]\n\thooksPath = {hook.parent}\n\tfsmonitor = {hook}\n")
    evil = {"HOME": str(tmp_path), "GIT_DIR": "/nowhere", "GIT_EXTERNAL_DIFF": str(hook)}
    evil |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.hooksPath", "GIT_CONFIG_VALUE_0": str(hook.parent)}
    for name, value in evil.items():
        monkeypatch.setenv(name, value)
    store = bare(forge, repo["id"])
    for where in ("update", "pre-receive", "post-receive", "post-update", "reference-transaction"):
        folder = os.path.join(store.path, "hooks")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, where), "w", encoding="ascii") as file:
            file.write(f"#!/bin/sh\ntouch {proof}\n")
        os.chmod(os.path.join(folder, where), 0o755)
    commit(clone, "b.txt", "b\n")
    git(clone, "push", "origin", "main")
    git(clone, "fetch", "origin")
    assert not proof.exists()
    assert set(command.environment()).isdisjoint({"GIT_CONFIG_COUNT", "GIT_DIR", "GIT_EXTERNAL_DIFF"})


def chain(forge, repo, ref):
    """Does each move of the ref begin where the one before it ended, and is it there now?"""
    sql = "SELECT before, after FROM activity WHERE repository = ? AND ref = ? ORDER BY id"
    found = [(row["before"], row["after"]) for row in forge.kept.rows(sql, repo["id"], ref)]
    ends = {after for _, after in found}
    begins = [before for before, _ in found]
    assert len(set(begins)) == len(begins), "two moves began at one commit"
    assert set(begins) - ends == {ABSENT}
    assert ends - set(begins) == {bare(forge, repo["id"]).refs()[ref]}
    return found


def test_pushes_while_pull_requests_are_merged(forge, repo, clone, tmp_path):
    ann = Viewer("user", forge.kept.value("SELECT id FROM accounts WHERE login = 'ann'"))
    opened = []
    for number in range(3):
        git(clone, "checkout", "-q", "-b", f"topic{number}", "origin/main")
        commit(clone, f"t{number}.txt", "t\n")
        git(clone, "push", "-q", "origin", f"topic{number}")
        opened.append(pulls.open_pull(forge, ann, repo, f"topic{number}", "main", f"Topic {number}", ""))
    answers = []

    def merge():
        for issue in opened:
            for _ in range(5):
                try:
                    answers.append(merging.merge(forge, ann, rows.item(forge, issue), method="squash"))
                    break
                except ForgeError as refused:  # the base moved meanwhile
                    answers.append(refused.message)

    def pushing():
        folder = tmp_path / "pusher"
        git(tmp_path, "clone", "-q", address(forge, repo, "bob"), "pusher")
        for number in range(4):
            commit(folder, f"p{number}.txt", "p\n")
            for _ in range(8):
                git(folder, "pull", "-q", "--rebase", "origin", "main")
                done = subprocess.run(["git", "push", "origin", "HEAD:main"], cwd=folder, env=ENV, check=False)
                if done.returncode == 0:
                    break

    threads = [threading.Thread(target=work) for work in (merge, pushing)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moves = chain(forge, repo, "refs/heads/main")
    store = bare(forge, repo["id"])
    tip = store.refs()["refs/heads/main"]
    assert all(store.is_ancestor(after, tip) for _, after in moves), "nothing that was told of is lost"
    merged = [rows.item(forge, issue) for issue in opened]
    assert [
        row["title"] for row in merged if row["merged"] and not store.is_ancestor(row["merge_commit_sha"], tip)
    ] == []
    assert {f"p{number}.txt" for number in range(4)} <= {entry.path for entry in store.entries(tip, recursive=False)}
