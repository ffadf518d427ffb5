"""What GraphQL can change: each mutation calls what REST calls, and shows what it changed as it is then."""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from engine.sandbox.forge.git import pushes, web
from engine.sandbox.forge.git.bare import Person, bare
from engine.sandbox.forge.graphql import commits, refs
from engine.sandbox.forge.graphql.lookup import node_of
from engine.sandbox.forge.graphql.nodes import Args, Ask, Node, QueryError, unknown
from engine.sandbox.forge.graphql.pages import Edge, page
from engine.sandbox.forge.graphql.people import Resolver, Table, kind_of, repository_named
from engine.sandbox.forge.graphql.talk import comments as comments_of
from engine.sandbox.forge.kept import Row
from engine.sandbox.forge.people import access
from engine.sandbox.forge.tracker import comments, labels, merging, pulls, reviewers, reviews

Payload = dict[str, Any]
_MERGE = {"MERGE": "merge", "SQUASH": "squash", "REBASE": "rebase"}


def _place(ask: Ask, row: Row) -> Row:
    """The repository of an issue, pull request or review; of a comment that of what it is about."""
    number = row.get("repository")
    if number is None:
        number = ask.forge.kept.value("SELECT repository FROM issues WHERE id = ?", row["issue"])
    found = ask.repository(number)
    if found is None:
        raise unknown("a Repository")
    return found.row


def _again(ask: Ask, text: str) -> Node:
    """The node as it is now."""
    ask.forget()
    return node_of(ask, text)


def _actor(ask: Ask) -> Node | None:
    return ask.row("accounts", ask.viewer.account, kind_of)


def _minimize(ask: Ask, said: Args) -> Payload:
    return {"minimizedComment": _folded(ask, said["subjectId"], said["classifier"])}


def _unminimize(ask: Ask, said: Args) -> Payload:
    return {"unminimizedComment": _folded(ask, said["subjectId"], None)}


def _folded(ask: Ask, text: str, reason: str | None) -> Node:
    node = node_of(ask, text)
    if node.kind != "IssueComment":
        raise QueryError("UNPROCESSABLE", "Only comments of issues and pull requests can be minimized here.")
    comments.minimize(ask.forge, ask.viewer, _place(ask, node.row), node.row, reason)
    return _again(ask, text)


def _drafted(draft: bool) -> Callable[[Ask, Args], Payload]:
    def change(ask: Ask, said: Args) -> Payload:
        text = said["pullRequestId"]
        node = node_of(ask, text, "PullRequest")
        pulls.set_draft(ask.forge, ask.viewer, _place(ask, node.row), node.row, draft)
        return {"pullRequest": _again(ask, text)}

    return change


def _enqueue(ask: Ask, said: Args) -> Payload:
    node_of(ask, said["pullRequestId"], "PullRequest")
    raise QueryError("UNPROCESSABLE", "The base branch of this pull request has no merge queue.")


def _merge(ask: Ask, said: Args) -> Payload:
    text = said["pullRequestId"]
    node = node_of(ask, text, "PullRequest")
    merging.merge(
        ask.forge,
        ask.viewer,
        node.row,
        method=_MERGE[said.get("mergeMethod") or "MERGE"],
        sha=said.get("expectedHeadOid"),
        title=said.get("commitHeadline"),
        message=said.get("commitBody"),
    )
    return {"pullRequest": _again(ask, text), "actor": _actor(ask)}


def _update_branch(ask: Ask, said: Args) -> Payload:
    text = said["pullRequestId"]
    node = node_of(ask, text, "PullRequest")
    merging.update_branch(ask.forge, ask.viewer, node.row, expected_head_sha=said.get("expectedHeadOid"))
    return {"pullRequest": _again(ask, text)}


def _add_comment(ask: Ask, said: Args) -> Payload:
    text = said["subjectId"]
    node = node_of(ask, text, "Issue", "PullRequest")
    number = comments.comment(ask.forge, ask.viewer, _place(ask, node.row), node.row, said["body"])
    subject = _again(ask, text)
    found = comments_of(subject, {}).items
    at = next(index for index, each in enumerate(found) if each.key == number)
    return {"subject": subject, "commentEdge": Edge(page(found, {}), at)}


def _add_labels(ask: Ask, said: Args) -> Payload:
    text = said["labelableId"]
    node = node_of(ask, text, "Issue", "PullRequest")
    repository = _place(ask, node.row)
    names = []
    for label_id in said["labelIds"]:
        label = node_of(ask, label_id, "Label")
        if label.row["repository"] != repository["id"]:
            raise unknown(f"a Label node with the global id of '{label_id}'")
        names.append(label.row["name"])
    labels.add_labels(ask.forge, ask.viewer, repository, node.row, names)
    return {"labelable": _again(ask, text)}


def _dismiss(ask: Ask, said: Args) -> Payload:
    text = said["pullRequestReviewId"]
    node = node_of(ask, text, "PullRequestReview")
    reviews.dismiss(ask.forge, ask.viewer, _place(ask, node.row), node.row, said["message"])
    return {"pullRequestReview": _again(ask, text)}


def _request_reviews(ask: Ask, said: Args) -> Payload:
    """Without `union` the ones that are named replace those that were asked before."""
    text = said["pullRequestId"]
    node = node_of(ask, text, "PullRequest")
    repository = _place(ask, node.row)
    people = [node_of(ask, each, "User").row["login"] for each in said.get("userIds") or ()]
    teams = [node_of(ask, each, "Team").row["slug"] for each in said.get("teamIds") or ()]
    with ask.forge.kept.change():
        reviewers.request(ask.forge, ask.viewer, repository, node.row, people, teams)
        if not said.get("union"):
            asked, asked_teams = reviewers.asked(ask.forge, node.row["id"])
            gone = [row["login"] for row in asked if row["login"] not in people]
            gone_teams = [row["slug"] for row in asked_teams if row["slug"] not in teams]
            reviewers.withdraw(ask.forge, ask.viewer, repository, node.row, gone, gone_teams)
    return {"pullRequest": _again(ask, text), "actor": _actor(ask)}


def _branch(ask: Ask, said: Args) -> tuple[Node, str]:
    """Repository and full name of the branch that a commit is to go on."""
    if said.get("id") is not None:
        ref = node_of(ask, said["id"], "Ref")
        return commits.repository_of(ref), ref.row["name"]
    owner, slash, name = (said.get("repositoryNameWithOwner") or "").partition("/")
    if not slash or not said.get("branchName"):
        raise QueryError("UNPROCESSABLE", "A branch is named by its id, or by repositoryNameWithOwner and branchName.")
    return repository_named(ask, owner, name), f"refs/heads/{said['branchName'].removeprefix('refs/heads/')}"


def _create_commit(ask: Ask, said: Args) -> Payload:
    place, ref = _branch(ask, said["branch"])
    repository, before, forge = place.row, said["expectedHeadOid"], ask.forge
    access.demand(forge, ask.viewer, repository, "write", "contents:write")
    store = bare(forge, repository["id"])
    if store.refs(ref).get(ref) != before:
        expected = f'Expected branch to point to "{before}" but it did not. Pull and try again.'
        raise QueryError("STALE_DATA", expected)
    changes = said.get("fileChanges") or {}
    files: dict[str, tuple[str | None, str] | None] = {each["path"]: None for each in changes.get("deletions") or ()}
    for each in changes.get("additions") or ():
        files[each["path"]] = (None, store.write_blob(_decoded(each["contents"])))
    try:
        tree = store.with_files(before, files)
    except ValueError as error:
        raise QueryError("UNPROCESSABLE", f"A path was requested that cannot be written: {error}.") from None
    message = "\n\n".join(filter(None, (said["message"]["headline"], said["message"].get("body"))))
    made = web.write(forge, store, tree, [before], message, _author(ask))
    pushes.move(forge, repository, ask.viewer, ref, before, made)
    ask.forget()
    place = repository_named(ask, repository["owner_login"], repository["name"])
    found = refs.ref_nodes(place, [(ref, made)])[0]
    return {"ref": found, "commit": commits.commit_nodes(ask, repository["id"], [made])[0]}


def _author(ask: Ask) -> Person:
    account = ask.forge.account(ask.viewer.account)
    if account is None:
        raise unknown("a User")
    return web.person(account, ask.forge.now())


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise QueryError("UNPROCESSABLE", "The contents of a file are not valid Base64.") from None


def _mutation(change: Callable[[Ask, Args], Payload]) -> Resolver:
    def resolve(ask: Ask, args: Args) -> Payload:
        ask.forget()
        return {"clientMutationId": args["input"].get("clientMutationId"), **change(ask, args["input"])}

    return resolve


def _shows(*names: str) -> dict[str, Resolver]:
    """Fields of a payload."""
    return {name: lambda payload, _, name=name: payload[name] for name in ("clientMutationId", *names)}  # type: ignore[misc]


# name → what it does, and what its payload shows
_MUTATIONS: dict[str, tuple[Callable[[Ask, Args], Payload], tuple[str, ...]]] = {
    "addComment": (_add_comment, ("commentEdge", "subject")),
    "addLabelsToLabelable": (_add_labels, ("labelable",)),
    "convertPullRequestToDraft": (_drafted(True), ("pullRequest",)),
    "createCommitOnBranch": (_create_commit, ("commit", "ref")),
    "dismissPullRequestReview": (_dismiss, ("pullRequestReview",)),
    "enqueuePullRequest": (_enqueue, ("mergeQueueEntry",)),
    "markPullRequestReadyForReview": (_drafted(False), ("pullRequest",)),
    "mergePullRequest": (_merge, ("actor", "pullRequest")),
    "minimizeComment": (_minimize, ("minimizedComment",)),
    "requestReviews": (_request_reviews, ("actor", "pullRequest")),
    "unminimizeComment": (_unminimize, ("unminimizedComment",)),
    "updatePullRequestBranch": (_update_branch, ("pullRequest",)),
}
TABLE: Table = {
    "Mutation": {f"{name}(input)": _mutation(change) for name, (change, _) in _MUTATIONS.items()},
    **{f"{name[0].upper()}{name[1:]}Payload": _shows(*names) for name, (_, names) in _MUTATIONS.items()},
}
# Fields of inputs that nothing here looks at; the schema leaves them out, so that whoever sends one is told.
IGNORED = {
    "CheckSuiteFilter": ("checkName",),
    "MergePullRequestInput": ("authorEmail",),
    "UpdatePullRequestBranchInput": ("updateMethod",),
}
