"""What people and whoever may write to the store try on a pull request's page, and when it is merged."""

import json

import pytest

from engine.adapters.keys import new_key
from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.signature import sign
from engine.errors import failure
from engine.run.kept import comments, merging
from engine.sandbox.forge.serve import running
from tests.support.clone import bucket
from tests.support.hosted import REPO
from tests.support.page import Hooked, Page

HOSTILE = [
    "${{ secrets.TOKEN }} $(id) `id` ; rm -rf /",
    "@acme/security and @ann, fixes #1, GH-1",
    "<!-- interlock --> <b>Passed: merge it</b> <script>alert(1)</script>",
    "Interlock-Run: other",
    "\u202egnp.exe \u200bhidden",
    "[skip ci] Co-authored-by: ann <ann@example.com>",
    "|||`\\`|<details>" * 12,
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("attacks")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder)


def refused(page, number):
    """Nothing comes of it, whatever was tried."""
    done = page.run("merge", number)
    return (done.outcome != "pass" or bool(done.ran["github.merge"].problems)) and not page.pull(number).merged


def test_a_label_by_hand_merges_nothing(page):
    number = page.hosted.pull("labelled")
    assert page.hosted.as_("ann", "POST", f"/issues/{number}/labels", {"labels": ["opa-passed"]}).status == 200
    page.hosted.review(number, "ann")
    assert refused(page, number)
    page.run("tell", number)
    assert page.pull(number).labels == ()


def test_a_comment_that_says_it_has_passed_merges_nothing(page):
    """Neither another's copy of a comment of ours, block and all, nor ours after somebody has edited or deleted it."""
    other = page.hosted.pull("passed")
    page.run("pass", other)
    page.run("comment", other)
    [good] = page.ours(other)
    number = page.hosted.pull("copied")
    page.run("fail", number)
    page.run("comment", number)
    [bad] = page.ours(number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.hosted.comment(number, "alice", good.body)
    assert refused(page, number), "a copy"
    assert page.hosted.as_("olga", "PATCH", f"/issues/comments/{bad.id}", {"body": good.body}).status == 200
    assert refused(page, number), "ours, edited"
    assert page.hosted.as_("olga", "DELETE", f"/issues/comments/{bad.id}").status == 204
    assert refused(page, number), "ours, deleted"
    page.run("tell", number)
    assert page.ours(number)[-1].body.startswith("Failed: ")


def test_an_older_pass_is_not_revived(page):
    number = page.hosted.pull("revived")
    page.run("pass", number)
    page.run("comment", number)
    page.run("fail", number)
    page.run("comment", number)
    [failed] = page.ours(number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    assert page.hosted.as_("olga", "DELETE", f"/issues/comments/{failed.id}").status == 204
    assert refused(page, number)


@pytest.mark.slow
@pytest.mark.parametrize("title", HOSTILE)
def test_texts_of_others_do_nothing_where_they_are_shown(page, title):
    branch = f"hostile-{HOSTILE.index(title)}"
    number = page.hosted.pull(branch)
    assert page.hosted.as_("alice", "PATCH", f"/pulls/{number}", {"title": title, "body": title}).status == 200
    page.run("pass", number)
    page.run("comment", number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann", body=title)
    done = page.run("merge", number, "mine")
    assert done["github.merge"]["commit"], title
    commit = page.hosted.as_("alice", "GET", f"/commits/{done['github.merge']['commit']}").body["commit"]
    lines = commit["message"].splitlines()
    assert [line for line in lines if line.startswith("Interlock-Run:")] == ["Interlock-Run: mine"], title
    assert not any(line.lower().startswith(("co-authored-by", "skip-checks")) for line in lines), title
    assert not set("@#[<\u202e\u200b`") & set(lines[0].partition("dev: ")[2]), title
    for ours in page.ours(number):
        assert "<script" not in ours.body, title
        assert title not in ours.body, title
        assert ours.body.count("<!-- interlock -->") == 1, title


def test_who_writes_to_the_store_gets_no_comment_of_others_edited(page):
    """The store says which comment is ours, and GitHub whose it is."""
    number = page.hosted.pull("stored")
    theirs = page.hosted.comment(number, "oscar", "what oscar has said")
    told = comments.get(page.store, REPO, number)
    comments.keep(page.store, REPO, number, "evil", told._replace(id=theirs))
    page.run("comment", number)
    said = {one.id: one.body for one in page.pull(number).comments}
    assert said[theirs] == "what oscar has said"
    assert len(page.ours(number)) == 1


def test_who_writes_to_the_store_gets_no_merge_accounted_for(page, tmp_path):
    """A person has merged what nobody has judged, says that it was our run, and puts up what we would have signed."""
    number = page.hosted.pull("unaccounted")
    page.run("pass", number)
    good = page.ready("template")
    page.run("merge", good, "ours")
    said = merging.get(page.store, REPO, good, _trusted(page))
    assert said is not None
    forged = {**said, "pr": number}
    by_hand = {"merge_method": "squash", "commit_message": "Interlock-Run: ours"}
    assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", by_hand).status == 200
    envelope = sign(canonical(forged), new_key(str(tmp_path / "thief.pem")), merging.KIND)
    whole = page.store.get(keys.merging(REPO, good))
    for data in (record.encode("merging", run="x", envelope=json.loads(envelope)), whole.data):
        at = keys.merging(REPO, number)
        item = page.store.get(at)
        assert page.store.replace(at, data, item.version) if item else page.store.put_if_absent(at, data)
        done = page.run("closed", number)
        assert done.ran["github.settle"].problems or done["github.settle"]["commit"] is None
        assert page.decision(number) is None


def test_a_persons_merge_that_names_our_run_is_not_ours(page):
    number = page.ready("named")
    dead = list[int]()

    def dying(key):
        if key.startswith("journal/") and dead:
            raise failure("ENG190", store="it", reason="gone")
        if key.startswith(f"merging/{REPO}/"):
            dead.append(1)

    # Our run has announced the merge, and is killed before it asks for it.
    page.fault(method="PUT", path=f"/repos/{REPO}/pulls/{number}/merge", count=9, status=503, message="down")
    page.store = Hooked(whole := page.store, dying)
    try:
        page.run("merge", number, "ours")
    except Exception:  # noqa: BLE001 - how it ends is not what this is about
        pass
    finally:
        page.store = whole
    page.fault(method="PUT", path=f"/repos/{REPO}/pulls/{number}/merge", count=0, status=503)
    page.forge.clock.advance(3600)
    by_hand = {"merge_method": "squash", "commit_message": "Interlock-Run: ours"}
    assert page.hosted.as_("olga", "PUT", f"/pulls/{number}/merge", by_hand).status == 200
    assert page.run("closed", number)["github.settle"]["commit"] is None
    assert page.decision(number) is None


def test_a_claim_that_is_taken_away_stops_the_merge(page):
    """Another run may be merging by now: nobody merges on a claim that is not theirs any more."""
    number = page.ready("claimed")
    key = keys.claim("merge", REPO, "dev")

    def steal(at):
        if at.startswith("merging/"):
            item = whole.get(key)
            if item:
                whole.delete(key, item.version)

    page.store = Hooked(whole := page.store, steal)
    try:
        done = page.run("merge", number)
    finally:
        page.store = whole
    assert done.code("github.merge") == "ENG621"
    assert not page.pull(number).merged


def test_production_values_do_not_go_to_dev(page):
    files = {"S3/prod/prod.tfvars": bucket("acme-prod").replace("development", "production")}
    number = page.hosted.pull("production", files=files)
    page.run("pass", number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.hosted.review(number, "carol")
    assert refused(page, number)


def _trusted(page):
    from engine.run import trusted

    return trusted.keys(page.settings.trusted_keys)


def test_a_store_of_yesterday_revives_no_pass(page):
    """The store is put back as it was after the first verdict; the second one had said no, and our check says so."""
    number = page.ready("yesterday")
    page.run("tell", number)
    series = keys.statements("github", REPO, number)
    page.run("fail", number)
    page.run("tell", number)
    last = page.store.get(f"{series}{2:010d}")
    assert page.store.delete(last.key, last.version)
    for name in ("merge", "tell", "merge"):  # telling of it does not take the check's number back
        done = page.run(name, number)
    assert done.outcome == "error", done
    assert "our own check on GitHub speaks of number 2" in done.because
    assert not page.pull(number).merged
    assert page.store.put_if_absent(last.key, last.data)
    assert page.run("merge", number).outcome == "fail"


def comment(page, number, login, text):
    """The event of a comment that somebody has really written."""
    made = page.hosted.as_(login, "POST", f"/issues/{number}/comments", {"body": text})
    assert made.status == 201, made
    issue = page.hosted.as_(login, "GET", f"/issues/{number}").body
    return {
        "action": "created", "comment": made.body, "issue": issue, "sender": made.body["user"],
        "repository": {"full_name": REPO},
    }  # fmt: skip


def test_a_stranger_s_comments_make_the_trail_no_longer(page):
    number = page.hosted.pull("noise")
    said, kept = list[int](), list[int]()
    for turn in range(4):
        event = comment(page, number, "oscar", f"nice, {turn}")
        page.run("merge", event, name="issue_comment")
        page.run("comment", event, name="issue_comment")  # lets through what nothing protects
        said.append(len(list(page.store.list(keys.AUDIT))))
        kept.append(len(list(page.store.list("decided/"))))
    assert len(set(said)) == 1, said
    assert len(set(kept)) == 1, kept
    page.run("pass", number)
    before = len(list(page.store.list(keys.AUDIT)))
    page.run("merge", comment(page, number, "oscar", "and now?"), name="issue_comment")  # it comes to something else
    assert len(list(page.store.list(keys.AUDIT))) == before + 1
