"""Repositories, commits, branches, trees and differences as REST and webhooks show them."""

from typing import Any

from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.git import web
from engine.sandbox.forge.git.bare import Changed, Commit, Entry
from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people.access import flags
from engine.sandbox.forge.people.accounts import by_email
from engine.sandbox.forge.people.shapes import simple_user
from engine.sandbox.forge.urls import Urls

# What follows `url` in a repository's addresses, by the name of the address.
_BELOW = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}
_NOT_MINIMAL = ("allow_rebase_merge", "allow_squash_merge", "allow_merge_commit", "allow_auto_merge")


def repository(forge: Forge, urls: Urls, row: Row) -> dict[str, Any]:
    """GitHub's `repository`."""
    url, page, kept = urls.repo(row["full_name"]), urls.page(row["owner_login"], row["name"]), forge.kept
    forks = kept.value("SELECT count(*) FROM repositories WHERE fork_of = ? AND NOT deleted", row["id"])
    issues = kept.value("SELECT count(*) FROM issues WHERE repository = ? AND state = 'open'", row["id"])
    methods = row["merge_methods"].split()
    host = urls.base.partition("//")[2]
    return {
        "id": row["id"],
        "node_id": node_id("Repository", row["id"]),
        "name": row["name"],
        "full_name": row["full_name"],
        "owner": simple_user(urls, forge.account(row["owner"])),
        "private": bool(row["private"]),
        "html_url": page,
        "description": row["description"],
        "fork": row["fork_of"] is not None,
        "url": url,
        **{f"{name}_url": url + below for name, below in _BELOW.items()},
        "git_url": f"git://{host}/{row['full_name']}.git",
        "ssh_url": f"ssh://git@{host}/{row['full_name']}.git",
        "clone_url": f"{page}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "size": 0,
        "default_branch": row["default_branch"],
        "forks_count": forks,
        "forks": forks,
        "stargazers_count": 0,
        "watchers_count": 0,
        "watchers": 0,
        "open_issues_count": issues,
        "open_issues": issues,
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": False,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": True,
        "has_discussions": False,
        "archived": bool(row["archived"]),
        "disabled": False,
        "visibility": "private" if row["private"] else "public",
        "pushed_at": row["pushed_at"] or row["created_at"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "allow_forking": True,
        "allow_squash_merge": "squash" in methods,
        "allow_merge_commit": "merge" in methods,
        "allow_rebase_merge": "rebase" in methods,
        "allow_auto_merge": False,
        "web_commit_signoff_required": False,
    }


def minimal_repository(forge: Forge, urls: Urls, row: Row, level: str = "") -> dict[str, Any]:
    """GitHub's `minimal-repository`, of lists; with what the viewer may, where `level` says it."""
    found = repository(forge, urls, row)
    for name in (*_NOT_MINIMAL, *(("license",) if found["license"] is None else ())):
        del found[name]
    return found | ({"permissions": flags(level)} if level else {})


def full_repository(forge: Forge, urls: Urls, row: Row, level: str) -> dict[str, Any]:
    """GitHub's `full-repository`, with what the viewer may."""
    found = repository(forge, urls, row) | {"subscribers_count": 0, "network_count": 0}
    found["permissions"] = flags(level)
    owner = forge.account(row["owner"])
    if owner is not None and owner["kind"] == "Organization":
        found["organization"] = found["owner"]
    parent = forge.repository_of(row["fork_of"])
    if parent is not None and not parent["deleted"]:
        source = parent
        while (above := forge.repository_of(source["fork_of"])) is not None and not above["deleted"]:
            source = above
        found["parent"] = repository(forge, urls, parent)
        found["source"] = repository(forge, urls, source)
    return found


def commit(forge: Forge, urls: Urls, repository: Row, found: Commit) -> dict[str, Any]:
    """GitHub's `commit`, without its files; who wrote and committed is who has linked the address."""
    url = urls.repo(repository["full_name"], "commits", found.sha)
    git = urls.repo(repository["full_name"], "git")
    return {
        "url": url,
        "sha": found.sha,
        "node_id": node_id("Commit", f"{repository['id']}:{found.sha}"),
        "html_url": _page(urls, repository, "commit", found.sha),
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{git}/commits/{found.sha}",
            "author": found.author._asdict(),
            "committer": found.committer._asdict(),
            "message": found.message,
            "comment_count": 0,
            "tree": {"sha": found.tree, "url": f"{git}/trees/{found.tree}"},
            "verification": verification(forge, found),
        },
        "author": simple_user(urls, by_email(forge, found.author.email)),
        "committer": simple_user(urls, by_email(forge, found.committer.email)),
        "parents": _parents(urls, repository, found, "commits"),
    }


def git_commit(forge: Forge, urls: Urls, repository: Row, found: Commit) -> dict[str, Any]:
    """GitHub's `git-commit`: what git knows of it."""
    git = urls.repo(repository["full_name"], "git")
    return {
        "sha": found.sha,
        "node_id": node_id("Commit", f"{repository['id']}:{found.sha}"),
        "url": f"{git}/commits/{found.sha}",
        "html_url": _page(urls, repository, "commit", found.sha),
        "author": found.author._asdict(),
        "committer": found.committer._asdict(),
        "message": found.message,
        "tree": {"sha": found.tree, "url": f"{git}/trees/{found.tree}"},
        "parents": _parents(urls, repository, found, "git/commits"),
        "verification": verification(forge, found),
    }


def verification(forge: Forge, found: Commit) -> dict[str, Any]:
    """GitHub's `verification`: it signs what is made in its pages and by its API, and this knows no other keys."""
    at = web.signed_at(forge, found.sha)
    if at is None:
        return {"verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None}
    payload = web.payload(found)
    signature = web.signature(payload)
    return {"verified": True, "reason": "valid", "signature": signature, "payload": payload, "verified_at": at}


def diff_entry(urls: Urls, repository: Row, ref: str, change: Changed) -> dict[str, Any]:
    """GitHub's `diff-entry`: a file of a comparison, commit or pull request whose head is `ref`."""
    parts = change.path.split("/")
    found = {
        "sha": change.blob,
        "filename": change.path,
        "status": change.status,
        "additions": change.additions,
        "deletions": change.deletions,
        "changes": change.additions + change.deletions,
        "blob_url": _page(urls, repository, "blob", ref, *parts),
        "raw_url": _page(urls, repository, "raw", ref, *parts),
        "contents_url": f"{urls.repo(repository['full_name'], 'contents', change.path)}?ref={ref}",
    }
    if change.patch is not None:
        found["patch"] = change.patch
    return found | ({"previous_filename": change.previous} if change.previous else {})


def branch(urls: Urls, repository: Row, name: str, sha: str, *, protected: bool) -> dict[str, Any]:
    """GitHub's `short-branch`."""
    url = urls.repo(repository["full_name"], "branches", *name.split("/"))
    return {
        "name": name,
        "commit": {"sha": sha, "url": urls.repo(repository["full_name"], "commits", sha)},
        "protected": protected,
        "protection": {
            "enabled": False,  # that of a branch alone; here it is rulesets that protect
            "required_status_checks": {"enforcement_level": "off", "contexts": [], "checks": []},
        },
        "protection_url": f"{url}/protection",
    }


def full_branch(
    forge: Forge, urls: Urls, repository: Row, name: str, tip: Commit, *, protected: bool
) -> dict[str, Any]:
    """GitHub's `branch-with-protection`."""
    found = branch(urls, repository, name, tip.sha, protected=protected)
    parts = name.split("/")
    links = {
        "self": urls.repo(repository["full_name"], "branches", *parts),
        "html": _page(urls, repository, "tree", *parts),
    }
    return found | {"commit": commit(forge, urls, repository, tip), "_links": links}


def ref(urls: Urls, repository: Row, name: str, sha: str, kind: str) -> dict[str, Any]:
    """GitHub's `git-ref`; `kind` is commit or tag."""
    git = urls.repo(repository["full_name"], "git")
    return {
        "ref": name,
        "node_id": node_id("Ref", f"{repository['id']}:{name}"),
        "url": "/".join([git, *urls.rest(*name.split("/")).removeprefix(urls.api + "/").split("/")]),
        "object": {"type": kind, "sha": sha, "url": f"{git}/{kind}s/{sha}"},
    }


def tree(urls: Urls, repository: Row, sha: str, entries: list[Entry], *, truncated: bool) -> dict[str, Any]:
    """GitHub's `git-tree`."""
    git = urls.repo(repository["full_name"], "git")
    rows = []
    for entry in entries:
        row: dict[str, Any] = {"path": entry.path, "mode": entry.mode, "type": entry.kind, "sha": entry.sha}
        if entry.size is not None:
            row |= {"size": entry.size}
        if entry.kind != "commit":
            row |= {"url": f"{git}/{entry.kind}s/{entry.sha}"}
        rows.append(row)
    return {"sha": sha, "url": f"{git}/trees/{sha}", "tree": rows, "truncated": truncated}


def _parents(urls: Urls, repository: Row, found: Commit, below: str) -> list[dict[str, Any]]:
    url = urls.repo(repository["full_name"])
    return [
        {"sha": sha, "url": f"{url}/{below}/{sha}", "html_url": _page(urls, repository, "commit", sha)}
        for sha in found.parents
    ]


def _page(urls: Urls, repository: Row, *parts: str) -> str:
    return urls.page(repository["owner_login"], repository["name"], *parts)
