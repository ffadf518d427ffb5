"""What GraphQL tells of a pull request, its people, commits, reviews, comments, checks and history."""

import pytest

PULL = (
    "query ($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) {"
    " pullRequest(number: $number) { %s } } }"
)


@pytest.fixture
def pull(life, told):
    """What is told of fields of the pull request."""

    def fields(text, login="ann"):
        return told(login, PULL % text, **life.place, number=life.ids["number"])["repository"]["pullRequest"]

    return fields


# why, fields, what they are (a text that begins with `$` is an id of the fixture)
TOLD = [
    (
        "what it says now",
        "title body bodyText state",
        {"title": "Second title", "body": "Other words.", "bodyText": "Other words.", "state": "OPEN"},
    ),
    ("what its reviews come to", "reviewDecision", {"reviewDecision": "APPROVED"}),
    (
        "its ids are those of REST",
        "number databaseId fullDatabaseId",
        {"number": "$number", "databaseId": "$pull", "fullDatabaseId": "$pull!"},
    ),
    (
        "where it comes from and goes to",
        "headRefName headRefOid baseRefName baseRefOid isCrossRepository",
        {
            "headRefName": "topic",
            "headRefOid": "$two",
            "baseRefName": "dev",
            "baseRefOid": "$first",
            "isCrossRepository": False,
        },
    ),
    (
        "both ends as refs",
        "headRef { name prefix target { oid } } baseRef { name } headRepository { name }",
        {
            "headRef": {"name": "topic", "prefix": "refs/heads/", "target": {"oid": "$two"}},
            "baseRef": {"name": "dev"},
            "headRepository": {"name": "life"},
        },
    ),
    (
        "not merged, no draft",
        "merged mergedAt mergedBy { login } mergeCommit { oid } isDraft closed closedAt",
        {
            "merged": False,
            "mergedAt": None,
            "mergedBy": None,
            "mergeCommit": None,
            "isDraft": False,
            "closed": False,
            "closedAt": None,
        },
    ),
    (
        "no queue",
        "mergeQueue { id } mergeQueueEntry { id } isInMergeQueue isMergeQueueEnabled",
        {"mergeQueue": None, "mergeQueueEntry": None, "isInMergeQueue": False, "isMergeQueueEnabled": False},
    ),
    (
        "its author is a person",
        "author { __typename login ... on User { databaseId } } authorAssociation",
        {"author": {"__typename": "User", "login": "alice", "databaseId": "$alice"}, "authorAssociation": "MEMBER"},
    ),
    (
        "who changed its body",
        "editor { login } includesCreatedEdit userContentEdits(first: 9) { totalCount nodes {"
        " diff editor { login } deletedAt } }",
        {
            "editor": {"login": "alice"},
            "includesCreatedEdit": True,
            "userContentEdits": {
                "totalCount": 2,
                "nodes": [
                    {"diff": "Other words.", "editor": {"login": "alice"}, "deletedAt": None},
                    {"diff": "Words.", "editor": {"login": "alice"}, "deletedAt": None},
                ],
            },
        },
    ),
    (
        "its size",
        "additions deletions changedFiles commits { totalCount }",
        {"additions": 2, "deletions": 1, "changedFiles": 2, "commits": {"totalCount": 2}},
    ),
    (
        "its files",
        "files(first: 9) { nodes { path changeType additions deletions } }",
        {
            "files": {
                "nodes": [
                    {"path": "a.txt", "changeType": "DELETED", "additions": 0, "deletions": 1},
                    {"path": "x.txt", "changeType": "ADDED", "additions": 2, "deletions": 0},
                ]
            }
        },
    ),
    (
        "labels that it wears, not those that it wore",
        "labels(first: 9) { totalCount nodes { name color } }",
        {"labels": {"totalCount": 1, "nodes": [{"name": "opa-passed", "color": "ededed"}]}},
    ),
    (
        "a comment that somebody else changed",
        "comments(first: 9) { nodes { databaseId body author { login }"
        " editor { login } isMinimized minimizedReason viewerDidAuthor authorAssociation"
        " userContentEdits(first: 1) { nodes { diff editor { login } } } } }",
        {
            "comments": {
                "nodes": [
                    {
                        "databaseId": "$said",
                        "body": "changed",
                        "author": {"login": "bob"},
                        "editor": {"login": "carol"},
                        "isMinimized": True,
                        "minimizedReason": "outdated",
                        "viewerDidAuthor": False,
                        "authorAssociation": "MEMBER",
                        "userContentEdits": {"nodes": [{"diff": "changed", "editor": {"login": "carol"}}]},
                    }
                ]
            }
        },
    ),
    (
        "reviews in their order; another's pending one is not there",
        "reviews(first: 9) { nodes { state body author { login } commit { oid } } }",
        {
            "reviews": {
                "nodes": [
                    {"state": "APPROVED", "body": "fine", "author": {"login": "ann"}, "commit": {"oid": "$two"}},
                    {"state": "COMMENTED", "body": "by the way", "author": {"login": "ann"}, "commit": {"oid": "$two"}},
                    {"state": "DISMISSED", "body": "no", "author": {"login": "bob"}, "commit": {"oid": "$two"}},
                ]
            }
        },
    ),
    (
        "reviews of one state",
        "reviews(first: 9, states: [DISMISSED]) { nodes { databaseId } }",
        {"reviews": {"nodes": [{"databaseId": "$vetoed"}]}},
    ),
    (
        "reviews of one author",
        'reviews(first: 9, author: "Bob") { nodes { databaseId } }',
        {"reviews": {"nodes": [{"databaseId": "$vetoed"}]}},
    ),
    (
        "a comment is somebody's latest review",
        "latestReviews(first: 9) { nodes { state } }",
        {"latestReviews": {"nodes": [{"state": "COMMENTED"}, {"state": "DISMISSED"}]}},
    ),
    (
        "a comment is no opinion",
        "latestOpinionatedReviews(first: 9) { nodes { state databaseId } }",
        {
            "latestOpinionatedReviews": {
                "nodes": [
                    {"state": "APPROVED", "databaseId": "$approved"},
                    {"state": "DISMISSED", "databaseId": "$vetoed"},
                ]
            }
        },
    ),
    (
        "who is asked: people and teams",
        "reviewRequests(first: 9) { nodes { requestedReviewer { __typename"
        " ... on User { login } ... on Team { slug } } } }",
        {
            "reviewRequests": {
                "nodes": [
                    {"requestedReviewer": {"__typename": "User", "login": "carol"}},
                    {"requestedReviewer": {"__typename": "Team", "slug": "security"}},
                ]
            }
        },
    ),
    (
        "commits, oldest first, with co-authors from trailers",
        "commits(first: 9) { nodes { commit { oid messageHeadline"
        " messageBody authors(first: 5) { nodes { email user { login } } } } } }",
        {
            "commits": {
                "nodes": [
                    {
                        "commit": {
                            "oid": "$one",
                            "messageHeadline": "One",
                            "messageBody": "Why.\n\nCo-authored-by: Bob <BOB@example.com>",
                            "authors": {
                                "nodes": [
                                    {"email": "alice@example.com", "user": {"login": "alice"}},
                                    {"email": "BOB@example.com", "user": {"login": "bob"}},
                                ]
                            },
                        }
                    },
                    {
                        "commit": {
                            "oid": "$two",
                            "messageHeadline": "Two",
                            "messageBody": "",
                            "authors": {"nodes": [{"email": "x@y.z", "user": None}]},
                        }
                    },
                ]
            }
        },
    ),
    (
        "only GitHub's own commits are signed",
        "commits(first: 9) { nodes { commit { committedViaWeb committer { name }"
        " signature { isValid wasSignedByGitHub signer { login } } parents(first: 2) { nodes { oid } } } } }",
        {
            "commits": {
                "nodes": [
                    {
                        "commit": {
                            "committedViaWeb": False,
                            "committer": {"name": "Alice"},
                            "signature": None,
                            "parents": {"nodes": [{"oid": "$first"}]},
                        }
                    },
                    {
                        "commit": {
                            "committedViaWeb": True,
                            "committer": {"name": "GitHub"},
                            "signature": {"isValid": True, "wasSignedByGitHub": True, "signer": {"login": "web-flow"}},
                            "parents": {"nodes": [{"oid": "$one"}]},
                        }
                    },
                ]
            }
        },
    ),
    (
        "the newest check of each name, and statuses",
        "statusCheckRollup { state contexts(first: 9) { checkRunCount"
        " statusContextCount nodes { __typename ... on CheckRun { name status conclusion externalId"
        " checkSuite { app { databaseId slug } } } ... on StatusContext { context state creator { login } } } } }",
        {
            "statusCheckRollup": {
                "state": "PENDING",
                "contexts": {
                    "checkRunCount": 2,
                    "statusContextCount": 1,
                    "nodes": [
                        {
                            "__typename": "CheckRun",
                            "name": "plan",
                            "status": "COMPLETED",
                            "conclusion": "SUCCESS",
                            "externalId": "1:2:3",
                            "checkSuite": {"app": {"databaseId": 1, "slug": "interlock"}},
                        },
                        {
                            "__typename": "CheckRun",
                            "name": "merge",
                            "status": "IN_PROGRESS",
                            "conclusion": None,
                            "externalId": None,
                            "checkSuite": {"app": {"databaseId": 1, "slug": "interlock"}},
                        },
                        {
                            "__typename": "StatusContext",
                            "context": "ci",
                            "state": "SUCCESS",
                            "creator": {"login": "ann"},
                        },
                    ],
                },
            }
        },
    ),
    (
        "suites, their runs and notes",
        "commits(last: 1) { nodes { commit { checkSuites(first: 5) { nodes { databaseId"
        ' status conclusion checkRuns(first: 5, filterBy: {checkName: "plan", checkType: ALL}) { nodes { conclusion'
        " annotations(first: 5) { nodes { path annotationLevel message location { start { line } end { line } } } } } }"
        " } } } } }",
        {
            "commits": {
                "nodes": [
                    {
                        "commit": {
                            "checkSuites": {
                                "nodes": [
                                    {
                                        "databaseId": "$suite",
                                        "status": "IN_PROGRESS",
                                        "conclusion": None,
                                        "checkRuns": {
                                            "nodes": [
                                                {"conclusion": "FAILURE", "annotations": {"nodes": []}},
                                                {
                                                    "conclusion": "SUCCESS",
                                                    "annotations": {
                                                        "nodes": [
                                                            {
                                                                "path": "a.txt",
                                                                "annotationLevel": "WARNING",
                                                                "message": "Hm.",
                                                                "location": {"start": {"line": 1}, "end": {"line": 2}},
                                                            }
                                                        ]
                                                    },
                                                },
                                            ]
                                        },
                                    }
                                ]
                            }
                        }
                    }
                ]
            }
        },
    ),
    (
        "a retarget names both branches",
        "timelineItems(first: 9, itemTypes: [BASE_REF_CHANGED_EVENT]) { totalCount nodes {"
        " ... on BaseRefChangedEvent { previousRefName currentRefName actor { login } } } }",
        {
            "timelineItems": {
                "totalCount": 1,
                "nodes": [{"previousRefName": "main", "currentRefName": "dev", "actor": {"login": "alice"}}],
            }
        },
    ),
    (
        "a force-push names both commits",
        "timelineItems(first: 9, itemTypes: [HEAD_REF_FORCE_PUSHED_EVENT]) { nodes {"
        " ... on HeadRefForcePushedEvent { beforeCommit { oid message } afterCommit { oid } actor { login } } } }",
        {
            "timelineItems": {
                "nodes": [
                    {
                        "beforeCommit": {"oid": "$old", "message": "Old"},
                        "afterCommit": {"oid": "$two"},
                        "actor": {"login": "bob"},
                    }
                ]
            }
        },
    ),
    (
        "a dismissal says who, what and why",
        "timelineItems(first: 9, itemTypes: [REVIEW_DISMISSED_EVENT]) { nodes {"
        " ... on ReviewDismissedEvent { actor { login } previousReviewState dismissalMessage"
        " review { databaseId } } } }",
        {
            "timelineItems": {
                "nodes": [
                    {
                        "actor": {"login": "carol"},
                        "previousReviewState": "CHANGES_REQUESTED",
                        "dismissalMessage": "late",
                        "review": {"databaseId": "$vetoed"},
                    }
                ]
            }
        },
    ),
    (
        "a rename says both titles",
        "timelineItems(first: 9, itemTypes: [RENAMED_TITLE_EVENT]) { nodes {"
        " ... on RenamedTitleEvent { previousTitle currentTitle subject { ... on PullRequest { number } } } } }",
        {
            "timelineItems": {
                "nodes": [
                    {"previousTitle": "First title", "currentTitle": "Second title", "subject": {"number": "$number"}}
                ]
            }
        },
    ),
    (
        "labels put on and taken off",
        "timelineItems(first: 9, itemTypes: [LABELED_EVENT, UNLABELED_EVENT]) { nodes {"
        " __typename ... on LabeledEvent { label { name } } ... on UnlabeledEvent { label { name } } } }",
        {
            "timelineItems": {
                "nodes": [
                    {"__typename": "LabeledEvent", "label": {"name": "opa-passed"}},
                    {"__typename": "LabeledEvent", "label": {"name": "Bug"}},
                    {"__typename": "UnlabeledEvent", "label": {"name": "Bug"}},
                ]
            }
        },
    ),
    (
        "all of it in its order",
        "timelineItems(first: 99) { nodes { __typename } }",
        {
            "timelineItems": {
                "nodes": [
                    {"__typename": name}
                    for name in (
                        "RenamedTitleEvent",
                        "HeadRefForcePushedEvent",
                        "PullRequestCommit",
                        "PullRequestCommit",
                        "BaseRefChangedEvent",
                        "LabeledEvent",
                        "LabeledEvent",
                        "UnlabeledEvent",
                        "IssueComment",
                        "PullRequestReview",
                        "PullRequestReview",
                        "PullRequestReview",
                        "ReviewDismissedEvent",
                        "ConvertToDraftEvent",
                        "ReadyForReviewEvent",
                        "ReviewRequestedEvent",
                        "ReviewRequestedEvent",
                    )
                ]
            }
        },
    ),
]


@pytest.mark.parametrize(("why", "fields", "expected"), TOLD, ids=[row[0] for row in TOLD])
def test_what_is_told(life, pull, why, fields, expected):
    assert pull(fields) == _named(expected, life), why


def _named(value, life):
    if isinstance(value, dict):
        return {key: _named(each, life) for key, each in value.items()}
    if isinstance(value, list):
        return [_named(each, life) for each in value]
    if isinstance(value, str) and value.startswith("$"):
        name = value[1:]
        if name.endswith("!"):
            return str(life.ids[name[:-1]])
        return life.ids[name] if name in life.ids else life.account(name)
    return value


def test_a_pending_review_is_its_author_s(pull):
    nodes = pull("reviews(first: 9, states: [PENDING]) { nodes { state author { login } submittedAt } }", "carol")
    assert nodes["reviews"]["nodes"] == [{"state": "PENDING", "author": {"login": "carol"}, "submittedAt": None}]


def test_whether_it_can_be_merged_is_told_at_the_second_look(life, pull):
    pull("mergeable")
    assert pull("mergeable mergeStateStatus potentialMergeCommit { parents(first: 2) { nodes { oid } } }") == {
        "mergeable": "MERGEABLE",
        "mergeStateStatus": "UNSTABLE",
        "potentialMergeCommit": {"parents": {"nodes": [{"oid": life.ids["first"]}, {"oid": life.ids["two"]}]}},
    }


def test_the_addresses_are_those_of_its_pages(life, pull, forge):
    page = f"{forge.urls.base}/acme/life/pull/{life.ids['number']}"
    found = pull("url permalink resourcePath comments(first: 1) { nodes { url } } reviews(first: 1) { nodes { url } }")
    assert (found["url"], found["permalink"]) == (page, page)
    assert found["resourcePath"] == page.removeprefix(forge.urls.base)
    assert found["comments"]["nodes"][0]["url"] == f"{page}#issuecomment-{life.ids['said']}"
    assert found["reviews"]["nodes"][0]["url"] == f"{page}#pullrequestreview-{life.ids['approved']}"


def test_lists_are_filtered_and_ordered(life, told):
    other = life.push("other", life.commit(life.ids["first"], {"o": b"o"}, "Other"))
    life.open("other", title="Other")
    query = """query ($owner: String!, $name: String!) { repository(owner: $owner, name: $name) {
      all: pullRequests(first: 9, orderBy: {field: CREATED_AT, direction: DESC}) { totalCount nodes { title } }
      head: pullRequests(first: 9, headRefName: "other", states: [OPEN]) { nodes { headRefOid } }
      base: pullRequests(first: 9, baseRefName: "dev") { nodes { title } }
      worn: pullRequests(first: 9, labels: ["opa-passed"]) { nodes { title } }
      merged: pullRequests(first: 9, states: [MERGED, CLOSED]) { nodes { title } }
      ref(qualifiedName: "refs/heads/other") { associatedPullRequests(first: 9) { nodes { title } } }
      object(expression: "other") { ... on Commit { associatedPullRequests(first: 9) { nodes { title } } } } } }"""
    found = told("ann", query, **life.place)["repository"]
    other_one, lived = [{"title": "Other"}], [{"title": "Second title"}]
    assert found["all"] == {"totalCount": 2, "nodes": other_one + lived}
    assert found["head"]["nodes"] == [{"headRefOid": other}]
    assert (found["base"]["nodes"], found["worn"]["nodes"], found["merged"]["nodes"]) == (lived, lived, [])
    assert found["ref"]["associatedPullRequests"]["nodes"] == other_one
    assert found["object"]["associatedPullRequests"]["nodes"] == other_one
