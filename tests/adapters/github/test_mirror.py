"""The mirror of a source: as GitHub has it, or an error; one at a time; the token nowhere but in git's environment."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from engine.adapters import files
from engine.adapters.git.repository import Repository
from engine.adapters.github import mirror as module
from engine.adapters.github.mirror import Mirrors
from engine.adapters.settings import network
from engine.errors import EngineError
from tests.support import plain_git
from tests.support.http import Answer, Far, passed_on
from tests.support.plain_git import commit, git

PATH = os.environ["PATH"]
NOTHING = "notice: HEAD points to an unborn branch (none)\n"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(module, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))


class Mirror(NamedTuple):
    """The mirror of a repository, in a cache of its own."""

    forge: Any
    row: Any
    cache: Path
    url: str = ""
    token: str = ""

    def fetch(self, *shas):
        """Its directory."""
        token = self.token or plain_git.token(self.forge, "ann")
        mirrors = Mirrors(str(self.cache), self.url or self.forge.urls.api, path=PATH)
        return Path(mirrors(self.row["full_name"], shas, lambda: token))


def passed(forge, asked):
    """The forge's answer, which answers to its own address only."""
    host = forge.urls.base.rpartition("/")[2]
    found = passed_on(asked._replace(headers={**asked.headers, "host": host}), forge.urls.base)
    return found._replace(headers={name.lower(): value for name, value in found.headers.items()})


def has(path, *shas):
    """Are they here, with all that they are made of?"""
    return git(path, "fsck", "--full", "--strict") == NOTHING and all(
        git(path, "rev-list", "--objects", "--quiet", sha) == "" for sha in shas
    )


def refused(code, act, *words):
    with pytest.raises(EngineError) as caught:
        act(*words)
    assert caught.value.problems[0].code == code, caught.value
    return str(caught.value)


def tip(clone):
    return git(clone, "rev-parse", "HEAD").strip()


def pushed(clone, text):
    sha = commit(clone, "a.txt", text)
    git(clone, "push", "-q", "origin", "main")
    return sha


def test_it_has_the_commits_that_were_asked_for(forge, source, tmp_path):
    row, clone = source
    first, ours = tip(clone), Mirror(forge, row, tmp_path / "cache")
    path = ours.fetch(first)
    second = pushed(clone, "2\n")
    assert ours.fetch(second, first, second) == path
    assert has(path, first, second)
    repository = Repository(str(path), path=PATH)
    assert repository.resolve(second) == second
    assert repository.origin() == (row["full_name"], False)
    assert (repository.branch("main"), repository.has("refs/tags/main")) == (None, False)
    assert list(repository.tree(second)[""]) == ["a.txt"]


def test_commits_that_no_branch_has(forge, source, tmp_path):
    row, clone = source
    lost = pushed(clone, "2\n")
    git(clone, "reset", "-q", "--hard", "HEAD^")
    head = commit(clone, "a.txt", "3\n")
    git(clone, "push", "-q", "--force", "origin", "main")
    assert has(Mirror(forge, row, tmp_path / "cache").fetch(lost, head), lost, head)


def test_what_is_here_is_not_fetched(forge, source, tmp_path):
    row, clone = source
    with Far(lambda asked: passed(forge, asked)).serving() as far:
        ours = Mirror(forge, row, tmp_path / "cache", f"{far.url}/api/v3")
        ours.fetch(tip(clone))
        count = len(far.asked)
        ours.fetch(tip(clone))
        ours.fetch()
        assert (len(far.asked), count > 0) == (count, True)


def test_a_name_that_leads_elsewhere_is_not_believed(forge, source, tmp_path):
    row, clone = source
    first, second = tip(clone), pushed(clone, "2\n")
    ours = Mirror(forge, row, tmp_path / "cache")
    (ours.fetch(first) / f"refs/interlock/{second}").write_text(f"{first}\n")
    path = ours.fetch(second)
    assert has(path, second)
    assert git(path, "rev-parse", f"refs/interlock/{second}").strip() == second


@pytest.mark.parametrize("odd", ["f" * 40, "", "main", "--upload-pack=x", "A" * 40, "0" * 39, "0" * 40])
def test_what_is_no_commit_there(forge, source, tmp_path, odd):
    row, clone = source
    ours = Mirror(forge, row, tmp_path / "cache")
    refused("ENG600", ours.fetch, odd)
    assert has(ours.fetch(tip(clone)), tip(clone))


@pytest.mark.parametrize(
    "name", ["acme", "acme/", "/x", "acme/..", "../x", "acme/a b", "acme/x/y", "acme/x\n[core]", "-/ü"]
)
def test_what_is_no_name_of_a_repository(name):
    refused("ENG600", Mirrors("/nowhere", "https://api.github.com", path=PATH), name, ["a" * 40], lambda: "t")


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://git.acme.example/api/v3", "https://git.acme.example"),
        ("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080"),
    ],
)
def test_where_git_is(api, host):
    assert module._base(api) == host


def test_a_wrong_token_says_what_to_do_and_not_the_token(forge, source, tmp_path):
    row, clone = source
    ours = Mirror(forge, row, tmp_path / "c", token="ghp_wrongwrongwrong")
    said = refused("ENG600", ours.fetch, tip(clone))
    assert "contents: read" in said
    assert "ghp_wrong" not in said


def test_a_server_that_repeats_the_token_is_not_quoted(forge, source, tmp_path):
    row, clone = source

    def answer(asked):
        return Answer(403, f"it says {asked.headers['authorization']}".encode(), {"Content-Type": "text/plain"})

    with Far(answer).serving() as far:
        said = refused("ENG600", Mirror(forge, row, tmp_path / "c", f"{far.url}/api/v3").fetch, tip(clone))
        scheme, _, basic = far.asked[0].headers["authorization"].partition(" ")
    assert (scheme, "it says" in said, basic in said) == ("Basic", True, False)


def test_nobody_else_gets_the_token(forge, source, tmp_path):
    row, clone = source
    with Far(lambda _: Answer(404)).serving() as other:
        moved = {"Location": f"{other.url}/acme/x.git/info/refs?service=git-upload-pack"}
        with Far(lambda _: Answer(301, b"", moved)).serving() as far:
            refused("ENG600", Mirror(forge, row, tmp_path / "c", f"{far.url}/api/v3").fetch, tip(clone))
        assert other.asked == []


def test_the_token_is_in_no_argument_and_on_no_disk(forge, source, tmp_path):
    row, clone = source
    token, seen, wanted = plain_git.token(forge, "ann"), [], threading.Event()

    def answer(asked):
        if not wanted.is_set():
            wanted.set()
            seen.extend(arguments())
        return passed(forge, asked)

    with Far(answer).serving() as far:
        path = Mirror(forge, row, tmp_path / "cache", f"{far.url}/api/v3").fetch(tip(clone))
    assert any(b"fetch" in line for line in seen)
    secrets = [token.encode(), b64encode(f"x-access-token:{token}".encode())]
    kept = [file.read_bytes() for file in path.parent.rglob("*") if file.is_file()]
    assert not [1 for data in [*seen, *kept] for secret in secrets if secret in data]


def arguments():
    found = []
    for process in os.listdir("/proc"):
        try:
            found += [Path(f"/proc/{process}/cmdline").read_bytes()] if process.isdigit() else []
        except OSError:
            continue
    return found


def test_threads_and_processes_take_turns(forge, source, tmp_path):
    row, clone = source
    shas = [tip(clone), *(pushed(clone, f"{number}\n") for number in range(3))]
    ours, found = Mirror(forge, row, tmp_path / "cache"), []
    threads = [threading.Thread(target=lambda sha=sha: found.append(ours.fetch(sha))) for sha in shas]
    others = [subprocess.Popen(program(ours, sha), stdout=subprocess.DEVNULL) for sha in shas[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [other.wait(60) for other in others] == [0, 0]
    assert len(found) == len(shas)
    assert has(found[0], *shas)


def program(mirror, sha):
    text = (
        "import sys; from engine.adapters.github.mirror import Mirrors\n"
        "cache, url, repo, token, path, sha = sys.argv[1:]\n"
        "print(Mirrors(cache, url, path=path)(repo, [sha], lambda: token))"
    )
    url, token = mirror.url or mirror.forge.urls.api, plain_git.token(mirror.forge, "ann")
    return [sys.executable, "-c", text, str(mirror.cache), url, mirror.row["full_name"], token, PATH, sha]


def test_who_waits_too_long_says_for_whom(forge, source, tmp_path, monkeypatch):
    row, clone = source
    path = Mirror(forge, row, tmp_path / "cache").fetch(tip(clone))
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    with module._turn("acme/x", f"{path}.lock"):
        assert f"{path}.lock" in refused("ENG601", Mirror(forge, row, tmp_path / "cache").fetch, tip(clone))


@pytest.mark.parametrize("was_there", [False, True])
def test_killed_in_mid_fetch(forge, source, tmp_path, was_there):
    """`kill -9` while half of a pack has come: what is left is whole, or is made anew. Git, which lives on, is waited
    for: it has the lock.
    """
    row, clone = source
    stuck, reached, killed_first = threading.Event(), threading.Event(), threading.Event()

    def answer(asked):
        found = passed(forge, asked)
        if not stuck.is_set() or "upload-pack-result" not in found.headers.get("content-type", ""):
            return found
        reached.set()
        assert killed_first.wait(60)
        return found._replace(cut=len(found.body) // 2)

    with Far(answer).serving() as far:
        ours = Mirror(forge, row, tmp_path / "cache", f"{far.url}/api/v3")
        if was_there:
            ours.fetch(tip(clone))
        newest = pushed(clone, os.urandom(100_000).hex())
        stuck.set()
        killed = subprocess.Popen(program(ours, newest))
        assert reached.wait(60)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert not free(ours)
        stuck.clear()
        killed_first.set()
        assert has(ours.fetch(newest), newest)


def free(mirror):
    name = next(mirror.cache.rglob("*.git.lock"))
    with name.open("rb") as lock:
        return files.take(lock.fileno())


def damage(how, path, sha):
    name = path / f"refs/interlock/{sha}"
    packs = path / "objects/pack"
    if how == "no packs":
        shutil.rmtree(packs)
    elif how == "packs that are cut":
        for file in packs.glob("*.pack"):
            file.chmod(0o600)
            file.write_bytes(file.read_bytes()[:40])
    elif how == "an empty name":
        name.write_bytes(b"")
    elif how == "locks of one who was killed":
        for file in (f"refs/interlock/{sha}.lock", "packed-refs.lock", "config.lock", "objects/pack/tmp_pack_x"):
            (path / file).write_bytes(b"x")
    elif how == "other settings":
        (path / "config").write_text("[core]\n\tsshCommand = false\n[fetch]\n\tprune = [")
    elif how == "a head that is none":
        (path / "HEAD").write_bytes(b"\0")
    elif how == "a directory in the way":
        name.unlink()
        name.mkdir()
        (name / "x").write_text("0" * 40)


@pytest.mark.parametrize(
    "how",
    [
        "no packs", "packs that are cut", "an empty name", "locks of one who was killed", "other settings",
        "a head that is none", "a directory in the way",
    ],
)  # fmt: skip
@pytest.mark.parametrize("asked", ["the same", "another"])
@pytest.mark.parametrize("begun", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_what_is_damaged_heals(forge, source, tmp_path, how, asked, begun):
    row, clone = source
    first, second = tip(clone), pushed(clone, "2\n")
    ours = Mirror(forge, row, tmp_path / "cache")
    path = ours.fetch(first)
    damage(how, path, first)
    if begun or how.startswith("locks"):
        (path / "interlock-fetching").touch()
    wanted = first if asked == "the same" else second

    repository = Repository(str(ours.fetch(wanted)), path=PATH)
    assert repository.blobs([repository.tree(wanted)[""]["a.txt"].id]).read


def test_many_packs_become_few(forge, source, tmp_path, monkeypatch):
    row, clone = source
    monkeypatch.setattr(module, "_PACKS", 2)
    shas = [pushed(clone, f"{number}\n") for number in range(5)]
    for sha in shas:
        path = Mirror(forge, row, tmp_path / "cache").fetch(sha)
    assert len(list((path / "objects/pack").glob("*.pack"))) <= 3
    assert has(path, *shas)


def test_a_pack_without_end(forge, source, tmp_path, monkeypatch):
    row, clone = source
    (clone / "big").write_bytes(os.urandom(300_000))
    git(clone, "add", "big")
    sha = pushed(clone, "big\n")
    monkeypatch.setattr(module, "_LARGEST", 100_000)
    refused("ENG600", Mirror(forge, row, tmp_path / "cache").fetch, sha)


def test_a_cache_that_others_may_change_is_not_used(forge, source, tmp_path):
    row, clone = source
    (tmp_path / "cache").mkdir(mode=0o777)
    (tmp_path / "cache").chmod(0o777)
    refused("ENG008", Mirror(forge, row, tmp_path / "cache").fetch, tip(clone))


def test_the_way_out_of_a_network_is_handed_on():
    said = {"https_proxy": "http://p:1", "SSL_CERT_FILE": "/ca.pem", "HTTP_PROXY": "http://q", "GITHUB_TOKEN": "t"}
    ours = Mirrors("/c", "https://api.github.com", path=PATH, network=network(said))
    assert ours._network == {"HTTPS_PROXY": "http://p:1", "http_proxy": "http://q", "GIT_SSL_CAINFO": "/ca.pem"}
