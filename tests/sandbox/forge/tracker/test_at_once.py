"""Several at once: one wins, the others are refused as GitHub refuses them, and nothing is lost."""

import threading

import pytest

from engine.sandbox.forge.tracker import merging


def at_once(*calls):
    """Begin all calls together; what each gave."""
    gate, found = threading.Barrier(len(calls)), [None] * len(calls)

    def run(index, call):
        gate.wait(30)
        found[index] = call()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def asks(as_, place, number, **body):
    return lambda: as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", body)


def line(place):
    """The first parents of `main`, newest first."""
    found, tip = [], place.tip("main")
    while tip is not None:
        found.append(tip)
        parents = place.store.commit(tip).parents
        tip = parents[0] if parents else None
    return found


@pytest.mark.parametrize("method", ["merge", "squash", "rebase"])
def test_one_pull_request_merged_twice(place, open_, as_, method):
    number = open_("feature")
    before = line(place)
    answers = at_once(*[asks(as_, place, number, merge_method=method)] * 4)
    assert sorted(answer.status for answer in answers) == [200, 405, 405, 405]
    won = next(answer.body["sha"] for answer in answers if answer.status == 200)
    assert line(place) == [won, *before]
    assert place.row(number)["merge_commit_sha"] == won
    assert place.heard("pull_request").count("closed") == 1
    assert place.events(number).count("merged") == 1


def test_two_pull_requests_merged_into_one_branch(place, open_, as_):
    numbers = [open_(f"feature-{letter}") for letter in "abcd"]
    before = len(line(place))
    answers = at_once(*(asks(as_, place, number, merge_method="squash") for number in numbers))
    won = [number for number, answer in zip(numbers, answers, strict=True) if answer.status == 200]
    assert won
    said = {answer.body["message"] for answer in answers if answer.status != 200}
    assert said <= {"Base branch was modified. Review and try the merge again."}
    assert len(line(place)) == before + len(won)
    for number in numbers:
        assert bool(place.row(number)["merged"]) == (number in won)
        if number not in won:
            assert asks(as_, place, number, merge_method="squash")().status == 200
    paths = {entry.path for entry in place.store.entries(place.tip("main"), recursive=True)}
    assert paths >= {f"feature-{letter}.txt" for letter in "abcd"}


def during(monkeypatch, what):
    """Let something happen after the merge was made and before the base moves."""
    real = merging._METHODS["squash"]

    def made(wanted):
        found = real(wanted)
        what()
        return found

    monkeypatch.setitem(merging._METHODS, "squash", made)


def test_a_push_to_the_base_while_a_merge_runs(place, open_, as_, monkeypatch):
    number = open_("feature")
    pushed = []
    during(monkeypatch, lambda: pushed.append(place.add("main", {"later.txt": "x\n"}, by="ann")))
    answer = asks(as_, place, number, merge_method="squash")()
    assert (answer.status, answer.body["message"]) == (
        405,
        "Base branch was modified. Review and try the merge again.",
    )
    assert place.tip("main") == pushed[0]
    assert place.row(number)["state"] == "open"


def test_a_push_to_the_head_while_a_merge_runs(place, open_, as_, monkeypatch):
    number = open_("feature")
    before = place.tip("main")
    during(monkeypatch, lambda: place.add("feature", {"evil.txt": "x\n"}))
    answer = asks(as_, place, number, merge_method="squash")()
    assert (answer.status, answer.body["message"]) == (
        409,
        "Head branch was modified. Review and try the merge again.",
    )
    assert place.tip("main") == before


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("retargeted", {"base": "stage"}),
        ("closed", {"state": "closed"}),
    ],
)
def test_a_change_of_the_pull_request_while_a_merge_runs(place, open_, as_, monkeypatch, why, change):
    number = open_("feature")
    place.push("stage", place.tip("main"))
    before = place.tip("main")
    during(monkeypatch, lambda: as_("alice")("PATCH", f"{place.api}/pulls/{number}", change))
    assert asks(as_, place, number, merge_method="squash")().status == 405, why
    assert (place.tip("main"), place.tip("stage")) == (before, before)
    assert not place.row(number)["merged"]


def test_a_dismissed_approval_while_a_merge_runs(place, open_, as_, monkeypatch):
    from tests.sandbox.forge.tracker.test_merging import protect

    number = open_("feature")
    protect(place, {"type": "pull_request", "parameters": {"required_approving_review_count": 1}})
    review = as_("carol")("POST", f"{place.api}/pulls/{number}/reviews", {"event": "APPROVE"}).body
    dismissal = f"{place.api}/pulls/{number}/reviews/{review['id']}/dismissals"
    during(monkeypatch, lambda: as_("ann")("PUT", dismissal, {"message": "not so fast"}))
    assert asks(as_, place, number, merge_method="squash")().status == 405
    assert not place.row(number)["merged"]


def test_pushes_and_merges_at_once_lose_nothing(place, open_, as_):
    numbers = [open_(f"feature-{letter}") for letter in "ab"]
    tip = place.tip("main")
    direct = place.write(tip, {"direct.txt": "x\n"}, "direct")
    ref = "refs/heads/main"
    answers = at_once(
        *(asks(as_, place, number, merge_method="merge") for number in numbers),
        lambda: place.store.update(ref, direct, tip),
    )
    merged = [answer.body["sha"] for answer in answers[:2] if answer.status == 200]
    there = line(place)
    assert set(merged) <= set(there)
    assert (direct in there) == answers[2]
    assert len(there) == 1 + len(merged) + answers[2]


def test_one_opened_twice(place, as_):
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"))
    body = {"title": "x", "head": "feature", "base": "main"}
    answers = at_once(*[lambda: as_("alice")("POST", f"{place.api}/pulls", body)] * 4)
    assert sorted(answer.status for answer in answers) == [201, 422, 422, 422]


def test_a_push_while_one_is_opened(place, as_, monkeypatch):
    from engine.sandbox.forge.tracker import trial

    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"))
    real = trial.measure
    pushed: list[str | None] = []

    def measured(store, base, head):
        found = real(store, base, head)
        if not pushed:
            pushed.append(None)
            pushed[0] = place.add("feature", {"y.txt": "y\n"})
        return found

    monkeypatch.setattr(trial, "measure", measured)
    shown = as_("alice")("POST", f"{place.api}/pulls", {"title": "x", "head": "feature", "base": "main"}).body
    assert shown["head"]["sha"] == pushed[0] == place.tip("feature")


def test_a_label_made_and_worn_twice(place, open_, as_):
    number = open_("feature")
    answers = at_once(*[lambda: as_("ann")("POST", f"{place.api}/issues/{number}/labels", {"labels": ["new"]})] * 4)
    assert {answer.status for answer in answers} == {200}
    assert place.heard("label") == ["created"]
    assert place.events(number).count("labeled") == 1


def test_numbers_of_issues_are_given_once(place, as_):
    answers = at_once(*[lambda: as_("oscar")("POST", f"{place.api}/issues", {"title": "x"})] * 6)
    assert sorted(answer.body["number"] for answer in answers) == [1, 2, 3, 4, 5, 6]


def test_a_push_that_git_has_and_the_rows_do_not_know_yet(place, open_, as_):
    number = open_("feature")
    head, before = place.tip("feature"), place.tip("main")
    evil = place.write(head, {"evil.txt": "x\n"})
    place.store.update("refs/heads/feature", evil, head)
    for body in ({}, {"sha": head}, {"sha": evil}):
        assert asks(as_, place, number, **body)().status == 409
    assert place.tip("main") == before


def test_two_pushes_whose_tellings_overtake_each_other(place, open_, monkeypatch):
    from engine.sandbox.forge.tracker import trial

    number = open_("feature")
    first = place.tip("feature")
    second = place.write(first, {"2.txt": "x\n"})
    real = trial.measure
    met: list[str] = []

    def measured(store, base, head):
        if not met:  # the telling of an older push comes between looking and writing
            met.append(head)
            place.forge.kept.update("pulls", place.row(number)["id"], head_sha=second)
        return real(store, base, head)

    third = place.write(second, {"3.txt": "x\n"})
    monkeypatch.setattr(trial, "measure", measured)
    place.push("feature", third)
    assert met == [third]
    assert place.row(number)["head_sha"] == third


def test_a_deletion_that_is_told_after_the_branch_has_come_back(place, open_):
    from engine.sandbox.forge.git import pushes

    number = open_("feature")
    head = place.tip("feature")
    pushes.moved(place.forge, place.repository, place.account("alice"), "refs/heads/feature", head, None)
    assert place.row(number)["state"] == "open"
