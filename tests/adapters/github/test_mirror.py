"""The mirror of a source: as GitHub has it, or an error; one at a time; the token nowhere but in git's environment."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.adapters.git.repository import Repository
from engine.adapters.github import mirror as module
from engine.adapters.github.mirror import Mirror, git_url
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


def mirror(forge, row, cache, *, token=None, url=None, **more):
    said = token or plain_git.token(forge, "ann")
    return Mirror(str(cache), url or forge.urls.api, row["full_name"], lambda: said, path=PATH, **more)


def passed(forge, asked):
    """The forge's answer, which answers to its own address only."""
    host = forge.urls.base.rpartition("/")[2]
    found = passed_on(asked._replace(headers={**asked.headers, "host": host}), forge.urls.base)
    return found._replace(headers={name.lower(): value for name, value in found.headers.items()})


def refs(path):
    return git(Path(path), "for-each-ref", "--format=%(refname) %(objectname)").split()


def refused(code, act):
    with pytest.raises(EngineError) as caught:
        act()
    assert caught.value.problems[0].code == code, caught.value
    return str(caught.value)


def test_it_has_what_github_has(forge, source, tmp_path):
    row, clone = source
    first = git(clone, "rev-parse", "HEAD").strip()
    git(clone, "push", "-q", "origin", "main:old/x", "main:refs/heads/gone", "main:refs/tags/main")
    ours = mirror(forge, row, tmp_path / "cache")
    path = ours.fetch()
    assert refs(path) == ["refs/heads/gone", first, "refs/heads/main", first, "refs/heads/old/x", first]
    second = commit(clone, "a.txt", "2\n")
    git(clone, "push", "-q", "origin", "main", ":gone", ":old/x", "main:old")
    assert ours.fetch() == path
    assert refs(path) == ["refs/heads/main", second, "refs/heads/old", second]


def test_a_branch_that_was_forced_back_is_where_it_is(forge, source, tmp_path):
    row, clone = source
    first = git(clone, "rev-parse", "HEAD").strip()
    second = commit(clone, "a.txt", "2\n")
    git(clone, "push", "-q", "origin", "main:x")
    ours = mirror(forge, row, tmp_path / "cache")
    assert second in refs(ours.fetch())
    git(clone, "push", "-q", "--force", "origin", f"{first}:refs/heads/x")
    assert second not in refs(ours.fetch())


def test_whoever_reads_it_sees_a_source(forge, source, tmp_path):
    row, clone = source
    sha = git(clone, "rev-parse", "HEAD").strip()
    repository = Repository(mirror(forge, row, tmp_path / "cache").fetch(), path=PATH)
    assert (repository.branch("main"), repository.branch("dev")) == (sha, None)
    assert repository.origin() == (row["full_name"], False)
    assert list(repository.tree("main")[""]) == ["a.txt"]


def test_the_head_of_a_pull_request_and_commits_that_no_branch_has(forge, source, tmp_path):
    row, clone = source
    lost = commit(clone, "b.txt", "2\n")
    git(clone, "push", "-q", "origin", "main:x")
    git(clone, "reset", "-q", "--hard", "HEAD^")
    head = commit(clone, "b.txt", "3\n")
    git(clone, "push", "-q", "--force", "origin", "main:x")
    store = Path(forge.git_dir(row["id"]))
    git(store, "update-ref", "refs/pull/7/head", head)
    ours = mirror(forge, row, tmp_path / "cache")
    path = ours.fetch([lost, head], 7)
    repository = Repository(path, path=PATH)
    assert repository.ref("refs/pull/7/head") == head
    assert repository.blobs([git(clone, "rev-parse", f"{lost}:b.txt").strip()]).read
    assert "8" in refused("ENG600", lambda: ours.fetch((), 8))
    assert "ffffffffffff" in refused("ENG601", lambda: ours.fetch(["f" * 40]))
    for odd in ("", "main", "--upload-pack=x", "A" * 40):
        refused("ENG601", lambda odd=odd: ours.fetch([odd]))


@pytest.mark.parametrize(
    "name", ["acme", "acme/", "/x", "acme/..", "../x", "acme/a b", "acme/x/y", "acme/x\n[core]", "-/ü"]
)
def test_what_is_no_name_of_a_repository(name):
    refused("ENG600", lambda: Mirror("/nowhere", "https://api.github.com", name, lambda: "t", path=PATH))


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
    assert git_url(api) == host


def test_a_wrong_token_says_what_to_do_and_not_the_token(forge, source, tmp_path):
    row, _ = source
    said = refused("ENG600", mirror(forge, row, tmp_path / "c", token="ghp_wrongwrongwrong").fetch)
    assert "contents: read" in said
    assert "ghp_wrong" not in said


def test_a_server_that_repeats_the_token_is_not_quoted(forge, source, tmp_path):
    row, _ = source

    def answer(asked):
        return Answer(403, f"remote says {asked.headers['authorization']}".encode(), {"Content-Type": "text/plain"})

    with Far(answer).serving() as far:
        said = refused("ENG600", mirror(forge, row, tmp_path / "c", url=f"{far.url}/api/v3").fetch)
        assert far.asked[0].headers["authorization"].startswith("Basic ")
        assert far.asked[0].headers["authorization"].split()[1] not in said


def test_nobody_else_gets_the_token(forge, source, tmp_path):
    row, _ = source
    with Far(lambda _: Answer(404)).serving() as other:
        moved = {"Location": f"{other.url}/acme/x.git/info/refs?service=git-upload-pack"}
        with Far(lambda _: Answer(301, b"", moved)).serving() as far:
            refused("ENG600", mirror(forge, row, tmp_path / "c", url=f"{far.url}/api/v3").fetch)
        assert other.asked == []


def test_the_token_is_in_no_argument_and_on_no_disk(forge, source, tmp_path):
    row, _ = source
    token, seen, wanted = plain_git.token(forge, "ann"), [], threading.Event()

    def answer(asked):
        if not wanted.is_set():
            wanted.set()
            seen.extend(arguments())
        return passed(forge, asked)

    with Far(answer).serving() as far:
        path = mirror(forge, row, tmp_path / "cache", url=f"{far.url}/api/v3").fetch()
    assert any(b"fetch" in line for line in seen)
    secrets = [token.encode(), module.b64encode(f"x-access-token:{token}".encode())]
    kept = [file.read_bytes() for file in Path(path).parent.rglob("*") if file.is_file()]
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
    found = []
    for number in range(4):
        git(clone, "push", "-q", "origin", f"main:x{number}")
    threads = [
        threading.Thread(target=lambda: found.append(refs(mirror(forge, row, tmp_path / "cache").fetch())))
        for _ in range(3)
    ]
    others = [subprocess.Popen(program(forge, row, tmp_path / "cache")) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [other.wait(60) for other in others] == [0, 0]
    assert found == [found[0]] * 3
    assert len(found[0]) == 2 * 5


def program(forge, row, cache, url=None):
    text = (
        "import sys; from engine.adapters.github.mirror import Mirror\n"
        "cache, url, repo, token, path = sys.argv[1:]\n"
        "print(Mirror(cache, url, repo, lambda: token, path=path).fetch(), flush=True)"
    )
    token = plain_git.token(forge, "ann")
    return [sys.executable, "-c", text, str(cache), url or forge.urls.api, row["full_name"], token, PATH]


def test_who_waits_too_long_says_for_whom(forge, source, tmp_path, monkeypatch):
    row, _ = source
    ours = mirror(forge, row, tmp_path / "cache")
    monkeypatch.setattr(module, "_PATIENCE_S", 0.0)
    with ours._turn():
        assert ours.path in refused("ENG602", ours.fetch)


@pytest.mark.parametrize("was_there", [False, True])
def test_killed_in_mid_fetch(forge, source, tmp_path, was_there):
    """`kill -9` while half of a pack has come: what is left is whole, or is made anew."""
    row, clone = source
    stuck, reached = threading.Event(), threading.Event()

    def answer(asked):
        found = passed(forge, asked)
        if not stuck.is_set() or "upload-pack-result" not in found.headers.get("content-type", ""):
            return found
        reached.set()
        return found._replace(cut=len(found.body) // 2, wait_s=0.3)

    with Far(answer).serving() as far:
        ours = mirror(forge, row, tmp_path / "cache", url=f"{far.url}/api/v3")
        if was_there:
            ours.fetch()
        newest = commit(clone, "a.txt", os.urandom(100_000).hex())
        git(clone, "push", "-q", "origin", "main")
        stuck.set()
        killed = subprocess.Popen(program(forge, row, tmp_path / "cache", f"{far.url}/api/v3"))
        assert reached.wait(30)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        stuck.clear()
        assert newest in refs(ours.fetch())
        assert git(Path(ours.path), "fsck", "--full", "--strict") == NOTHING


def damage(how):
    def remove_packs(path):
        for file in (path / "objects" / "pack").iterdir():
            file.unlink()

    def cut_packs(path):
        for file in (path / "objects" / "pack").glob("*.pack"):
            file.chmod(0o600)
            file.write_bytes(file.read_bytes()[:40])

    def empty_ref(path):
        (path / "refs/heads/main").write_bytes(b"")

    def left_locks(path):
        for name in ("refs/heads/main.lock", "packed-refs.lock", "config.lock", "objects/pack/tmp_pack_x"):
            (path / name).write_bytes(b"x")

    def settings(path):
        (path / "config").write_text("[core]\n\tsshCommand = false\n[fetch]\n\tprune = [")

    def head(path):
        (path / "HEAD").write_bytes(b"\0")

    def in_the_way(path):
        (path / "refs/heads/main").unlink()
        (path / "refs/heads/main").mkdir()
        (path / "refs/heads/main/x").write_text("0" * 40)

    return locals()[how]


@pytest.mark.parametrize(
    "how", ["remove_packs", "cut_packs", "empty_ref", "left_locks", "settings", "head", "in_the_way"]
)
@pytest.mark.parametrize("begun", [False, True])
def test_what_is_damaged_heals(forge, source, tmp_path, how, begun):
    """Or is an error where it cannot be seen: reading hashes again. Never another answer."""
    row, clone = source
    ours = mirror(forge, row, tmp_path / "cache")
    path = Path(ours.fetch())
    damage(how)(path)
    if begun:
        (path / "interlock-fetching").touch()
    newest = commit(clone, "a.txt", "2\n")
    git(clone, "push", "-q", "origin", "main")
    repository = Repository(ours.fetch(), path=PATH)
    assert repository.branch("main") == newest
    assert repository.tree("main")[""]["a.txt"]


def test_many_packs_become_few(forge, source, tmp_path, monkeypatch):
    row, clone = source
    monkeypatch.setattr(module, "_PACKS", 2)
    ours = mirror(forge, row, tmp_path / "cache")
    for number in range(5):
        commit(clone, "a.txt", f"{number}\n")
        git(clone, "push", "-q", "origin", "main")
        path = ours.fetch()
    assert len(list((Path(path) / "objects/pack").glob("*.pack"))) <= 3
    assert len(Repository(path, path=PATH).range("main~4", "main").commits) == 4


def test_a_pack_without_end(forge, source, tmp_path, monkeypatch):
    row, clone = source
    (clone / "big").write_bytes(os.urandom(300_000))
    git(clone, "add", "big")
    git(clone, "commit", "-q", "-m", "Big")
    git(clone, "push", "-q", "origin", "main")
    monkeypatch.setattr(module, "_LARGEST", 100_000)
    refused("ENG600", mirror(forge, row, tmp_path / "cache").fetch)


def test_a_cache_that_others_may_change_is_not_used(forge, source, tmp_path):
    row, _ = source
    (tmp_path / "cache").mkdir(mode=0o777)
    (tmp_path / "cache").chmod(0o777)
    refused("ENG008", mirror(forge, row, tmp_path / "cache").fetch)


def test_the_way_out_of_a_network_is_handed_on():
    said = {"https_proxy": "http://p:1", "SSL_CERT_FILE": "/ca.pem", "HTTP_PROXY": "http://q", "GITHUB_TOKEN": "t"}
    ours = Mirror("/c", "https://api.github.com", "a/b", lambda: "t", path=PATH, network=network(said))
    assert ours._network == {"HTTPS_PROXY": "http://p:1", "http_proxy": "http://q", "GIT_SSL_CAINFO": "/ca.pem"}
