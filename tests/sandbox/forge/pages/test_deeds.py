"""What buttons do: by forms alone, without a script, as whoever is signed in."""

import pytest

from engine.sandbox.forge.tracker import pulls, rows
from tests.support.forge_scene import as_user, push


@pytest.fixture
def fresh(scene, request):
    """A new pull request of alice, on a branch of its own."""
    return _fresh(scene, request)


@pytest.fixture
def opened(scene, request):
    """`opened()` makes one more."""
    made = []

    def another():
        made.append(0)
        return _fresh(scene, request, f"-{len(made)}")

    return another


def _fresh(scene, request, more=""):
    branch = f"{request.node.name.split('[')[0]}-{abs(hash(request.node.name)) % 10**6}{more}"
    push(scene.forge, scene.repo, branch, {f"{branch}.txt": b"one\n"}, by="alice", message=branch)
    repo = scene.forge.repository("acme", "dev-deployment")
    made = pulls.open_pull(scene.forge, as_user(scene.forge, "alice"), repo, branch, "dev", "A change", "Why\r\nnot")
    return rows.item(scene.forge, made)


def _page(pull, more=""):
    return f"/acme/dev-deployment/pull/{pull['number']}{more}"


def _now(scene, pull):
    return rows.item(scene.forge, pull["id"])


def test_a_comment(scene, visit, fresh):
    answer = visit("oscar").press(_page(fresh), "answer", body="Hello\r\n*there*")
    [comment] = scene.forge.kept.rows("SELECT * FROM comments WHERE issue = ?", fresh["id"])
    assert (answer.status, answer.headers["location"]) == (303, f"{_page(fresh)}#issuecomment-{comment['id']}")
    assert comment["body"] == "Hello\r\n*there*", "as browsers send it, and GitHub keeps it"


@pytest.mark.parametrize(
    ("button", "state"), [("APPROVE", "APPROVED"), ("REQUEST_CHANGES", "CHANGES_REQUESTED"), ("COMMENT", "COMMENTED")]
)
def test_a_review_is_of_the_head_that_is_there(scene, visit, fresh, button, state):
    assert visit("ann").press(_page(fresh), "answer", review=button, body="Because").status == 303
    [review] = scene.forge.kept.rows("SELECT * FROM reviews WHERE pull = ?", fresh["id"])
    assert (review["state"], review["commit_sha"]) == (state, fresh["head_sha"])


REFUSED = [
    ("the author approves", "alice", {"review": "APPROVE", "body": "Mine"}, "Can not approve your own pull request"),
    ("changes without a word", "ann", {"review": "REQUEST_CHANGES", "body": ""}, "body"),
    ("an empty comment", "ann", {"body": "  "}, "body cannot be blank"),
    ("a comment without end", "ann", {"body": "x" * 65537}, "body is too long (maximum is 65536 characters)"),
    ("no such event", "ann", {"review": "MERGE", "body": "kept"}, "event"),
]


@pytest.mark.parametrize(("why", "login", "typed", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_refusal_is_shown_at_its_form_and_what_was_typed_is_kept(scene, visit, fresh, why, login, typed, message):
    answer = visit(login).press(_page(fresh), "answer", **typed)
    assert answer.status == 422, why
    form = answer.text[answer.text.index('value="answer"') :]
    assert message.lower() in form[: form.index("</form>")].lower(), why
    assert answer.forms["answer"].fields["body"] == typed["body"]
    assert not scene.forge.kept.rows("SELECT * FROM reviews WHERE pull = ?", fresh["id"])


def test_edit_fold_and_delete_a_comment(scene, visit, fresh):
    kept = scene.forge.kept
    ann, oscar = visit("ann"), visit("oscar")
    oscar.press(_page(fresh), "answer", body="First")
    number = kept.value("SELECT id FROM comments WHERE issue = ?", fresh["id"])
    ann.press(_page(fresh), f"edit-issuecomment-{number}", body="Changed by a writer")
    page = oscar.get(_page(fresh))
    assert "Changed by a writer" in page.text
    assert "First" in page.text, "the history has it"
    ann.press(_page(fresh), f"minimize-{number}", reason="SPAM")
    assert kept.value("SELECT minimized FROM comments WHERE id = ?", number) == "SPAM"
    assert "Folded as spam" in oscar.get(_page(fresh)).text
    ann.press(_page(fresh), f"minimize-{number}")
    assert kept.value("SELECT minimized FROM comments WHERE id = ?", number) is None
    ann.press(_page(fresh), f"delete-{number}")
    assert kept.value("SELECT count(*) FROM comments WHERE id = ?", number) == 0


def test_readers_have_no_buttons_for_what_others_wrote_and_may_not_send_them(scene, visit, fresh):
    visit("ann").press(_page(fresh), "answer", body="Mine")
    number = scene.forge.kept.value("SELECT id FROM comments WHERE issue = ?", fresh["id"])
    oscar = visit("oscar")
    forms = oscar.get(_page(fresh)).forms
    assert set(forms) == {"sign-out", "answer"}
    token = forms["answer"].fields["token"]
    for deed in (
        f"/comments/{number}",
        f"/comments/{number}/delete",
        f"/comments/{number}/minimize",
        "/title",
        "/body",
        "/close",
        "/labels",
        "/reviewers",
        "/draft",
        "/merge",
        "/update",
    ):
        answer = oscar.post(
            _page(fresh, deed),
            {"token": token, "body": "x", "title": "x", "reason": "SPAM", "method": "merge", "reviewer": "ann"},
        )
        assert answer.status in (403, 422), deed
    assert (_now(scene, fresh)["title"], _now(scene, fresh)["state"]) == ("A change", "open")
    assert scene.forge.kept.value("SELECT body FROM comments WHERE id = ?", number) == "Mine"


def test_dismiss_a_review(scene, visit, fresh):
    visit("bob").press(_page(fresh), "answer", review="APPROVE")
    number = scene.forge.kept.value("SELECT id FROM reviews WHERE pull = ?", fresh["id"])
    visit("ann").press(_page(fresh), f"dismiss-{number}", message="Too early")
    assert scene.forge.kept.value("SELECT state FROM reviews WHERE id = ?", number) == "DISMISSED"
    assert "Too early" in visit("bob").get(_page(fresh)).text


def test_title_base_draft_close_reopen(scene, visit, fresh):
    alice = visit("alice")
    alice.press(_page(fresh), "title", title="Another", base="stage")
    assert (_now(scene, fresh)["title"], _now(scene, fresh)["base_ref"]) == ("Another", "stage")
    shown = alice.get(_page(fresh)).text
    assert 'changed the base branch from <code class="branch">dev</code> to <code class="branch">stage</code>' in shown
    assert "changed the title from <del>A change</del> to <ins>Another</ins>" in shown
    alice.press(_page(fresh), "draft", draft="1")
    assert _now(scene, fresh)["draft"] == 1
    alice.press(_page(fresh), "draft", draft="0")
    alice.press(_page(fresh), "close")
    assert _now(scene, fresh)["state"] == "closed"
    alice.press(_page(fresh), "reopen")
    assert (_now(scene, fresh)["state"], _now(scene, fresh)["draft"]) == ("open", 0)


def test_labels_and_reviewers(scene, visit, fresh):
    ann = visit("ann")
    number = scene.forge.kept.value("SELECT id FROM labels WHERE name = 'needs words'")
    ann.press(_page(fresh), "labels", **{f"label-{number}": "on", "new": "made here"})
    ann.press(_page(fresh), "reviewers", reviewer="bob")
    ann.press(_page(fresh), "reviewers", reviewer="acme/security")
    shown = ann.get(_page(fresh))
    for words in ("needs words", "made here", "asked for a review by", "the team security"):
        assert words in shown.text
    assert ann.press(_page(fresh), "reviewers", reviewer="alice").status == 422, "the author"
    fields = shown.forms["labels"].fields
    fields.pop(f"label-{number}")
    ann.post(shown.forms["labels"].action, fields)
    names = [
        row["name"]
        for row in scene.forge.kept.rows(
            "SELECT l.name FROM issue_labels x JOIN labels l ON l.id = x.label WHERE x.issue = ?", fresh["id"]
        )
    ]
    assert names == ["made here"]


def test_who_may_not_pass_the_rules_cannot_merge_and_reads_why(scene, visit, fresh):
    answer = visit("ann").press(_page(fresh), "merge")
    assert answer.status == 405
    assert "interlock merge: dev" in answer.text
    assert 'role="alert"' in answer.text
    assert not _now(scene, fresh)["merged"]


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_who_may_pass_the_rules_merges(scene, visit, fresh, method):
    olga = visit("olga")
    box = olga.get(_page(fresh)).text
    assert "You may pass the rules" in box
    assert "Not reported yet: it is expected from Interlock" in box
    assert "owners of the organisation (olga)" in box
    assert olga.press(_page(fresh), "merge", method=method).status == 303
    assert _now(scene, fresh)["merged"] == 1
    assert "merged this as" in olga.get(_page(fresh)).text


def _ruled(scene, kind, **wants):
    """Change what the rule of `dev` wants until the test is over."""
    import json

    row = scene.forge.kept.row("SELECT id, rules_json FROM rulesets WHERE name = 'Protect dev'")
    rules = json.loads(row["rules_json"])
    next(rule for rule in rules if rule["type"] == kind)["parameters"].update(wants)
    scene.forge.kept.update("rulesets", row["id"], rules_json=json.dumps(rules))
    return lambda: scene.forge.kept.update("rulesets", row["id"], rules_json=row["rules_json"])


def test_the_box_names_who_can_give_what_is_missing_and_offers_no_more_than_the_rules(scene, visit, fresh):
    undo = _ruled(
        scene,
        "pull_request",
        required_approving_review_count=2,
        require_last_push_approval=True,
        allowed_merge_methods=["squash"],
    )
    try:
        push(scene.forge, scene.repo, fresh["head_ref"], {"more.txt": b"1\n"}, by="erin", message="More")
        visit("ann").press(_page(fresh), "answer", review="APPROVE")
        visit("oscar").press(_page(fresh), "answer", review="APPROVE")
        seen = visit("ann").get(_page(fresh))
        box = seen.text[seen.text.index('id="merge"') : seen.text.index('id="answer"')]
        named = box[box.index("these can give it") :]
        named = [
            login
            for login in ("ann", "bob", "carol", "dave", "erin", "alice", "oscar", "olga")
            if f'/{login}"' in named
        ]
        assert named == ["bob", "carol", "dave", "olga"], "not the author, who pushed last, who has, or who only reads"
        assert "(no write access: it does not count)" in box
        assert [said["value"] for tag, said in seen.elements if tag == "option" and said["value"] in _METHODS] == [
            "squash"
        ]
        assert "disabled>Merge into dev" in box
        assert "disabled>Merge into dev" not in visit("olga").get(_page(fresh)).text, "she may pass"
    finally:
        undo()


_METHODS = ("merge", "squash", "rebase")


def test_a_comment_at_a_line_stands_there(scene, visit, fresh):
    files = _page(fresh, "/files")
    answer = visit("oscar").press(files, "remark-1", line="1", body="Why *one*?")
    number = scene.forge.kept.value("SELECT id FROM review_comments WHERE pull = ?", fresh["id"])
    assert (answer.status, answer.headers["location"]) == (303, f"{files}#discussion_r{number}")
    for view in ("", "?diff=split"):
        text = visit("ann").get(files + view).text
        assert (
            text.index(">one<" if view else "one</td>")
            < text.index(f'id="discussion_r{number}"')
            < text.index("<em>one</em>")
        )
    conversation = visit("ann").get(_page(fresh)).text
    shown = conversation[conversation.index(f'id="discussion_r{number}"') :]
    assert shown.index("one</td>") < shown.index("<em>one</em>")
    push(scene.forge, scene.repo, fresh["head_ref"], {"more.txt": b"1\n"}, by="alice", message="More")
    assert "<em>one</em>" not in visit("ann").get(files).text, "it is of an older head"


def test_a_long_file_is_shown_alone_and_talked_about_there(scene, visit):
    files, ann = f"{scene.pull}/files", visit("ann")
    together = ann.get(files)
    assert "900 lines changed, too many to show with the others" in together.text
    assert "899,808201" not in together.text
    alone = ann.get(f"{files}?file=long/table.csv&diff=split")
    assert "899,808201" in alone.text
    assert set(alone.forms) == {"sign-out", "title", "remark-1"}
    answer = ann.press(f"{files}?file=long/table.csv&diff=split", "remark-1", line="900", body="The last one")
    where = answer.headers["location"]
    assert where.startswith(f"{files}?file=long%2Ftable.csv&diff=split#discussion_r")
    assert "The last one" in ann.get(where.partition("#")[0]).text
    refused = ann.press(f"{files}?file=long/table.csv&diff=split", "remark-1", line="901", body="Beyond")
    assert "899,808201" in refused.text
    assert refused.forms["remark-1"].fields["body"] == "Beyond"


def test_a_comment_at_a_line_is_told_when_it_was_said(scene, visit, fresh):
    ann = visit("ann")
    ann.press(_page(fresh, "/files"), "remark-1", line="1", body="First said")
    ann.press(_page(fresh), "answer", body="Then said")
    text = ann.get(_page(fresh)).text
    assert text.index("First said") < text.index("Then said")


@pytest.mark.parametrize("address", ["/compare/{}", "/compare/main...{}", "/pull/new/{}"])
def test_githubs_addresses_of_a_new_pull_request_lead_to_its_form(visit, fresh, address):
    form = visit("alice").get("/acme/dev-deployment" + address.format(fresh["head_ref"])).forms["new-pull"]
    assert (form.fields["base"], form.fields["head"]) == ("main", fresh["head_ref"])


REMARKS = [
    ("no line of it", {"line": "7", "body": "x"}, "line must be part of the diff"),
    ("the side that has none", {"line": "1", "side": "LEFT", "body": "x"}, "line must be part of the diff"),
    ("no number", {"line": "1e9", "body": "x"}, "line must be part of the diff"),
    ("no text", {"line": "1", "body": ""}, "body"),
    ("no file of it", {"line": "1", "body": "x", "path": "../x"}, "path is not part of the diff"),
    ("no commit of it", {"line": "1", "body": "x", "commit_id": "HEAD"}, "commit_id is not part of the pull request"),
]


@pytest.mark.parametrize(("why", "typed", "message"), REMARKS, ids=[row[0] for row in REMARKS])
def test_a_comment_at_no_line_is_refused_at_its_form(scene, visit, fresh, why, typed, message):
    answer = visit("ann").press(_page(fresh, "/files"), "remark-1", **typed)
    assert answer.status == 422, why
    form = answer.text[answer.text.index('value="remark-1"') :]
    assert message in form[: form.index("</form>")], why
    assert not scene.forge.kept.rows("SELECT * FROM review_comments WHERE pull = ?", fresh["id"])


def test_a_head_that_has_moved_since_the_page_was_opened_is_not_merged(scene, visit, fresh):
    olga = visit("olga")
    form = olga.get(_page(fresh)).forms["merge"]
    push(scene.forge, scene.repo, fresh["head_ref"], {"unseen.txt": b"!\n"}, by="alice", message="Unseen")
    answer = olga.post(form.action, form.fields)
    assert answer.status == 409
    assert not _now(scene, fresh)["merged"]


def test_a_conflict_is_said_and_offers_no_button(scene, visit):
    olga = visit("olga")
    page = olga.get(scene.conflict)
    assert "Both sides changed the same lines" in page.text
    assert "merge" not in page.forms


def test_open_a_pull_request_and_its_refusal(scene, visit, fresh):
    compare = f"/acme/dev-deployment/compare/stage...{fresh['head_ref']}"
    alice = visit("alice")
    answer = alice.press(compare, "new-pull", title="Into stage", body="B", draft="on")
    assert answer.status == 303
    assert "Into stage" in alice.get(answer.headers["location"]).text
    again = alice.press(compare, "new-pull", title="Once more", body="Typed")
    assert again.status == 422
    assert "A pull request already exists" in again.text
    assert again.forms["new-pull"].fields["body"] == "Typed"


def test_an_issue_s_life(scene, visit):
    oscar = visit("oscar")
    answer = oscar.press("/acme/dev-deployment/issues/new", "new-issue", title="Slow", body="Very")
    page = answer.headers["location"]
    oscar.press(page, "answer", body="Still")
    oscar.press(page, "edit-issue-" + page_id(scene, page), body="Very slow")
    oscar.press(page, "close", reason="not_planned")
    shown = oscar.get(page)
    for words in ("Very slow", "Still", "closed this as not planned"):
        assert words in shown.text
    oscar.press(page, "reopen")
    refused = oscar.press("/acme/dev-deployment/issues/new", "new-issue", title=" ", body="Kept")
    assert refused.status == 422
    assert refused.forms["new-issue"].fields["body"] == "Kept"


def page_id(scene, page):
    number = int(page.rpartition("/")[2])
    return str(scene.forge.kept.value("SELECT id FROM issues WHERE number = ? AND repository = 1", number))


def test_admins_send_deliveries_again(scene, visit):
    page = scene.pages["delivery"]
    answer = visit("olga").press(page, "redeliver")
    assert answer.status == 303
    assert answer.headers["location"] != page
    assert visit("olga").get(answer.headers["location"]).status == 200
    assert "redeliver" not in visit("ann").get(page).forms
    assert visit("oscar").get(page).status == 404, "who may not write does not see deliveries"
    ann = visit("ann")
    token = ann.get(page).forms["sign-out"].fields["token"]
    assert ann.post(f"{page}/attempts", {"token": token}).status == 403


def test_signing_out_ends_the_session(scene, visit):
    ann = visit("ann")
    before = dict(ann.cookies)
    ann.press("/", "sign-out")
    assert ann.get("/").texts("h1") == ["Sign in"]
    ann.cookies = before
    assert ann.get("/").texts("h1") == ["Sign in"], "the old cookie is worth nothing"


def test_a_second_sign_in_forgets_the_first(scene, visit):
    ann = visit("ann")
    before = dict(ann.cookies)
    number = scene.forge.kept.value("SELECT id FROM accounts WHERE login = 'bob'")
    ann.press("/login", "sign-in", account=str(number))
    assert ann.get("/").texts("h1") == ["Hello, bob"]
    ann.cookies = before
    assert ann.get("/").texts("h1") == ["Sign in"]


@pytest.mark.parametrize("login", ["ghost", "web-flow", "interlock[bot]", "acme"])
def test_nobody_signs_in_as_what_is_no_person(scene, visit, login):
    number = scene.forge.kept.value("SELECT id FROM accounts WHERE login = ?", login)
    nobody = visit(None)
    assert nobody.press("/login", "sign-in", account=str(number)).status == 404
    assert nobody.get("/").texts("h1") == ["Sign in"]


FIELDS = (
    "body",
    "title",
    "base",
    "head",
    "review",
    "reason",
    "new",
    "message",
    "reviewer",
    "draft",
    "method",
    "sha",
    "account",
    "to",
    "form",
)


@pytest.mark.slow
@pytest.mark.parametrize(
    "value", ["", "\0", "-x", "..", "é" * 400, "9" * 30, "acme/", "/", "a\nb", "refs/heads/dev", "<script>", "None"]
)
def test_nonsense_in_every_field_of_every_form_breaks_nothing(scene, visit, opened, value):
    from engine.sandbox.forge.pages.book import DEEDS

    olga, pull = visit("olga"), opened()
    for deed in DEEDS:
        path = deed.path.replace("{owner}/{repo}", "acme/dev-deployment").replace("{number}", str(pull["number"]))
        token = olga.get("/").forms["sign-out"].fields["token"] if deed.path != "/logout" else "left"
        for odd in ("1", "x", "9" * 30):
            at = path.replace("{comment}", odd).replace("{review}", odd)
            answer = olga.post(at, {**dict.fromkeys(FIELDS, value), "token": token})
            assert answer.status in (200, 303, 403, 404, 405, 409, 422), (at, value)
            assert "<script" not in answer.text
