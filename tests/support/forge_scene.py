"""A forge with something on every page: repositories, pull requests, checks, deployments, deliveries, a job.

Each text goes through `say`, so that the same scene can be calm (for looking at) or hostile (for attacks).
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from engine.sandbox.forge.answer import Viewer, dump
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git.bare import Bare, Person, bare
from engine.sandbox.forge.git.pushes import move
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.tracker import comments, issues, labels, merging, pulls, reviewers, reviews, rows, states

Say = Callable[[str], str]

BODY = """Adds a queue for **orders** in `development`, as asked in #1. @ann, can @acme/security look, too?

> [!WARNING]
> The old queue stays until every reader has moved.

- [x] plan is clean
- [ ] readers are told

| resource | change |
|:--|--:|
| `aws_sqs_queue.orders` | create :sparkles: |

<details><summary>The plan</summary>

```diff
+ aws_sqs_queue.orders
-   tags = null
+   tags = { team = "orders" }
```

</details>

Retention is long on purpose.[^1] See https://docs.aws.amazon.com/sqs/ and ![a picture](https://example.com/x.png)

[^1]: Fourteen days, the most that AWS has.
"""
REPORT = """**Passed: waiting for one approval of platform**

| rule | resource | result |
|---|---|---|
| `encrypted` | `aws_sqs_queue.orders` | :white_check_mark: |

<details><summary>Plan of dev/orders</summary>

```hcl
resource "aws_sqs_queue" "orders" {
  name                      = "orders"  # new
  message_retention_seconds = 1209600
}
```

</details>
"""
TFVARS = 'name = "orders"\nretention_seconds = 1209600\ntags = {\n  team = "orders"\n}\n'


class Scene(NamedTuple):
    """Where everything is."""

    forge: Forge
    repo: str  # /acme/dev-deployment
    pull: str  # the one with everything: /acme/dev-deployment/pull/2
    conflict: str
    merged: str
    issue: str
    pages: dict[str, str]  # every page by a name


def as_user(forge: Forge, login: str) -> Viewer:
    """Somebody who asks."""
    return Viewer("user", account(forge, login))


def account(forge: Forge, login: str) -> int:
    """The number of a login."""
    found: int = forge.kept.value("SELECT id FROM accounts WHERE login = ?", login)
    return found


def push(
    forge: Forge,
    repo: str,
    branch: str,
    files: dict[str, bytes | None],
    *,
    by: str,
    message: str,
    base: str = "dev",
    name: str = "",
) -> str:
    """A commit on a branch (made from `base` where it is new); its id."""
    row = forge.repository(*repo.strip("/").split("/"))
    assert row is not None
    store = bare(forge, row["id"])
    before = store.resolve(f"refs/heads/{branch}")
    parent = before or store.resolve(f"refs/heads/{base}")
    assert parent is not None
    blobs = {data: store.write_blob(data) for data in set(files.values()) if data is not None}  # a process for each
    tree = store.with_files(
        parent, {path: None if data is None else (None, blobs[data]) for path, data in files.items()}
    )
    who = Person(name or by.title(), f"{by}@example.com", forge.now())
    sha = store.write_commit(_tree(store, tree), [parent], message, who, who)
    move(forge, row, as_user(forge, by), f"refs/heads/{branch}", before, sha)
    return sha


def _tree(store: Bare, sha: str) -> str:
    commit = store.commit(sha)
    return commit.tree if commit else sha


def build(forge: Forge, say: Say = lambda text: text, *, branch: str = "add-orders", path: str = "notes.md") -> Scene:
    """Everything, once, in a new forge. `branch` and `path` name a branch and a file as hostile as git allows."""
    repo = "/acme/dev-deployment"
    row = forge.repository("acme", "dev-deployment")
    assert row is not None
    forge.kept.update("repositories", row["id"], description=say("What runs in development, as variables"))
    kept = forge.kept
    app = kept.row("SELECT * FROM apps")
    assert app is not None
    installation = kept.value("SELECT id FROM installations")
    engine = Viewer(
        "installation",
        app["bot"],
        app["id"],
        installation,
        {"issues": "write", "pull_requests": "write", "contents": "write"},
    )
    ann, bob, alice, oscar, olga, carol = _people(forge)

    first = issues.create(
        forge,
        oscar,
        row,
        say("Orders are lost while the queue is moved")[:250],
        say("Since **yesterday**. See `orders`."),
    )
    issue = rows.item(forge, first)
    comments.comment(forge, carol, row, issue, say("Looking into it."))
    labels.create(forge, ann, row, say("opa-passed")[:45], "2da44e", say("The newest validation has passed")[:90])
    labels.create(forge, ann, row, say("needs words")[:45], "d4c5f9", None)

    sha = _pushed(forge, repo, branch, path, say)
    made = pulls.open_pull(forge, alice, row, branch, "dev", say("Add a queue for orders")[:250], say(BODY))
    pull = rows.item(forge, made)
    _talk(forge, row, pull, engine, say)
    pulls.edit(forge, alice, row, pull, {"title": say("Add a queue for orders, the second")[:250]})
    _checks(forge, row["id"], sha, app["id"], say, path)

    push(forge, repo, "rename-notes", {"CHANGES.md": b"one\n"}, by="alice", message="Begin a list", base=branch)
    push(forge, repo, "conflicting", {"README.md": b"# Mine\n"}, by="alice", message="Mine")
    push(forge, repo, "dev", {"README.md": b"# Theirs\n"}, by="olga", message="Theirs")
    conflict = pulls.open_pull(forge, alice, row, "conflicting", "dev", say("Change the README")[:250], None, True)
    push(forge, repo, "small", {"small.txt": b"small\n"}, by="bob", message=say("Small"))
    small = rows.item(
        forge, pulls.open_pull(forge, bob, row, "small", "dev", say("Something small")[:250], say("Nothing more."))
    )
    merging.merge(forge, olga, small, method="squash")
    states.close(
        forge, oscar, row, rows.item(forge, issues.create(forge, oscar, row, "Never mind", None)), "not_planned"
    )
    create_repository(forge, account(forge, "umbrella"), "elsewhere", private=True)
    _machinery(forge, row["id"], sha, app, say)

    numbers = {name: rows.item(forge, number)["number"] for name, number in (("pull", made), ("conflict", conflict))}
    at = {name: f"{repo}/pull/{number}" for name, number in numbers.items()}
    merged = f"{repo}/pull/{small['number']}"
    run = kept.value("SELECT max(id) FROM check_runs")
    delivery = kept.value("SELECT max(id) FROM deliveries")
    from engine.sandbox.forge.pages.asked import link

    pages = {
        "home": "/",
        "sign in": "/login",
        "person": "/ann",
        "bot": link("interlock[bot]"),
        "app": "/apps/interlock",
        "organisation": "/acme",
        "team": "/orgs/acme/teams/security",
        "repository": repo,
        "directory": f"{repo}/tree/dev/SQS",
        "branch": link(repo.strip("/"), "tree", branch),
        "file": link(repo.strip("/"), "blob", branch, "queues/orders/terraform.tfvars"),
        "odd file": link(repo.strip("/"), "blob", branch, path),
        "readme": f"{repo}/blob/dev/README.md",
        "branches": f"{repo}/branches",
        "commits": f"{repo}/commits",
        "history": link(repo.strip("/"), "commits", branch, path),
        "activity": f"{repo}/activity",
        "commit": f"{repo}/commit/{sha}",
        "compare": link(repo.strip("/"), "compare", f"dev...{branch}"),
        "compare nothing": f"{repo}/compare",
        "pulls": f"{repo}/pulls",
        "all pulls": f"{repo}/pulls?state=all",
        "pull": at["pull"],
        "pull commits": f"{at['pull']}/commits",
        "pull files": f"{at['pull']}/files",
        "pull files split": f"{at['pull']}/files?diff=split",
        "pull checks": f"{at['pull']}/checks",
        "conflict": at["conflict"],
        "merged": merged,
        "issues": f"{repo}/issues",
        "new issue": f"{repo}/issues/new",
        "issue": f"{repo}/issues/{issue['number']}",
        "check run": f"{repo}/runs/{run}",
        "deployments": f"{repo}/deployments",
        "rules": f"{repo}/rules",
        "ruleset": f"{repo}/rules/1",
        "deliveries": "/deliveries",
        "delivery": f"/deliveries/{delivery}",
        "jobs": "/runs",
        "job": "/runs/1",
        "nowhere": f"{repo}/nowhere",
    }
    return Scene(forge, repo, at["pull"], at["conflict"], merged, f"{repo}/issues/{issue['number']}", pages)


def _people(forge: Forge) -> list[Viewer]:
    return [as_user(forge, login) for login in ("ann", "bob", "alice", "oscar", "olga", "carol")]


def _pushed(forge: Forge, repo: str, branch: str, path: str, say: Say) -> str:
    """Two commits of alice with files of many kinds; the second's id."""
    files: dict[str, bytes | None] = {
        "queues/orders/terraform.tfvars": TFVARS.encode(),
        path: say("# Notes\n\nOrders are *here*.\n").encode(),
        "picture.bin": bytes(range(256)),
        "long/table.csv": "".join(f"{n},{n * n}\n" for n in range(900)).encode(),
        "README.md": say("# Development\n\nWhat runs here. See [notes](notes.md).\n\n- one\n- two\n").encode(),
    }
    push(
        forge,
        repo,
        branch,
        files,
        by="alice",
        message=say("Add a queue for orders") + "\n\n" + say("Readers move next week."),
        name=say("Alice"),
    )
    return push(
        forge,
        repo,
        branch,
        {"queues/orders/terraform.tfvars": TFVARS.replace('"orders"', '"orders-v2"').encode()},
        by="alice",
        message=say("Name it orders-v2"),
        name=say("Alice"),
    )


def _talk(forge: Forge, row: Any, pull: Any, engine: Viewer, say: Say) -> None:
    """Comments, one folded and one edited; reviews, one dismissed; a label; reviewers."""
    ann, bob, alice, oscar, olga, carol = _people(forge)
    reviewers.request(forge, alice, row, pull, ["ann"], ["security"])
    labels.add_labels(forge, ann, row, pull, [say("opa-passed")[:45]])
    comments.comment(forge, engine, row, pull, say(REPORT))
    old = comments.comment(forge, engine, row, pull, say("Failed: one resource is not encrypted"))
    comments.minimize(forge, engine, row, comments.comment_of(forge, row["id"], old), "OUTDATED")
    said = comments.comment(forge, oscar, row, pull, say("Is this the same queue as in #1?"))
    comments.edit_comment(
        forge, oscar, row, comments.comment_of(forge, row["id"], said), say("Is this the queue of #1?")
    )
    reviews.submit(forge, bob, row, pull, "REQUEST_CHANGES", say("Please say why it keeps messages for fourteen days."))
    gone = reviews.submit(forge, carol, row, pull, "APPROVE", say("Fine with me."))
    reviews.dismiss(
        forge, olga, row, reviews.review_of(forge, olga, pull["id"], gone), say("The name has changed since.")
    )
    reviews.submit(
        forge,
        ann,
        row,
        pull,
        "APPROVE",
        None,
        comments=[
            {"path": "queues/orders/terraform.tfvars", "line": 2, "side": "RIGHT", "body": say("Long, but right.")}
        ],
    )


def _checks(forge: Forge, repository: int, sha: str, app: int, say: Say, path: str) -> None:
    kept, now = forge.kept, forge.now()
    suite = kept.insert("check_suites", repository=repository, app=app, head_sha=sha, created_at=now, updated_at=now)
    common: dict[str, Any] = {"suite": suite, "repository": repository, "app": app, "head_sha": sha, "started_at": now}
    kept.insert(
        "check_runs",
        **common,
        name="interlock merge: dev",
        status="in_progress",
        external_id="2:1:pending",
        title=say("Waiting for one approval of platform"),
    )
    run = kept.insert(
        "check_runs",
        **common,
        name=say("interlock plan: dev"),
        status="completed",
        conclusion="failure",
        completed_at=now,
        external_id=say("2:1:failed"),
        details_url=say("https://example.com/runs/1"),
        title=say("Failed: one finding"),
        summary=say(REPORT),
        text=say("Further **words**."),
    )
    for level, line, file in (
        ("failure", 2, "queues/orders/terraform.tfvars"),
        ("warning", 1, path),
        ("notice", 400, "nowhere.tf"),
    ):
        kept.insert(
            "annotations",
            run=run,
            path=file,
            start_line=line,
            end_line=line,
            level=level,
            message=say("Messages are kept for longer than seven days."),
            title=say("retention"),
            raw_details=say("rule: retention\nlimit: 604800"),
        )
    kept.insert(
        "statuses",
        repository=repository,
        sha=sha,
        state="success",
        context=say("ci/lint"),
        description=say("All clean"),
        target_url=say("https://example.com/lint"),
        creator=account(forge, "bob"),
        created_at=now,
    )


def _machinery(forge: Forge, repository: int, sha: str, app: Any, say: Say) -> None:
    kept, now = forge.kept, forge.now()
    made = kept.insert(
        "deployments",
        repository=repository,
        sha=sha,
        ref=say("dev"),
        environment=say("development"),
        description=say("Pull request 2"),
        creator=app["bot"],
        app=app["id"],
        created_at=now,
        updated_at=now,
    )
    for state in ("in_progress", "failure"):
        kept.insert(
            "deployment_statuses",
            deployment=made,
            state=state,
            description=say(f"It is {state}"),
            log_url=say("https://example.com/log"),
            created_at=now,
        )
    hook = kept.value("SELECT id FROM hooks")
    kept.insert(
        "deliveries",
        guid="0b2f6f3e-0000-4000-8000-000000000001",
        hook=hook,
        repository=repository,
        event=say("pull_request"),
        action=say("opened"),
        number=2,
        body=dump({"action": "opened", "title": say("Add a queue")}).encode(),
        due_at=now,
        state="sent",
        sent_at=now,
        duration=0.12,
        status_code=502,
        request_json=dump({"X-GitHub-Event": "pull_request", "X-Said": say("x")}),
        response_json=dump({"headers": {"Server": say("proxy")}, "payload": say("upstream is gone"), "failure": ""}),
    )
    kept.insert(
        "runs",
        delivery=kept.value("SELECT max(id) FROM deliveries"),
        event=say("pull_request"),
        repository="acme/dev-deployment",
        number=2,
        pid=1,
        state=say("ended"),
        exit_code=1,
        log=say("Planning 1 resource …\nFailed: one finding\n"),
        summary=say("validate: failed"),
        started_at=now,
        ended_at=now,
    )
