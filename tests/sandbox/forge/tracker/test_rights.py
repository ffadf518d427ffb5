"""Who may do what: one table for each kind of viewer, each row tried on a pull request and an issue of alice's."""

import pytest

from engine.sandbox.forge.answer import ForgeError, Viewer, dump
from engine.sandbox.forge.ids import new_token
from engine.sandbox.forge.tracker import comments, pulls
from tests.support.few import few

AUTHOR, WRITER, TRIAGE, READER, STRANGER = "alice", "bob", "tom", "oscar", "zoe"
# what, verb, path, body; and the status that each gets: the author, a writer, one with triage, a reader
ROWS = [
    ("read", "GET", "/pulls/{pull}", None, 200, 200, 200, 200),
    ("list", "GET", "/issues", None, 200, 200, 200, 200),
    ("write an issue", "POST", "/issues", {"title": "x"}, 201, 201, 201, 201),
    ("comment", "POST", "/issues/{pull}/comments", {"body": "x"}, 201, 201, 201, 201),
    ("comment at a line", "POST", "/pulls/{pull}/comments", "LINE", 201, 201, 201, 201),
    ("edit the author's comment", "PATCH", "/issues/comments/{comment}", {"body": "y"}, 200, 200, 403, 403),
    ("delete the author's comment", "DELETE", "/issues/comments/{comment}", None, 204, 204, 403, 403),
    ("edit the author's line comment", "PATCH", "/pulls/comments/{line}", {"body": "y"}, 200, 200, 403, 403),
    ("delete the author's line comment", "DELETE", "/pulls/comments/{line}", None, 204, 204, 403, 403),
    ("approve", "POST", "/pulls/{pull}/reviews", {"event": "APPROVE"}, 422, 200, 200, 200),
    ("request changes", "POST", "/pulls/{pull}/reviews", {"event": "REQUEST_CHANGES", "body": "x"}, 422, 200, 200, 200),
    ("only comment", "POST", "/pulls/{pull}/reviews", {"event": "COMMENT", "body": "x"}, 200, 200, 200, 200),
    ("edit somebody's review", "PUT", "/pulls/{pull}/reviews/{review}", {"body": "y"}, 200, 200, 403, 403),
    ("dismiss a review", "PUT", "/pulls/{pull}/reviews/{review}/dismissals", {"message": "x"}, 200, 200, 403, 403),
    ("change the title", "PATCH", "/pulls/{pull}", {"title": "y"}, 200, 200, 403, 403),
    ("change an issue's title", "PATCH", "/issues/{issue}", {"title": "y"}, 200, 200, 403, 403),
    ("close", "PATCH", "/pulls/{pull}", {"state": "closed"}, 200, 200, 200, 403),
    ("close an issue", "PATCH", "/issues/{issue}", {"state": "closed"}, 200, 200, 200, 403),
    ("close by the way of issues", "PATCH", "/issues/{pull}", {"state": "closed"}, 200, 200, 200, 403),
    ("retarget", "PATCH", "/pulls/{pull}", {"base": "stage"}, 200, 200, 403, 403),
    ("label", "POST", "/issues/{pull}/labels", {"labels": ["new"]}, 200, 200, 200, 403),
    ("set labels", "PUT", "/issues/{pull}/labels", {"labels": ["new"]}, 200, 200, 200, 403),
    ("take a label off", "DELETE", "/issues/{pull}/labels/worn", None, 200, 200, 200, 403),
    ("take all labels off", "DELETE", "/issues/{pull}/labels", None, 204, 204, 204, 403),
    ("make a label", "POST", "/labels", {"name": "made"}, 201, 201, 403, 403),
    ("change a label", "PATCH", "/labels/worn", {"new_name": "other"}, 200, 200, 403, 403),
    ("delete a label", "DELETE", "/labels/worn", None, 204, 204, 403, 403),
    ("ask for a review", "POST", "/pulls/{pull}/requested_reviewers", {"reviewers": ["ann"]}, 201, 201, 201, 403),
    ("lock", "PUT", "/issues/{pull}/lock", {"lock_reason": "spam"}, 204, 204, 403, 403),
    ("merge", "PUT", "/pulls/{pull}/merge", {}, 200, 200, 403, 403),
]  # fmt: skip


@pytest.fixture
def there(place, open_, as_):
    """Everything that the rows name, by the name that they have for it."""
    place.push("stage", place.tip("main"))
    pull = open_("feature", {"feature.txt": "one\ntwo\n"})
    alice = as_("alice")
    issue = alice("POST", f"{place.api}/issues", {"title": "x"}).body["number"]
    comment = alice("POST", f"{place.api}/issues/{pull}/comments", {"body": "x"}).body["id"]
    line = alice("POST", f"{place.api}/pulls/{pull}/comments", _at_line(place)).body["id"]
    review = as_("carol")("POST", f"{place.api}/pulls/{pull}/reviews", {"event": "APPROVE"}).body["id"]
    alice("POST", f"{place.api}/issues/{pull}/labels", {"labels": ["worn"]})
    return {"pull": pull, "issue": issue, "comment": comment, "line": line, "review": review}


def _at_line(place):
    return {"body": "x", "path": "feature.txt", "line": 2, "side": "RIGHT", "commit_id": place.tip("feature")}


def ask(client, place, there, verb, path, body):
    return client(verb, place.api + path.format(**there), _at_line(place) if body == "LINE" else body)


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_people_but_the_author(place, there, as_, row):
    """Whoever is refused changes nothing, so that the next may try; whoever may is the last."""
    what, verb, path, body, _, *wanted = row
    for who, status in zip((READER, TRIAGE, WRITER), reversed(wanted), strict=True):
        answer = ask(as_(who), place, there, verb, path, body)
        assert answer.status == status, (what, who, answer.body)
        if status < 300:
            return


@pytest.mark.parametrize("row", few([(row,) for row in ROWS], 6), ids=[row[0] for row in ROWS])
def test_the_author(place, there, as_, row):
    what, verb, path, body, wanted, *_ = row
    answer = ask(as_(AUTHOR), place, there, verb, path, body)
    assert answer.status == wanted, (what, answer.body)


def test_who_may_not_see_the_repository_learns_nothing(place, there, as_):
    kept = place.forge.kept
    if not kept.row("SELECT 1 FROM accounts WHERE login = ?", STRANGER):
        zoe = kept.insert("accounts", login=STRANGER, kind="User", created_at=place.forge.now())
        kept.insert("tokens", token="ghp_zoe", account=zoe, kind="personal")
    for what, verb, path, body, *_ in ROWS:
        assert ask(as_(STRANGER), place, there, verb, path, body).status == 404, what
        assert ask(as_(None), place, there, verb, path, body).status == (404 if verb == "GET" else 401), what


def app(place, as_, **grants):
    """A client with an installation's token that has these permissions."""
    kept = place.forge.kept
    installation = kept.row("SELECT * FROM installations")
    bot = kept.value("SELECT bot FROM apps WHERE id = ?", installation["app"])
    token = new_token("ghs")
    kept.insert(
        "tokens",
        token=token,
        account=bot,
        kind="installation",
        installation=installation["id"],
        permissions_json=dump({"metadata": "read", **grants}),
    )
    return as_(None)._replace(token=token)


# the path of a row, and what an App must have been granted
GRANTS = [
    ("read", {"pull_requests": "read"}),
    ("comment", {"issues": "write"}),
    ("edit the author's comment", {"issues": "write"}),
    ("delete the author's comment", {"issues": "write"}),
    ("approve", {"pull_requests": "write"}),
    ("dismiss a review", {"pull_requests": "write"}),
    ("close", {"pull_requests": "write"}),
    ("retarget", {"pull_requests": "write"}),
    ("label", {"issues": "write"}),
    ("make a label", {"issues": "write"}),
    ("change an issue's title", {"issues": "write"}),
    # a pull request is an issue, too
    ("comment", {"pull_requests": "write"}),
    ("edit the author's comment", {"pull_requests": "write"}),
    ("delete the author's comment", {"pull_requests": "write"}),
    ("label", {"pull_requests": "write"}),
    ("take a label off", {"pull_requests": "write"}),
    ("make a label", {"pull_requests": "write"}),
    ("lock", {"issues": "write"}),
    ("lock", {"pull_requests": "write"}),
    ("merge", {"contents": "write"}),
]


@pytest.mark.parametrize(("what", "grants"), few(GRANTS, 6), ids=[row[0] for row in GRANTS])
def test_apps(place, there, as_, what, grants):
    _, verb, path, body, _, writer, *_ = next(row for row in ROWS if row[0] == what)
    lesser = {name: "read" for name, level in grants.items() if level == "write"}
    assert ask(app(place, as_, **lesser), place, there, verb, path, body).status == 403, what
    assert ask(app(place, as_, **grants), place, there, verb, path, body).status == writer, what


def test_who_may_write_pull_requests_only_writes_and_reads_no_issue(place, there, as_):
    client = app(place, as_, pull_requests="write")
    alice = as_("alice")("POST", f"{place.api}/issues/{there['issue']}/comments", {"body": "x"}).body["id"]
    for verb, path, body in (
        ("GET", "/issues/{issue}/comments", None),
        ("GET", "/issues/{issue}/timeline", None),
        ("GET", "/issues/{issue}/labels", None),
        ("GET", f"/issues/comments/{alice}", None),
        ("PATCH", f"/issues/comments/{alice}", {"body": "y"}),
        ("DELETE", f"/issues/comments/{alice}", None),
        ("POST", "/issues/{issue}/comments", {"body": "y"}),
        ("POST", "/issues/{issue}/labels", {"labels": ["new"]}),
        ("PATCH", "/issues/{issue}", {"state": "closed"}),
        ("GET", "/issues", None),
    ):
        refused = ask(client, place, there, verb, path, body)
        assert (refused.status, refused.body["message"]) == (403, "Resource not accessible by integration"), path
    wants = ask(client, place, there, "POST", "/issues", {"title": "x"}).headers["x-accepted-github-permissions"]
    assert wants == "issues=write"
    assert ask(client, place, there, "GET", "/issues/{pull}/comments", None).status == 200
    reader = app(place, as_, pull_requests="read")
    wants = ask(reader, place, there, "POST", "/issues/{pull}/comments", {"body": "x"}).headers
    assert wants["x-accepted-github-permissions"] == "issues=write; pull_requests=write"


def test_what_an_app_does_is_its_bot_s(place, there, as_):
    client = app(place, as_, issues="write", pull_requests="write")
    comment = client("POST", f"{place.api}/issues/{there['pull']}/comments", {"body": "x"}).body
    assert (comment["user"]["login"], comment["user"]["type"]) == ("interlock[bot]", "Bot")
    assert comment["performed_via_github_app"]["slug"] == "interlock"
    client("POST", f"{place.api}/issues/{there['pull']}/labels", ["by-app"])
    last = as_("bob")("GET", f"{place.api}/issues/{there['pull']}/timeline?per_page=100").body[-1]
    assert (last["event"], last["label"]["name"]) == ("labeled", "by-app")
    assert last["performed_via_github_app"]["slug"] == "interlock"


def test_a_bot_does_not_approve_its_own(place, as_):
    client = app(place, as_, pull_requests="write", contents="write")
    place.add("by-bot", {"x.txt": "x\n"}, onto=place.tip("main"))
    number = client("POST", f"{place.api}/pulls", {"title": "x", "head": "by-bot", "base": "main"}).body["number"]
    answer = client("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE"})
    assert (answer.status, answer.body["errors"]) == (422, ["Can not approve your own pull request"])


def test_whose_account_is_gone_is_a_ghost_and_may_nothing(place, there, as_):
    forge = place.forge
    gone = forge.kept.insert("accounts", login="gus", kind="User", created_at=forge.now())
    forge.kept.insert("collaborators", repository=place.repository["id"], account=gone, permission="write")
    forge.kept.insert("tokens", token="ghp_gus", account=gone, kind="personal")
    client = as_(None)._replace(token="ghp_gus")
    comment = client("POST", f"{place.api}/issues/{there['pull']}/comments", {"body": "x"}).body["id"]
    review = client("POST", f"{place.api}/pulls/{there['pull']}/reviews", {"event": "APPROVE"}).body["id"]
    forge.kept.update("accounts", gone, deleted=1)
    assert client("GET", f"{place.api}/pulls").status == 401
    bob = as_("bob")
    assert bob("GET", f"{place.api}/issues/comments/{comment}").body["user"]["login"] == "ghost"
    assert bob("GET", f"{place.api}/pulls/{there['pull']}/reviews/{review}").body["user"] is None
    shown = bob("GET", f"{place.api}/issues/{there['pull']}/timeline?per_page=100").body
    assert [each["user"]["login"] for each in shown[-2:]] == ["ghost", "ghost"]
    row = place.row(there["pull"])
    with pytest.raises(ForgeError) as refused:
        comments.comment(forge, Viewer("user", gone), place.repository, row, "from beyond")
    assert refused.value.status == 404
    with pytest.raises(ForgeError):
        pulls.edit(forge, Viewer("user", gone), place.repository, row, {"title": "y"})


def test_an_archived_repository_takes_nothing(place, there, as_):
    place.forge.kept.update("repositories", place.repository["id"], archived=1)
    for what, verb, path, body, *_ in ROWS:
        if verb != "GET":
            answer = ask(as_(WRITER), place, there, verb, path, body)
            assert answer.status == 403, (what, answer.body)


def test_what_is_of_another_repository_is_not_found(place, there, as_, forge):
    other = "/repos/acme/dev-deployment"
    for path in ("/issues/comments/{comment}", "/pulls/comments/{line}"):
        assert as_("ann")("GET", other + path.format(**there)).status == 404
        assert as_("olga")("DELETE", other + path.format(**there)).status == 404


def test_an_author_who_only_reads_rules_over_her_own_and_nothing_else(place, forked, as_):
    forked.add("afar", {"afar.txt": "x\n"}, onto=forked.tip("main"), by="oscar")
    oscar = as_("oscar")
    body = {"title": "x", "head": "oscar:afar", "base": "main"}
    number = oscar("POST", f"{place.api}/pulls", body).body["number"]
    review = as_("carol")("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE"}).body["id"]
    place.push("stage", place.tip("main"))
    for what, verb, path, sent, status in (
        ("title", "PATCH", f"/pulls/{number}", {"title": "y"}, 200),
        ("base", "PATCH", f"/pulls/{number}", {"base": "stage"}, 200),
        ("close", "PATCH", f"/pulls/{number}", {"state": "closed"}, 200),
        ("reopen", "PATCH", f"/pulls/{number}", {"state": "open"}, 200),
        ("label", "POST", f"/issues/{number}/labels", {"labels": ["x"]}, 403),
        ("dismiss", "PUT", f"/pulls/{number}/reviews/{review}/dismissals", {"message": "x"}, 403),
        ("merge", "PUT", f"/pulls/{number}/merge", {}, 403),
        ("approve", "POST", f"/pulls/{number}/reviews", {"event": "APPROVE"}, 422),
    ):
        assert oscar(verb, place.api + path, sent).status == status, what
