"""Input made to cost more than it says, through the public command line. Budget for each: 10 s and 1 GiB in all.

Everything is within the limits that docs/security.md lists, so each command has to do its work, or to say no, before
Terraform is even looked for. A child that passes three times the budget is stopped. With NAMEs, only those are run.

    python benchmarks/hostile.py [NAME…]
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from string import ascii_lowercase
from typing import NamedTuple

from engine import data

SECONDS, MEBIBYTES = 10.0, 1024.0
_STOP = 3  # times the budget
RULES = data.path("deployment-rules.yaml")
_GIT = {
    "GIT_AUTHOR_NAME": "ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
    "GIT_COMMITTER_NAME": "ann", "GIT_COMMITTER_EMAIL": "ann@example.com",
    "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
}  # fmt: skip
_HEAD = 'environment = "development"\n'


class Measured(NamedTuple):
    """What a command cost."""

    code: int
    seconds: float
    mebibytes: float


class Source:
    """A repository whose objects are made without files: `dev`, and `feature` on top of it."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self.git("init", "-q", "-b", "dev")
        self.commit("dev", [("100644", "blob", self.blob(b"configuration only\n"), "README.md")])

    def git(self, *words: str, given: bytes | None = None) -> str:
        """What git says, standing here."""
        environment = {**os.environ, **_GIT}
        command = ["git", "-C", self.directory, *words]
        return (
            subprocess.run(command, input=given, env=environment, check=True, capture_output=True)
            .stdout.decode()
            .strip()
        )

    def blob(self, content: bytes) -> str:
        """The id of a blob."""
        return self.git("hash-object", "-w", "--stdin", given=content)

    def tree(self, rows: Sequence[tuple[str, str, str, str]]) -> str:
        """The id of a tree of (mode, kind, id, name)."""
        listed = "".join(f"{mode} {kind} {name}\t{path}\0" for mode, kind, name, path in rows)
        return self.git("mktree", "-z", given=listed.encode())

    def commit(self, branch: str, rows: Sequence[tuple[str, str, str, str]], message: str = "a change") -> None:
        """Make a branch a commit of these rows, on top of `dev`."""
        parents = ["-p", "dev"] if branch != "dev" else []
        made = self.git("commit-tree", self.tree(rows), *parents, given=message.encode())
        self.git("update-ref", f"refs/heads/{branch}", made)

    def change(self, service: str) -> None:
        """`feature`: this tree as `S3/`."""
        readme = self.git("rev-parse", "dev:README.md")
        self.commit("feature", [("100644", "blob", readme, "README.md"), ("040000", "tree", service, "S3")])


def _discover(source: Source, rules: str = RULES) -> list[str]:
    return ["discover", "--repo", source.directory, "--base", "dev", "--head", "feature", "--rules", rules]


def _documents(source: Source, tfvars: str, names: Sequence[str]) -> list[str]:
    """One resource with these documents."""
    empty = source.blob(b"{}")
    rows = [("100644", "blob", empty, name) for name in names]
    inner = source.tree([*rows, ("100644", "blob", source.blob(tfvars.encode()), "x.tfvars")])
    source.change(source.tree([("040000", "tree", inner, "x")]))
    return _discover(source)


def tree_of_trees(directory: str) -> list[str]:
    """Eight trees that stand for ten million files."""
    source = Source(directory)
    row = source.tree([("100644", "blob", source.blob(b"x"), f"f{i}.md") for i in range(10)])
    for _ in range(6):
        row = source.tree([("040000", "tree", row, f"d{i}") for i in range(10)])
    source.change(row)
    return _discover(source)


def trailer_of_blanks(directory: str) -> list[str]:
    """A commit message that a careless pattern reads in quadratic time."""
    source = Source(directory)
    inner = source.tree([("100644", "blob", source.blob(_HEAD.encode()), "a.tfvars")])
    source.change(inner)
    rows = source.git("ls-tree", "feature").splitlines()
    listed = [(*row.partition("\t")[0].split(), row.partition("\t")[2]) for row in rows]
    source.commit("feature", listed, "x\n\nCo-authored-by: a" + " " * 250_000 + "b\n")  # type: ignore[arg-type]
    event = _event(source)
    _write(f"{directory}/event.json", json.dumps({**event, "action": "submitted", "review": {}}))
    controller = os.path.dirname(RULES)
    out = f"{directory}/out"
    return [
        "run",
        "--event",
        f"{directory}/event.json",
        "--event-name",
        "pull_request_review",
        "--repo",
        directory,
        "--rules",
        controller,
        "--out",
        out,
    ]


def messages_of_lines(directory: str) -> list[str]:
    """As many commits as may be read, each with a million lines to look for co-authors in."""
    source = Source(directory)
    source.change(source.tree([("100644", "blob", source.blob(_HEAD.encode()), "a.tfvars")]))
    tree, tip = source.git("rev-parse", "feature^{tree}"), "feature"
    for _ in range(250):
        tip = source.git("commit-tree", tree, "-p", tip, given=b"\n" * 1_000_000 + b"x")
    source.git("update-ref", "refs/heads/feature", tip)
    return _discover(source)


def documents_by_references(directory: str) -> list[str]:
    """1,800 references to a document that is not there, beside as many as may be."""
    references = "".join(f'b{i}={{policy_file="z.json"}}\n' for i in range(1800))
    return _documents(
        Source(directory), f"{_HEAD}s3_buckets = {{\n{references}}}\n", [f"{'p' * 200}{i}.json" for i in range(4000)]
    )


def near_misses(directory: str) -> list[str]:
    """2,000 names, each almost one of 2,000 others."""
    names = ["".join(letters) * 12 for letters in product(ascii_lowercase[:13], repeat=3)][:2000]
    references = "".join(f'b{i}={{policy_file="{name}x.json"}}\n' for i, name in enumerate(names))[:60_000]
    references = references[: references.rindex("\n") + 1]
    return _documents(
        Source(directory), f"{_HEAD}s3_buckets = {{\n{references}}}\n", [f"{name}.json" for name in names]
    )


def many_documents(directory: str) -> list[str]:
    """20,000 documents of one resource."""
    tfvars = f"{_HEAD}s3_buckets = {{ a = {{}} }}\n"
    return _documents(Source(directory), tfvars, [f"{i}.json" for i in range(20_000)])


def many_resources(directory: str) -> list[str]:
    """As many changed resources as a change may have."""
    source = Source(directory)
    rows = []
    for i in range(10_000):
        rows.append(("100644", "blob", "", f"b{i}.tfvars"))
    blob = source.blob(f"{_HEAD}s3_buckets = {{ a = {{}} }}\n".encode())
    source.change(source.tree([(mode, kind, blob, path) for mode, kind, _, path in rows]))
    return _discover(source)


def many_problems(directory: str) -> list[str]:
    """A line that is wrong, 8,000 times."""
    return _documents(Source(directory), _HEAD + "".join(f"a{i}=f()\n" for i in range(8_000))[:60_000], [])


def many_globs(directory: str) -> list[str]:
    """10,000 globs of two owners, and a change that none of them owns."""
    return _globs(directory, lambda i: f"team{i}/**/S3/**")


def many_wild_globs(directory: str) -> list[str]:
    """The same, beginning with a wildcard, where no two can be told apart by how they begin."""
    return _globs(directory, lambda i: f"**/team{i}/**")


def _globs(directory: str, glob: Callable[[int], str]) -> list[str]:
    source = Source(directory)
    blob = source.blob(f"{_HEAD}s3_buckets = {{ a = {{}} }}\n".encode())
    source.change(source.tree([("100644", "blob", blob, f"b{i}.tfvars") for i in range(1000)]))
    rules = f"{directory}/rules"
    os.mkdir(rules)
    owned = [[glob(i) for i in range(start, 10_000, 2)] for start in (0, 1)]
    sources = [{"repo": f"acme/dev{i or ''}-deployment", "owns": owns} for i, owns in enumerate(owned)]
    text = {
        "version": 1,
        "sources": sources,
        "environments": {"development": {"branch": "dev", "account": "111111111111", "region": "eu-central-1"}},
        "otherwise": {"branch": "main"},
        "gates": {"ready": {"reject": "pr.draft"}},
        "events": [{"event": "push", "run": "check"}],
        "pipelines": [{"pipeline": "check", "gates": ["ready"], "actions": [{"id": "report", "uses": "report.write"}]}],
    }
    _write(f"{rules}/deployment-rules.yaml", json.dumps(text))
    return [*_discover(source, f"{rules}/deployment-rules.yaml"), "--source", "acme/dev-deployment"]


def event_of_nothings(directory: str) -> list[str]:
    """21 MB of empty values, each of which takes a hundred times its size once it is read."""
    return _explain(directory, '"x": [' + ",".join(['{"":[]}'] * 2_600_000) + "]")


def event_of_numbers(directory: str) -> list[str]:
    """24 MB of numbers."""
    return _explain(directory, '"x": [' + ",".join(["0"] * 12_000_000) + "]")


def event_of_text(directory: str) -> list[str]:
    """24 MB that GitHub could send: texts of some length."""
    return _explain(directory, '"x": [' + ",".join([json.dumps("ä\u202e" * 8 + str(i)) for i in range(160_000)]) + "]")


def event_of_brackets(directory: str) -> list[str]:
    """24 million brackets."""
    return _explain(directory, '"x": ' + "[" * 24_000_000)


def _explain(directory: str, more: str) -> list[str]:
    repository = {"full_name": "acme/dev-deployment"}
    pull = {"number": 7, "head": {"ref": "x", "sha": "0" * 40}, "base": {"ref": "dev"}}
    body = json.dumps({"action": "opened", "repository": repository, "pull_request": pull})
    _write(f"{directory}/event.json", f"{body[:-1]}, {more}}}")
    return [
        "explain",
        "--event",
        f"{directory}/event.json",
        "--event-name",
        "pull_request",
        "--rules",
        os.path.dirname(RULES),
    ]


def deep_brackets(directory: str) -> list[str]:
    """Nesting in everything that is read: a tfvars file, a value in it, documents."""
    source = Source(directory)
    deep = "[" * 30_000
    texts = {
        "a": f"{_HEAD}s3_buckets = {deep}",
        "b": f'{_HEAD}s3_buckets = {{ b = {{ policy_json = "{deep}" }} }}\n',
        "c": f'{_HEAD}s3_buckets = {{ c = {{ tags = {{ x = "{"[" * 600}" }} }} }}\n',
        "d": f'{_HEAD}s3_buckets = {{ d = {{ policy_file = "d.json" }} }}\n',
    }
    rows = [("100644", "blob", source.blob(text.encode()), f"{name}.tfvars") for name, text in texts.items()]
    source.change(source.tree([*rows, ("100644", "blob", source.blob(deep.encode()), "d.json")]))
    return _discover(source)


def unseen_characters(directory: str) -> list[str]:
    """As many of them as fit into a file."""
    return _documents(Source(directory), _HEAD + "# " + "\u202e" * 20_000, [])


BOMBS: Sequence[Callable[[str], list[str]]] = (
    tree_of_trees,
    trailer_of_blanks,
    messages_of_lines,
    documents_by_references,
    near_misses,
    many_documents,
    many_resources,
    many_problems,
    many_globs,
    many_wild_globs,
    event_of_nothings,
    event_of_numbers,
    event_of_text,
    event_of_brackets,
    deep_brackets,
    unseen_characters,
)


def _event(source: Source) -> dict[str, object]:
    repository = {"full_name": "acme/dev-deployment"}
    base, head = source.git("rev-parse", "dev"), source.git("rev-parse", "feature")
    pull = {
        "number": 7, "title": "A change", "state": "open", "draft": False, "merged": False,
        "user": {"id": 1, "login": "ann", "type": "User"},
        "head": {"ref": "feature", "sha": head, "repo": repository},
        "base": {"ref": "dev", "sha": base, "repo": repository},
    }  # fmt: skip
    return {"action": "opened", "number": 7, "repository": repository, "pull_request": pull}


def _write(file: str, text: str) -> None:
    with open(file, "w", encoding="utf-8") as handle:
        handle.write(text)


def measure(words: Sequence[str]) -> Measured:
    """Run the engine, and add up what it and everything that it starts hold at a time."""

    limit = f'ulimit -v {int(_STOP * MEBIBYTES) * 1024}; exec "$@"'
    began = time.monotonic()
    child = subprocess.Popen(
        ["/bin/sh", "-c", limit, "sh", os.path.join(os.path.dirname(sys.executable), "engine"), *words],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("ENGINE", "AWS_", "GITHUB_", "TF_"))},
    )  # fmt: skip
    ended, most = threading.Event(), [0.0]

    def watch() -> None:
        while not ended.wait(0.02):
            most[0] = max(most[0], sum(_held(child.pid)))
            if time.monotonic() - began > _STOP * SECONDS:
                child.kill()

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, used = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    ended.set()
    watcher.join()
    child.returncode = os.waitstatus_to_exitcode(status)
    unit = 1024.0 if sys.platform == "linux" else 1024.0**2
    return Measured(child.returncode, seconds, max(most[0], used.ru_maxrss / unit))


def _held(process: int) -> Iterator[float]:
    """MiB of a process and of all below it, where the system tells (Linux)."""
    waiting = [process]
    while waiting:
        one = waiting.pop()
        try:
            with open(f"/proc/{one}/statm", encoding="ascii") as file:
                yield int(file.read().split()[1]) * resource.getpagesize() / 1024**2
            for thread in os.listdir(f"/proc/{one}/task"):
                with open(f"/proc/{one}/task/{thread}/children", encoding="ascii") as file:
                    waiting += map(int, file.read().split())
        except OSError:
            continue


def main(names: Sequence[str]) -> int:
    """Print a table; 1 when a budget is broken."""
    broken = False
    for bomb in BOMBS:
        if names and bomb.__name__ not in names:
            continue
        with tempfile.TemporaryDirectory() as directory:
            words = bomb(directory)
            found = measure(words)
        bad = found.seconds > SECONDS or found.mebibytes > MEBIBYTES or found.code not in (0, 1, 2, 3, 4, 5, 8)
        broken = broken or bad
        print(
            f"{bomb.__name__:<26} {found.seconds:6.1f} s {found.mebibytes:7.0f} MiB  exit {found.code:>3}"
            f"{'  BROKEN' if bad else ''}",
            flush=True,
        )
    print(f"budget: {SECONDS:.0f} s, {MEBIBYTES:.0f} MiB")
    return int(broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
