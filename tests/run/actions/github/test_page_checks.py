"""Labels and check runs, over real HTTP."""

from threading import Thread

import pytest

from engine.core.plan.summary import Summary
from engine.core.receipts import Tally
from engine.run.kept import comments
from tests.support.hosted import REPO
from tests.support.page import FINDING


def checks(page, number):
    pull = page.hosted.as_("alice", "GET", f"/pulls/{number}").body
    runs = page.hosted.as_("alice", "GET", f"/commits/{pull['head']['sha']}/check-runs").body["check_runs"]
    return {run["name"]: run for run in runs}


def found_by(signed):
    """What a validation leaves that has really planned and judged."""
    [resource] = signed["verdict"]["resources"]
    row = {**resource, "change": "added", "counts": dict.fromkeys(Summary._fields, 1), "diffs": [], "seconds": 1.0}
    plan = {"resources": [{**row, "problem": None}]}
    finding = {**FINDING, "resource": resource["path"], "file": f"{resource['path']}/checks.tfvars", "line": 3}
    tally = {"digest": "sha256:" + "4" * 64, "counts": dict.fromkeys(Tally._fields, 1)}
    policy = {"findings": [finding], "judged": [resource["path"]], "doubts": [], "receipts": tally}
    return {"terraform.plan": plan, "policy.evaluate": policy, "verdict.sign": signed}


def test_the_two_checks_of_a_life(page):
    number = page.hosted.pull("checks")
    page.run("begin", number)
    plan = checks(page, number)["interlock plan: dev"]
    assert (plan["status"], plan["external_id"]) == ("in_progress", f"{number}:0:running")
    signed = page.run("fail", number)["verdict.sign"]
    comments.put_found(page.store, REPO, number, "r", 1, found_by(signed))
    page.run("tell", number)
    found = checks(page, number)
    plan, merge = found["interlock plan: dev"], found["interlock merge: dev"]
    assert (plan["conclusion"], plan["external_id"]) == ("failure", f"{number}:1:failed")
    assert plan["output"]["title"] == "Failed: 1 finding denies it, the worst is high"
    assert (merge["conclusion"], merge["external_id"]) == ("failure", f"{number}:1:fail")
    notes = page.hosted.as_("alice", "GET", f"/check-runs/{plan['id']}/annotations").body
    assert [(note["path"], note["start_line"]) for note in notes] == [("S3/checks/checks.tfvars", 3)]
    page.run("pass", number)
    page.run("tell", number)
    found = checks(page, number)
    plan, merge = found["interlock plan: dev"], found["interlock merge: dev"]
    assert (plan["conclusion"], merge["status"], merge["conclusion"]) == ("success", "in_progress", None)
    assert "1 more approval from reviewers" in merge["output"]["title"]
    assert "ann and bob" in merge["output"]["summary"]
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.run("tell", number)
    assert checks(page, number)["interlock merge: dev"]["conclusion"] == "success"


def test_saying_it_again_asks_for_little(page):
    number = page.hosted.pull("again")
    page.run("pass", number)
    page.run("tell", number)
    before = checks(page, number), page.pull(number)
    done = page.run("tell", number)
    after = checks(page, number), page.pull(number)
    assert {name: run["id"] for name, run in after[0].items()} == {name: run["id"] for name, run in before[0].items()}
    assert after[1].labels == before[1].labels == ("opa-passed",)
    assert done["github.label"] == {"added": [], "removed": []}
    assert not done["github.comment"]["written"]
    assert done.calls <= 6


def test_two_runs_at_once_make_each_check_once(page):
    """Both have seen that there is none."""
    number = page.hosted.pull("checks-race")
    page.run("pass", number)
    done = []
    runs = [Thread(target=lambda: done.append(page.run("tell", number))) for _ in range(3)]
    for one in runs:
        one.start()
    for one in runs:
        one.join()
    assert all(each["github.check"] for each in done)
    head = page.pull(number).head.sha
    made = page.hosted.as_("alice", "GET", f"/commits/{head}/check-runs?filter=all").body["check_runs"]
    assert sorted(run["name"] for run in made) == ["interlock merge: dev", "interlock plan: dev"]


@pytest.mark.parametrize("by_hand", [["opa-passed"], ["opa-failed"], ["opa-passed", "opa-failed"]])
def test_labels_by_hand_are_put_right(page, by_hand):
    number = page.hosted.pull(f"by-hand-{'-'.join(by_hand)}")
    page.run("fail", number)
    assert page.hosted.as_("ann", "POST", f"/issues/{number}/labels", {"labels": by_hand}).status == 200
    page.run("tell", number)
    assert page.pull(number).labels == ("opa-failed",)
    page.run("begin", number)
    assert page.pull(number).labels == ()


def test_our_labels_have_a_colour_and_say_what_they_mean(page):
    number = page.hosted.pull("colours")
    page.run("pass", number)
    page.run("tell", number)
    label = page.hosted.as_("alice", "GET", "/labels/opa-passed").body
    assert label["description"]
    assert page.hosted.as_("ann", "PATCH", "/labels/opa-passed", {"color": "123456"}).status == 200
    page.run("fail", number)
    page.run("tell", number)
    page.run("pass", number)
    page.run("tell", number)
    assert page.hosted.as_("alice", "GET", "/labels/opa-passed").body["color"] == "123456", "theirs stays"


def test_an_override_is_recorded_and_its_label_stays(page):
    number = page.hosted.pull("overridden")
    page.run("fail", number)
    page.forge.clock.advance(2)
    page.hosted.review(number, "ann")
    page.hosted.comment(number, "dave", "OVERRIDE: the auditor waits for it")
    done = page.run("merge", number)
    assert done["github.merge"]["overridden"]
    [used] = page.decision(number).said["overrides"]
    assert (used["login"], used["reason"]) == ("dave", "the auditor waits for it")
    assert [one["rule"] for one in used["findings"]] == ["S3-ENC-001"]
    assert sorted(page.pull(number).labels) == ["opa-failed", "opa-override"]
    message = page.hosted.as_("alice", "GET", f"/commits/{page.pull(number).merge_commit}").body["commit"]["message"]
    assert "Overridden-by: dave" in message


def test_a_file_that_is_no_configuration_is_refused_on_its_page(page):
    number = page.hosted.pull("refused", files={"main.tf": "resource {}\n"})
    page.run("tell", number)
    assert checks(page, number)["interlock plan: dev"]["output"]["title"].startswith("Refused: ")
    assert page.pull(number).labels == ("opa-failed",)
    [ours] = page.ours(number)
    assert ours.body.startswith("Refused: ")
    assert "main.tf" in ours.body


def test_one_that_changes_no_resource(page):
    number = page.hosted.pull("nothing", files={"README.md": "words\n"})
    page.run("tell", number)
    found = checks(page, number)
    assert [run["conclusion"] for run in found.values()] == ["neutral", "neutral"]
    assert page.pull(number).labels == ()
    assert page.ours(number)[0].body.startswith("Nothing to validate")
