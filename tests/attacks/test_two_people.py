"""What one person alone, an outsider or whoever wrote the change tries with words that only two people may say."""

from typing import Any

import pytest

from engine.core.holding import State, holds
from engine.errors import EngineError
from engine.run import trusted
from engine.run.kept import ledger, merges
from engine.sandbox.forge.serve import running
from tests.support.hosted import REPO
from tests.support.page import APPLYING, MENDING, Hooked, Page
from tests.support.trail import told


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("people")
    with running(str(folder / "forge")) as forge:
        yield Page(forge, folder, {**MENDING, **APPLYING})


class Told:
    """A merged pull request, and what people say there."""

    def __init__(self, page: Page, branch: str, by: str = "alice") -> None:
        self.page, self.key = page, f"S3/dev/{branch}/terraform.tfstate"
        self.number = page.hosted.pull(branch, by=by)
        page.run("pass", self.number)
        page.forge.clock.advance(2)
        page.hosted.review(self.number, "ann" if by != "ann" else "bob")
        assert page.run("merge", self.number)["github.merge"]["commit"]

    @property
    def unlock(self) -> str:
        return f"/engine unlock {self.key}"

    def say(self, who: str, body: str = "", number: int = 0) -> int:
        self.page.forge.clock.advance(2)
        return self.page.hosted.comment(number or self.number, who, body or self.unlock)

    def run(self, comment: int, body: str = "", pipeline: str = "unlock", number: int = 0, **more: Any) -> Any:
        about = {
            "action": "created",
            "repository": {"full_name": REPO},
            "issue": {"number": number or self.number, "pull_request": {"url": "x"}},
            "comment": {"id": comment, "body": body or self.unlock},
        }
        return self.page.run(pipeline, about, name="issue_comment", **more)

    @property
    def entries(self) -> Any:
        return ledger.entries(self.page.store, self.key, trusted.keys(self.page.settings.trusted_keys))

    @property
    def state(self) -> State:
        known = trusted.keys(self.page.settings.trusted_keys)
        pulls = merges.of_key(self.page.store, self.key)
        rows = [found.to_row() for one in pulls if (found := merges.get(self.page.store, one.repo, one.pr, known))]
        return holds(rows, [one.to_row(one.said["contains"]) for one in self.entries])[0].state

    def refused(self, done: Any, code: str, because: str = "") -> None:
        """Nothing was said in the ledger."""
        assert done.code("state.unlock") == code, done
        assert because in done.ran["state.unlock"].problems[0].message
        assert (self.entries, self.state) == ((), State.HELD)


def test_two_people_give_it_up_and_the_second_comment_does_it(page):
    it = Told(page, "given")
    first = it.say("carol")
    it.refused(it.run(first), "ENG771", "carol asked for it, 1 of 2")
    body = f"{it.unlock}\nNobody needs it."
    it.refused(it.run(it.say("oscar")), "ENG771", "may not say any command")
    it.say("dave")
    last = it.say("erin", body)
    done = it.run(last, body)
    assert done["state.unlock"] == {"key": it.key, "entry": 1, "begun": False, "lock": None}
    [entry] = it.entries
    people = [(one["login"], one["comment"]) for one in entry.said["people"]]
    assert (entry.outcome, it.state, len(people)) == ("released", State.RELEASED, 3)
    assert (people[0], people[-1]) == (("carol", first), ("erin", last))
    assert entry.said["why"] == "carol and dave and erin have asked for it: Nobody needs it."
    [row] = [one for one in told(page.store) if one["what"] == "unlock"]
    assert (row["outcome"], row["key"], row["actor"]["login"]) == ("released", it.key, "erin")
    again = it.run(last, body, run="again")
    assert (again["state.unlock"]["entry"], len(it.entries)) == (1, 1), "a delivery that comes twice"
    assert "number 1 of its ledger" in page.ours(it.number)[-1].body


@pytest.mark.parametrize(
    ("why", "says", "because"),
    [
        ("one person twice", ["carol", "carol"], "1 of 2"),
        ("one of another group", ["carol", "ann"], "may not say"),
        ("whoever may only read", ["carol", "oscar"], "may not say"),
    ],
)
def test_not_two_of_the_group(page, why, says, because):
    it = Told(page, why.replace(" ", "-"))
    *_, last = [it.say(who) for who in says]
    it.refused(it.run(last), "ENG771", because)


@pytest.mark.parametrize("which", ["first", "last"])
@pytest.mark.parametrize("how", ["edited", "deleted"])
def test_a_comment_that_does_not_stand_as_it_was_written(page, which, how):
    it = Told(page, f"{how}-{which}")
    first, last = it.say("carol"), it.say("dave")
    comment, who = (first, "carol") if which == "first" else (last, "dave")
    verb, body = ("PATCH", {"body": it.unlock}) if how == "edited" else ("DELETE", None)
    if how == "edited":
        page.forge.clock.advance(2)
        assert page.hosted.as_(who, verb, f"/issues/comments/{comment}", {"body": f"{it.unlock} "}).status == 200
    assert page.hosted.as_(who, verb, f"/issues/comments/{comment}", body).status in (200, 204)
    it.refused(it.run(last), "ENG771")


@pytest.mark.parametrize("how", ["edits", "deletes"])
def test_whoever_takes_it_back_directly_before(page, monkeypatch, how):
    """The gate has passed, and the key is claimed: comments are read again before anything is said."""
    it = Told(page, how)
    first, last = it.say("carol"), it.say("dave")
    page.forge.clock.advance(2)
    body = {"body": "Rather not."} if how == "edits" else None
    done: list[Any] = []

    def before(key: str) -> None:
        if key.startswith("claims/state/") and not done:
            verb = "PATCH" if how == "edits" else "DELETE"
            done.append(page.hosted.as_("carol", verb, f"/issues/comments/{first}", body))

    monkeypatch.setattr(page, "store", Hooked(page.store, before))
    it.refused(it.run(last), "ENG771", "1 of 2")
    assert done[0].status in (200, 204)


def test_the_author_may_be_one_of_two_who_give_it_up_and_no_more(page):
    it = Told(page, "author", by="carol")
    it.say("carol")
    done = it.run(it.say("dave"))
    assert [one["login"] for one in it.entries[0].said["people"]] == ["carol", "dave"], done


def test_what_was_carried_out_is_no_word_for_the_next_time(page):
    it = Told(page, "spent")
    it.say("carol")
    it.run(it.say("dave"))
    third = it.say("erin")
    done = it.run(third)
    assert done.code("state.unlock") == "ENG773", done
    assert len(it.entries) == 1


def test_on_a_pull_request_that_does_not_have_the_key(page):
    it, other = Told(page, "mine"), Told(page, "other")
    other.say("carol", it.unlock)
    last = other.say("dave", it.unlock)
    done = it.run(last, number=other.number)
    assert done.code("state.unlock") == "ENG772", done
    assert (it.entries, other.entries, it.state) == ((), (), State.HELD)
    assert "ENG772" in page.ours(other.number)[-1].body


@pytest.mark.parametrize(
    ("branch", "key"),
    [
        ("another-environment", "S3/prod/{}/terraform.tfstate"),
        ("another-repository", "other/S3/dev/{}/terraform.tfstate"),
        ("a-way-out", "S3/dev/x/../{}/terraform.tfstate"),
        ("no-key", "{}"),
    ],
)
def test_a_key_that_is_none_of_the_pull_request_s(page, branch, key):
    it = Told(page, branch)
    body = f"/engine unlock {key.format(branch)}"
    it.say("carol", body)
    it.refused(it.run(it.say("dave", body), body), "ENG772")


def test_whoever_starts_the_pipeline_by_hand(page):
    it = Told(page, "hand")
    it.say("carol")
    it.say("dave")
    it.refused(page.run("unlock", it.number), "ENG770")


def test_an_event_that_claims_what_nobody_has_said(page):
    it = Told(page, "claims")
    it.say("carol")
    last = it.say("dave", "Thanks.")
    it.refused(it.run(last), "ENG771", "something else by now")
    it.refused(it.run(999_999, run="none"), "ENG771")


def test_an_issue_of_the_source_is_no_pull_request(page):
    made = page.hosted.as_("carol", "POST", "/issues", {"title": "Please", "body": "unlock"})
    assert made.status == 201, made
    it = Told(page, "issue")
    number = made.body["number"]
    it.say("carol", number=number)
    last = it.say("dave", number=number)
    with pytest.raises(EngineError) as caught:
        it.run(last, number=number)
    assert caught.value.problems[0].code == "ENG594"
    assert it.entries == ()
