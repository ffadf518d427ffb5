"""What GraphQL changes: by the functions of REST, so here only that each is reached, what it shows and refuses."""

import itertools

import pytest

from engine.sandbox.forge.ids import node_id
from engine.sandbox.forge.tracker import rows, timeline
from tests.sandbox.forge.graphql.conftest import begin

_COUNT = itertools.count()


@pytest.fixture
def fresh(forge):
    """A pull request that nothing has happened to."""
    life = begin(forge, f"fresh-{next(_COUNT)}")
    life.push("topic", life.commit(life.ids["first"], {"x.txt": b"x\n"}, "One"))
    pull = life.open("topic")
    life.ids.update(pull=pull["id"], pr=node_id("PullRequest", pull["id"]), number=pull["number"])
    return life


@pytest.fixture
def change(say, fresh):
    """`change("ann", "addComment", "…input…", "…shown…")`: what is shown, or the first error."""

    def changed(login, name, given, shown="clientMutationId", **variables):
        declared = "".join(f"${key}: {kind}" for key, (kind, _) in variables.items())
        query = f"mutation {f'({declared})' if declared else ''} {{ {name}(input: {{{given}}}) {{ {shown} }} }}"
        answer = say(login, query, **{key: value for key, (_, value) in variables.items()})
        assert answer.status == 200, answer.body
        errors = answer.body.get("errors")
        return (errors[0].get("type"), errors[0]["message"]) if errors else answer.body["data"][name]

    return changed


def test_a_comment_is_written_folded_and_opened_again(fresh, change):
    given = f'subjectId: "{fresh.ids["pr"]}", body: "Hello", clientMutationId: "c"'
    shown = "clientMutationId subject { id } commentEdge { cursor node { id body author { login } } }"
    written = change("oscar", "addComment", given, shown)
    node = written["commentEdge"]["node"]
    assert (written["clientMutationId"], written["subject"]["id"]) == ("c", fresh.ids["pr"])
    assert (node["body"], node["author"]["login"]) == ("Hello", "oscar")
    folded = "minimizedComment { isMinimized minimizedReason }"
    given = f'subjectId: "{node["id"]}", classifier: OUTDATED'
    assert change("alice", "minimizeComment", given, folded) == {
        "minimizedComment": {"isMinimized": True, "minimizedReason": "outdated"}
    }
    opened = change("alice", "unminimizeComment", f'subjectId: "{node["id"]}"', f"un{folded}")
    assert opened == {"unminimizedComment": {"isMinimized": False, "minimizedReason": None}}


def test_who_is_no_writer_folds_nothing_of_others(fresh, change):
    given = f'subjectId: "{fresh.ids["pr"]}", body: "Hello"'
    node = change("ann", "addComment", given, "commentEdge { node { id } }")["commentEdge"]["node"]
    kind, _ = change("oscar", "minimizeComment", f'subjectId: "{node["id"]}", classifier: SPAM')
    assert kind == "FORBIDDEN"


def test_a_draft_and_ready_again(fresh, change):
    given, shown = f'pullRequestId: "{fresh.ids["pr"]}"', "pullRequest { isDraft }"
    assert change("alice", "convertPullRequestToDraft", given, shown) == {"pullRequest": {"isDraft": True}}
    assert change("alice", "markPullRequestReadyForReview", given, shown) == {"pullRequest": {"isDraft": False}}
    assert change("oscar", "convertPullRequestToDraft", given, shown)[0] == "FORBIDDEN"


def test_labels_by_their_ids(fresh, change):
    label = fresh.forge.kept.insert("labels", repository=fresh.repository["id"], name="ready")
    given = f'labelableId: "{fresh.ids["pr"]}", labelIds: ["{node_id("Label", label)}"]'
    shown = "labelable { ... on PullRequest { labels(first: 5) { nodes { name } } } }"
    assert change("bob", "addLabelsToLabelable", given, shown)["labelable"]["labels"]["nodes"] == [{"name": "ready"}]


def test_a_label_of_another_repository_is_none(fresh, change):
    elsewhere = fresh.forge.kept.insert("labels", repository=1, name=f"elsewhere-{fresh.repository['id']}")
    given = f'labelableId: "{fresh.ids["pr"]}", labelIds: ["{node_id("Label", elsewhere)}"]'
    assert change("bob", "addLabelsToLabelable", given)[0] == "NOT_FOUND"


def test_a_merge_only_of_the_head_that_is_meant(fresh, change):
    pr, head = fresh.ids["pr"], fresh.store.resolve("topic")
    given = f'pullRequestId: "{pr}", mergeMethod: SQUASH, commitHeadline: "Done", expectedHeadOid: "%s"'
    kind, said = change("ann", "mergePullRequest", given % ("0" * 40))
    assert (kind, said) == ("UNPROCESSABLE", "Head branch was modified. Review and try the merge again.")
    assert not rows.item(fresh.forge, fresh.ids["pull"])["merged"]
    shown = "actor { login } pullRequest { state merged mergedBy { login } mergeCommit { oid messageHeadline } }"
    merged = change("ann", "mergePullRequest", given % head, shown)
    tip = fresh.store.resolve("main")
    assert merged == {
        "actor": {"login": "ann"},
        "pullRequest": {
            "state": "MERGED",
            "merged": True,
            "mergedBy": {"login": "ann"},
            "mergeCommit": {"oid": tip, "messageHeadline": "Done"},
        },
    }


def test_there_is_no_merge_queue(fresh, change):
    given = f'pullRequestId: "{fresh.ids["pr"]}", expectedHeadOid: "{fresh.store.resolve("topic")}"'
    kind, said = change("ann", "enqueuePullRequest", given, "mergeQueueEntry { position }")
    assert (kind, said) == ("UNPROCESSABLE", "The base branch of this pull request has no merge queue.")


def test_a_branch_is_brought_up_to_date(fresh, change):
    pr = fresh.ids["pr"]
    assert change("alice", "updatePullRequestBranch", f'pullRequestId: "{pr}"')[0] == "UNPROCESSABLE"
    fresh.push("main", fresh.commit(fresh.ids["first"], {"m.txt": b"m"}, "Main"), "ann")
    shown = "pullRequest { headRefOid commits(first: 9) { nodes { commit { oid signature { wasSignedByGitHub } } } } }"
    given = f'pullRequestId: "{pr}", expectedHeadOid: "{fresh.store.resolve("topic")}"'
    found = change("alice", "updatePullRequestBranch", given, shown)["pullRequest"]
    assert found["headRefOid"] == fresh.store.resolve("topic")
    assert found["commits"]["nodes"][-1]["commit"] == {
        "oid": found["headRefOid"],
        "signature": {"wasSignedByGitHub": True},
    }


def test_a_review_is_dismissed(fresh, change):
    from engine.sandbox.forge.tracker import reviews

    pull = rows.item(fresh.forge, fresh.ids["pull"])
    number = reviews.submit(fresh.forge, fresh.viewer("ann"), fresh.repository, pull, "APPROVE", "fine")
    given = f'pullRequestReviewId: "{node_id("PullRequestReview", number)}", message: "Too soon"'
    assert change("oscar", "dismissPullRequestReview", given)[0] == "FORBIDDEN"
    shown = "pullRequestReview { state databaseId }"
    assert change("bob", "dismissPullRequestReview", given, shown) == {
        "pullRequestReview": {"state": "DISMISSED", "databaseId": number}
    }


def test_reviewers_are_replaced_or_joined(fresh, change):
    def ask(names, more=""):
        people = ", ".join(f'"{node_id("User", fresh.account(name))}"' for name in names)
        shown = "pullRequest { reviewRequests(first: 9) { nodes { requestedReviewer { ... on User { login } } } } }"
        found = change(
            "alice", "requestReviews", f'pullRequestId: "{fresh.ids["pr"]}", userIds: [{people}]{more}', shown
        )
        return [each["requestedReviewer"]["login"] for each in found["pullRequest"]["reviewRequests"]["nodes"]]

    assert ask(["ann"]) == ["ann"]
    assert ask(["bob"], ", union: true") == ["ann", "bob"]
    assert ask(["carol"]) == ["carol"]


COMMIT = """branch: {repositoryNameWithOwner: "acme/%s", branchName: "topic"}, expectedHeadOid: "%s",
  message: {headline: "Made", body: "Why."},
  fileChanges: {additions: [{path: "d/e.txt", contents: "ZQ=="}], deletions: [{path: "a.txt"}]}"""


def test_a_commit_is_made_on_a_branch(fresh, change):
    name, before = fresh.repository["name"], fresh.store.resolve("topic")
    kind, _ = change("alice", "createCommitOnBranch", COMMIT % (name, fresh.ids["first"]))
    assert (kind, fresh.store.resolve("topic")) == ("STALE_DATA", before)
    shown = "commit { oid message author { name user { login } } signature { isValid } } ref { name target { oid } }"
    made = change("alice", "createCommitOnBranch", COMMIT % (name, before), shown)
    tip = fresh.store.resolve("topic")
    assert made["ref"] == {"name": "topic", "target": {"oid": tip}}
    assert made["commit"] == {
        "oid": tip,
        "message": "Made\n\nWhy.",
        "author": {"name": "Alice", "user": {"login": "alice"}},
        "signature": {"isValid": True},
    }
    assert sorted(entry.path for entry in fresh.store.entries(tip, recursive=False)) == ["d", "dir", "x.txt"]
    assert rows.item(fresh.forge, fresh.ids["pull"])["head_sha"] == tip, "the pull request has followed"


PATHS = ["../x", "/x", ".git/config", "a/../../b", "", "dir"]


@pytest.mark.parametrize("path", PATHS)
def test_no_commit_with_a_path_that_is_none(fresh, change, path):
    before = fresh.store.resolve("topic")
    given = (COMMIT % (fresh.repository["name"], before)).replace("d/e.txt", path)
    assert change("alice", "createCommitOnBranch", given)[0] == "UNPROCESSABLE"
    assert fresh.store.resolve("topic") == before


def test_a_protected_branch_stays_protected(forge, say):
    place = '{ repository(owner: "acme", name: "dev-deployment") { ref(qualifiedName: "dev") { id target { oid } } } }'
    ref = say("ann", place).body["data"]["repository"]["ref"]
    said = {"branch": {"id": ref["id"]}, "message": {"headline": "x"}, "expectedHeadOid": ref["target"]["oid"]}
    query = "mutation ($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }"
    (error,) = say("ann", query, input=said).body["errors"]
    assert (error["type"], error["message"].splitlines()[0]) == ("UNPROCESSABLE", "Repository rule violations found")
    assert say("ann", place).body["data"]["repository"]["ref"] == ref


# why, the mutation, its input
WRITES = [
    ("a comment", "addComment", 'subjectId: "{pr}", body: "x"'),
    ("a draft", "convertPullRequestToDraft", 'pullRequestId: "{pr}"'),
    ("a merge", "mergePullRequest", 'pullRequestId: "{pr}"'),
    ("an update", "updatePullRequestBranch", 'pullRequestId: "{pr}"'),
    ("reviewers", "requestReviews", 'pullRequestId: "{pr}", userIds: []'),
]


@pytest.mark.parametrize(("why", "name", "given"), WRITES, ids=[row[0] for row in WRITES])
def test_nothing_is_changed_by_who_may_not_see_it(fresh, change, why, name, given):
    fresh.forge.kept.run("DELETE FROM collaborators WHERE repository = ?", fresh.repository["id"])
    events = len(timeline.of(fresh.forge, fresh.ids["pull"]))
    assert change("oscar", name, given.replace("{pr}", fresh.ids["pr"]))[0] == "NOT_FOUND", why
    assert len(timeline.of(fresh.forge, fresh.ids["pull"])) == events


def test_mutations_go_one_after_the_other_and_each_shows_its_own_moment(fresh, say):
    query = """mutation ($p: ID!) { a: convertPullRequestToDraft(input: {pullRequestId: $p}) { pullRequest { isDraft } }
      b: markPullRequestReadyForReview(input: {pullRequestId: $p}) { pullRequest { isDraft } } }"""
    found = say("alice", query, p=fresh.ids["pr"]).body["data"]
    assert [found[key]["pullRequest"]["isDraft"] for key in ("a", "b")] == [True, False]
