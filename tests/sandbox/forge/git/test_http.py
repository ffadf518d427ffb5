"""Plain git against the forge: who may read and write, and how."""

import os
import urllib.error
import urllib.request

import pytest

from engine.sandbox.forge.git.bare import bare
from tests.support.plain_git import commit, git, installation

FETCH = [
    ("a writer", "ann", None), ("a reader", "oscar", None), ("nobody", None, "could not read Username"),
    ("a stranger", "zoe", "not found"),
]  # fmt: skip


@pytest.mark.parametrize(("why", "login", "said"), FETCH, ids=[row[0] for row in FETCH])
def test_who_may_read(forge, clone, url, tmp_path, why, login, said):
    if login == "zoe" and not forge.kept.value("SELECT 1 FROM accounts WHERE login = 'zoe'"):
        zoe = forge.kept.insert("accounts", login="zoe", kind="User", created_at=forge.now())
        forge.kept.insert("tokens", token="ghp_zoe", account=zoe, kind="personal")
    out = git(tmp_path, "clone", url(login), "copy", code=0 if said is None else 1)
    assert said is None or said in out, why


def test_who_may_write(clone, url):
    commit(clone, "d.txt", "d\n")
    out = git(clone, "push", url("oscar"), "main", code=1)
    assert "denied to oscar" in out
    assert "403" in out
    assert "403" not in git(clone, "push", url("bob"), "main")


def test_everybody_reads_what_is_public_and_nobody_writes(forge, repo, clone, url, tmp_path):
    forge.kept.update("repositories", repo["id"], private=0)
    git(tmp_path, "clone", "-q", url(None), "copy")
    assert "could not read Username" in git(clone, "push", url(None), "main:x", code=1)


def test_what_is_archived_is_not_written_to(forge, repo, clone):
    forge.kept.update("repositories", repo["id"], archived=1)
    assert "archived" in git(clone, "push", "origin", "HEAD:x", code=1)
    git(clone, "fetch", "origin")


def test_a_wrong_token_is_asked_for_anew(forge, repo, url):
    request = urllib.request.Request(
        f"{url(None)}/info/refs?service=git-upload-pack", headers={"Authorization": "token ghp_no"}
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code == 401
    assert "realm" in refused.value.headers["WWW-Authenticate"]


def test_an_app_s_token(forge, repo, clone, url):
    reads, writes = installation(forge, contents="read"), installation(forge, contents="write")
    place = url(None).replace("//", "//x-access-token:{}@")
    git(clone, "fetch", place.format(reads), "main")
    assert "403" in git(clone, "push", place.format(reads), "HEAD:app", code=1)
    git(clone, "push", place.format(writes), "HEAD:app")
    actor = forge.kept.value("SELECT actor FROM activity WHERE repository = ? AND ref = 'refs/heads/app'", repo["id"])
    assert forge.account(actor)["login"] == "interlock[bot]"


def test_shallow_partial_and_exact(forge, repo, clone, url, tmp_path):
    first = git(clone, "rev-parse", "HEAD").strip()
    for number in range(3):
        commit(clone, f"{number}.txt", f"{number}\n")
    git(clone, "push", "-q", "origin", "main")
    store = bare(forge, repo["id"])
    assert store.update("refs/pull/1/head", store.resolve("main"), None)
    assert store.update("refs/pull/1/merge", first, None)
    git(tmp_path, "clone", "-q", "--depth", "1", url("ann"), "shallow")
    assert git(tmp_path / "shallow", "rev-list", "--count", "HEAD").strip() == "1"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", url("ann"), "partial")
    assert "?" in git(tmp_path / "partial", "rev-list", "--objects", "--missing=print", "HEAD")
    git(tmp_path / "shallow", "fetch", "--depth", "1", "origin", first)
    git(tmp_path / "shallow", "fetch", "origin", "refs/pull/1/head", "refs/pull/1/merge")
    commit(tmp_path / "shallow", "s.txt", "s\n")
    git(tmp_path / "shallow", "push", "-q", "origin", "HEAD:from-shallow")
    assert store.count(first, store.refs()["refs/heads/from-shallow"]) == 4


def test_a_large_push_is_chunked(forge, repo, clone):
    (clone / "big").write_bytes(os.urandom(3_000_000))
    git(clone, "add", "big")
    git(clone, "commit", "-q", "-m", "big")
    git(clone, "push", "-q", "origin", "main")
    assert bare(forge, repo["id"]).resolve("main") == git(clone, "rev-parse", "HEAD").strip()


def test_without_the_suffix(clone, url, tmp_path):
    git(tmp_path, "clone", "-q", url("ann").removesuffix(".git"), "copy")
    commit(tmp_path / "copy", "e.txt", "e\n")
    git(tmp_path / "copy", "push", "-q", "origin", "HEAD:e")
