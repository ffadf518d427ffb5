"""Facts of one pull request: everything is in order unless a test says otherwise.

`author` wrote it, `committer` committed it, `pusher` pushed it, `helper` is its co-author. The verdict was signed at
12:00, reviews and comments come at 12:30, and it is 13:00 now.
"""

from engine.core.decision.document import FactDocument, freeze

HEAD, OLD = "a" * 40, "b" * 40
BASE = "c" * 40
REPO, NUMBER = "acme/dev-deployment", 7
RULES = "sha256:" + "1" * 64  # digest of the rules of tests that build their own
TODAY = {"policy": "sha256:p", "module": "sha256:m", "lock_file": "sha256:l"}  # what a verdict has to be made with
BEFORE, SIGNED, LATER, NOW = (f"2026-11-23T{time}:00Z" for time in ("11:00", "12:00", "12:30", "13:00"))
PATH, KEY, TREE = "S3/data-lake", "S3/dev/data-lake/terraform.tfstate", "sha256:" + "7" * 64

NAMES = (
    "author",
    "committer",
    "pusher",
    "helper",
    "ann",
    "bob",
    "cid",
    "dan",
    "eve",
    "lea",
    "outsider",
    "writer",
    "bot",
)
GROUPS = {
    "reviewers": ("ann", "bob", "author", "bot"),
    "security": ("cid", "dan", "ann"),
    "leads": ("lea", "ann", "author"),
}


def person(name, **changes):
    """Somebody by login; None stays unknown."""
    if name is None:
        return None
    if name == "web-flow":
        return {"id": 19864447, "login": name, **changes}
    return {"id": NAMES.index(name) + 1, "login": name, "bot": name == "bot", **changes}


_ids = iter(range(1, 1_000_000))


def review(user, state, commit=HEAD, at=LATER, *, edited=False, dismissed_by=None, was=None):
    """One review, of the current head and after the verdict unless said."""
    return {
        "id": next(_ids),
        "user": person(user),
        "state": state,
        "was": was,
        "commit_id": commit,
        "submitted_at": at,
        "edited": edited,
        "dismissed_by": person(dismissed_by),
    }


def approve(user, commit=HEAD, at=LATER, **changes):
    """An approval."""
    return review(user, "APPROVED", commit, at, **changes)


def reject(user, commit=HEAD, at=LATER, **changes):
    """A request for changes."""
    return review(user, "CHANGES_REQUESTED", commit, at, **changes)


def dismissed(user, was, by, commit=HEAD, at=LATER):
    """A review that `by` dismissed."""
    return review(user, "DISMISSED", commit, at, dismissed_by=by, was=was)


def comment(user, body="OVERRIDE: the auditor waits", at=LATER, *, edited=False, kind="pull_request", **changes):
    """A comment; an override about the verdict unless said."""
    made = {"id": next(_ids), "user": person(user), "body": body, "created_at": at, "edited": edited, "kind": kind}
    return {**made, "head": HEAD, "verdict": 1, **changes}


def contributor(name):
    """Somebody by login, or an address behind which no account stands."""
    return {"email": name} if name and "@" in name else person(name)


def commit(author="author", committer="committer", co_authors=("helper",), sha=HEAD, **changes):
    """One commit of the pull request."""
    return {
        "sha": sha,
        "author": contributor(author),
        "committer": contributor(committer),
        "co_authors": [contributor(name) for name in co_authors],
        **changes,
    }


def web(*roles, **changes):
    """A commit in which GitHub's web committer holds these roles."""
    return commit(**dict.fromkeys(roles, "web-flow"), **changes)


SAME, OTHER = "sha256:" + "5" * 64, "sha256:" + "6" * 64  # content: what the verdict says, and something else


def hands(authors=("author", "helper"), committers=("committer",), pushers=("pusher",)):
    """Who had a hand in the change, as a statement keeps it."""
    kinds = {"authors": authors, "committers": committers, "pushers": pushers}
    return {kind: [person(name)["id"] for name in names] for kind, names in kinds.items()}


def statement(sequence, at=SIGNED, head=HEAD, content=SAME, confirmed=None, **changes):
    """A row of the fact `statements`: it says what the verdict says unless said."""
    row = {"sequence": sequence, "head_sha": head, "base_ref": "dev", "result": "passed", "content": content}
    return {**row, "signed_at": at, "confirmed_at": confirmed or at, "hands": hands(), **changes}


def stated(verdict):
    """The verdict's own row."""
    said = {name: verdict[name] for name in ("base_ref", "result")}
    return statement(verdict["sequence"], verdict["signed_at"], verdict["head_sha"], **said)


def push(name, before=None, after=None, forced=None):
    """A push to the branch; what it moved is not known unless said."""
    return {"user": person(name), "before": before, "after": after, "forced": forced}


def retarget(to, when, from_="main", by="author"):
    """A change of the pull request's base."""
    return {"when": when, "from": from_, "to": to, "by": person(by)}


def finding(severity="high", effect="deny", rule="S3-ENC-001"):
    """What policy said of the resource."""
    address = 'aws_s3_bucket.this["data-lake"]'
    row = {"rule": rule, "severity": severity, "effect": effect, "message": "not encrypted"}
    return {**row, "resource": PATH, "address": address}


def verdict(**changes):
    """A passed verdict of this head, base and rules."""
    resource = {
        "path": PATH,
        "service": "S3",
        "name": "data-lake",
        "state_key": KEY,
        "tree": TREE,
        "plan": "keyed:1",
        "changes": [{"address": "aws_s3_bucket.this", "type": "aws_s3_bucket", "actions": ["create"]}],
    }
    return {
        "sequence": 1,
        "result": "passed",
        "origin": "github",
        "repo": REPO,
        "pr": NUMBER,
        "head_sha": HEAD,
        "base_ref": "dev",
        "environment": "development",
        "branch": "dev",
        "signed_at": SIGNED,
        "expires_at": "2026-11-30T12:00:00Z",
        "rules": RULES,
        **TODAY,
        "findings": [],
        "resources": [resource],
        "trees": {PATH: TREE},
        **changes,
    }


def pr(**changes):
    """The pull request."""
    return {
        "number": NUMBER,
        "title": "Add the data lake",
        "state": "open",
        "draft": False,
        "merged": False,
        "author": person("author"),
        "head": {"ref": "feature", "sha": HEAD, "repo": REPO},
        "base": {"ref": "dev", "sha": BASE, "repo": REPO},
        "retargeted": [],
        **changes,
    }


def group(*names, failed=None):
    """A group as it was resolved, or why it was not."""
    return {"failed": failed} if failed else {"members": [person(name) for name in names]}


def facts(**changes):
    """All facts by name; a fact that is None is left out."""
    known = {
        "source": {"repo": REPO, "declared": True, "owns": ["**"]},
        "pr": pr(),
        "reviews": [],
        "commits": [commit()],
        "pushers": [push("pusher")],
        "labels": [],
        "comments": [],
        "replies": [],
        "checks": [],
        "verdict": verdict(),
        "rules": {"digest": RULES, "environments": {}, "otherwise": {"branch": "main"}, "sources": [], **TODAY},
        "merge": {"clean": True, "trees": {PATH: TREE}},
        "merges": [],
        "ledger": [],
        "depends": {"on": [], "wrong": None, "pulls": {}},
        "freeze": {"active": False},
        "groups": {name: group(*members) for name, members in GROUPS.items()},
        "permissions": {str(person("writer")["id"]): "write", str(person("outsider")["id"]): "read"},
        "now": NOW,
        **changes,
    }
    if known["verdict"] is not None:
        known.setdefault("statements", [stated(known["verdict"])])
    return {name: value for name, value in known.items() if value is not None}


def document(absent=None, failed=None, **changes) -> FactDocument:
    """A document of `facts(**changes)` without those that are absent or failed."""
    gone = {**(absent or {}), **(failed or {})}
    known = {name: value for name, value in facts(**changes).items() if name not in gone}
    return freeze(known, absent or {}, failed or {})
