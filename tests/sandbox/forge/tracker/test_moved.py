"""What pushes, forced ones, deletions and forks do to pull requests."""

import pytest

from engine.sandbox.forge.git import pushes
from engine.sandbox.forge.git.bare import Person
from engine.sandbox.forge.git.repositories import delete
from tests.sandbox.forge.tracker.test_merging import protect


def told(place, event="pull_request"):
    return [each for each in place.told if each.event == event]


def test_a_push_is_synchronize_with_before_and_after(place, open_, as_):
    number = open_("feature")
    before = place.tip("feature")
    after = place.add("feature", {"more.txt": "x\n"}, message="more")
    said = told(place)[-1]
    assert (said.action, said.body["before"], said.body["after"]) == ("synchronize", before, after)
    assert said.body["pull_request"]["head"]["sha"] == after
    assert said.body["pull_request"]["commits"] == 2
    assert place.store.resolve(f"refs/pull/{number}/head") == after
    shown = as_("bob")("GET", f"{place.api}/issues/{number}/timeline").body
    assert [event["message"] for event in shown if event["event"] == "committed"] == ["a change", "more"]
    assert "head_ref_force_pushed" not in place.events(number)


def test_a_forced_push_is_told_and_takes_the_old_commits_out(place, open_, as_):
    number = open_("feature")
    place.add("feature", {"other.txt": "x\n"}, onto=place.tip("main"), message="instead")
    shown = as_("bob")("GET", f"{place.api}/issues/{number}/timeline").body
    forced = [event for event in shown if event["event"] == "head_ref_force_pushed"]
    assert [event["commit_id"] for event in forced] == [place.tip("feature")]
    assert [event["message"] for event in shown if event["event"] == "committed"] == ["instead"]
    assert place.heard("pull_request") == ["opened", "synchronize"]


def test_a_head_reset_to_its_base_closes_without_merging(place, open_):
    number = open_("feature")
    place.push("feature", place.tip("main"))
    row = place.row(number)
    assert (row["state"], row["merged"]) == ("closed", 0)
    assert place.heard("pull_request") == ["opened", "synchronize", "closed"]


def test_a_deleted_head_closes_and_one_that_is_back_is_told(place, open_):
    number = open_("feature")
    head = place.tip("feature")
    place.push("feature", None)
    assert place.row(number)["state"] == "closed"
    place.push("feature", head)
    assert place.row(number)["state"] == "closed"
    assert place.events(number)[-3:] == ["closed", "head_ref_deleted", "head_ref_restored"]


def test_a_deleted_base_closes(place, open_):
    place.push("stage", place.tip("main"))
    number = open_("feature", base="stage")
    place.push("stage", None)
    assert place.row(number)["state"] == "closed"
    assert place.events(number)[-2:] == ["base_ref_deleted", "closed"]


def test_one_stacked_on_a_merged_one_goes_where_that_went(place, open_, as_):
    below = open_("below")
    above = open_("above", base="below")
    old = place.tip("below")
    as_("bob")("PUT", f"{place.api}/pulls/{below}/merge", {})
    place.push("below", None, by="bob")
    row = place.row(above)
    assert (row["state"], row["base_ref"], row["base_sha"]) == ("open", "main", place.tip("main"))
    assert "automatic_base_change_succeeded" in place.events(above)
    said = told(place)[-1]
    assert (said.action, said.body["changes"]) == ("edited", {"base": {"ref": {"from": "below"}, "sha": {"from": old}}})


def test_one_whose_commits_are_pushed_to_the_base_is_merged_by_the_pusher(place, open_):
    straight, merged, stays = open_("straight"), open_("merged"), open_("stays")
    head = place.tip("straight")
    place.push("main", head, by="ann")
    row = place.row(straight)
    assert (row["merged"], row["merged_by"], row["merge_commit_sha"]) == (1, place.account("ann"), head)
    who = Person("Ann", "ann@example.com", place.forge.now())
    one, other = place.tip("main"), place.tip("merged")
    by_hand = place.store.write_commit(place.store.merge_tree(one, other), (one, other), "by hand", who, who)
    place.push("main", place.write(by_hand, {"later.txt": "x\n"}), by="ann")
    row = place.row(merged)
    assert (row["merged"], row["merge_commit_sha"]) == (1, by_hand)
    assert place.row(stays)["state"] == "open"
    assert place.row(stays)["base_sha"] == place.tip("main")
    assert [each.sender for each in told(place) if each.action == "closed"] == [place.account("ann")] * 2


def test_a_squash_pushed_by_hand_merges_nothing(place, open_):
    number = open_("feature")
    place.add("main", {"feature.txt": "feature\n"}, by="ann")
    assert place.row(number)["state"] == "open"


def test_a_base_forced_back_and_forth(place, open_):
    number = open_("feature")
    old = place.tip("main")
    place.add("main", {"x.txt": "x\n"}, by="ann")
    place.push("main", old, by="ann")
    assert (place.row(number)["state"], place.row(number)["base_sha"]) == ("open", old)


def test_moves_that_are_told_late_or_twice_change_nothing_twice(place, open_):
    number = open_("feature")
    first = place.tip("feature")
    second, third = place.write(first, {"2.txt": "x\n"}), None
    third = place.write(second, {"3.txt": "x\n"})
    place.store.update("refs/heads/feature", third, first)
    for before, after in ((second, third), (first, second), (second, third)):
        pushes.moved(place.forge, place.repository, place.account("alice"), "refs/heads/feature", before, after)
    assert place.row(number)["head_sha"] == third
    assert place.heard("pull_request") == ["opened", "synchronize"]


def test_other_refs_touch_no_pull_request(place, open_):
    number = open_("feature")
    place.store.update("refs/tags/feature", place.tip("main"), None)
    pushes.moved(place.forge, place.repository, place.account("alice"), "refs/tags/feature", None, place.tip("main"))
    assert place.row(number)["head_sha"] == place.tip("feature")
    assert place.heard("pull_request") == ["opened"]


def approve(as_, place, number, by="carol"):
    return as_(by)("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE"}).body["id"]


def state(place, review):
    return place.forge.kept.value("SELECT state FROM reviews WHERE id = ?", review)


def test_a_push_dismisses_nothing_without_a_rule(place, open_, as_):
    number = open_("feature")
    review = approve(as_, place, number)
    place.add("feature", {"more.txt": "x\n"})
    assert state(place, review) == "APPROVED"


STALE = {"type": "pull_request", "parameters": {"dismiss_stale_reviews_on_push": True}}


def test_with_the_rule_a_push_dismisses_approvals_and_only_them(place, open_, as_):
    protect(place, STALE)
    number = open_("feature")
    approval = approve(as_, place, number)
    veto = as_("bob")("POST", f"{place.api}/pulls/{number}/reviews", {"event": "REQUEST_CHANGES", "body": "no"}).body
    head = place.add("feature", {"more.txt": "x\n"})
    assert (state(place, approval), state(place, veto["id"])) == ("DISMISSED", "CHANGES_REQUESTED")
    shown = as_("bob")("GET", f"{place.api}/issues/{number}/timeline").body
    (event,) = [event for event in shown if event["event"] == "review_dismissed"]
    assert event["dismissed_review"] == {
        "state": "approved",
        "review_id": approval,
        "dismissal_message": None,
        "dismissal_commit_id": head,
    }
    assert place.heard("pull_request_review")[-1] == "dismissed"


def test_with_the_rule_an_update_from_the_base_dismisses_nothing(place, open_, as_):
    protect(place, STALE)
    number = open_("feature")
    approval = approve(as_, place, number)
    place.add("main", {"later.txt": "x\n"}, by="ann")
    assert as_("alice")("PUT", f"{place.api}/pulls/{number}/update-branch", {}).status == 202
    assert state(place, approval) == "APPROVED"


def test_with_the_rule_a_retarget_that_shows_more_dismisses(place, open_, as_):
    place.add("stage", {"stage.txt": "x\n"}, onto=place.tip("main"))
    place.add("feature", {"feature.txt": "x\n"}, onto=place.tip("stage"))
    protect(place, STALE)
    number = open_("feature", base="stage")
    approval = approve(as_, place, number)
    assert as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"base": "main"}).status == 200
    assert state(place, approval) == "DISMISSED"


def from_fork(place, forked, as_, branch="feature", **more):
    forked.add(branch, {f"{branch}.txt": "x\n"}, onto=forked.tip("main"), by="oscar")
    body = {"title": "From afar", "head": f"oscar:{branch}", "base": "main", **more}
    return as_("oscar")("POST", f"{place.api}/pulls", body)


def test_one_from_a_fork_lives_like_any_other(place, forked, as_):
    answer = from_fork(place, forked, as_)
    assert answer.status == 201, answer.body
    number = answer.body["number"]
    assert answer.body["head"]["label"] == "oscar:feature"
    assert answer.body["head"]["repo"]["full_name"] == forked.repository["full_name"]
    after = forked.add("feature", {"more.txt": "x\n"}, by="oscar")
    assert told(place)[-1].action == "synchronize"
    assert place.store.resolve(f"refs/pull/{number}/head") == after
    listed = as_("bob")("GET", f"{place.api}/pulls?head=oscar:feature").body
    assert [each["number"] for each in listed] == [number]
    assert as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {"sha": after}).status == 200
    made = place.store.commit(place.tip("main"))
    assert made.message.startswith(f"Merge pull request #{number} from oscar/feature")


def test_who_may_bring_a_fork_s_branch_up_to_date(place, forked, as_):
    lent, own = (
        from_fork(place, forked, as_, branch, maintainer_can_modify=may).body["number"]
        for branch, may in (("lent", True), ("own", False))
    )
    place.add("main", {"later.txt": "x\n"}, by="ann")
    for number, by, status in ((own, "bob", 403), (lent, "bob", 202), (own, "oscar", 202)):
        assert as_(by)("PUT", f"{place.api}/pulls/{number}/update-branch", {}).status == status, (number, by)


@pytest.mark.off_contract  # head.repo is null here, whatever the description says
def test_one_of_a_fork_that_is_gone_has_no_repository_and_can_be_merged(place, forked, as_):
    number = from_fork(place, forked, as_).body["number"]
    delete(place.forge, forked.repository)
    shown = as_("bob")("GET", f"{place.api}/pulls/{number}").body
    assert (shown["state"], shown["head"]["repo"], shown["head"]["label"]) == ("open", None, "oscar:feature")
    assert as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {}).status == 200


def test_a_reader_opens_none_from_a_branch_that_is_not_hers(place, open_, as_):
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"))
    answer = as_("oscar")("POST", f"{place.api}/pulls", {"title": "x", "head": "feature", "base": "main"})
    assert answer.status == 422
    assert "must be a collaborator" in str(answer.body)
