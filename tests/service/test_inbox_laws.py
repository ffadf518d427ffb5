"""Laws of the inbox: each body once, each id once, and sources in turn, whatever comes in whatever order."""

import tempfile
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.service.inbox import Inbox
from tests.service.test_inbox import one

ARRIVALS = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvwxyz"), st.integers(1, 3)), max_size=30)


@settings(max_examples=12)
@given(ARRIVALS)
def test_answers_are_those_of_two_sets(arrivals):
    with tempfile.TemporaryDirectory() as folder:
        box = Inbox(f"{folder}/inbox.db")
        by_id: dict[str, str] = {}
        for id_, body, repo_id in arrivals:
            wanted = (
                ("known" if by_id[id_] == body else "other_body")
                if id_ in by_id
                else "known"
                if body in by_id.values()
                else "new"
            )
            if wanted == "new":
                by_id[id_] = body
            assert box.put(one(id_, body, repo_id), body.encode()) == wanted
        assert {each.id: box.body(each.id) for each in box.find()} == {k: v.encode() for k, v in by_id.items()}
        box.close()


@settings(max_examples=12)
@given(st.lists(st.integers(1, 4), max_size=30), st.integers(0, 35))
def test_no_source_has_a_second_turn_before_all_had_their_first(repos, limit):
    with tempfile.TemporaryDirectory() as folder:
        box = Inbox(f"{folder}/inbox.db")
        for number, repo_id in enumerate(repos):
            box.put(one(f"d{number}", repo_id=repo_id), b"")
        found = box.waiting(limit)
        box.close()
    assert len(found) == min(limit, len(repos))
    had = Counter[int | None]()
    for each in found:
        behind = [repo for repo, all_ in Counter(repos).items() if had[repo] < min(all_, had[each.repo_id])]
        assert behind == []
        had[each.repo_id] += 1
    for repo in set(repos):  # in a source, in the order in which they came
        numbers = [each.number for each in found if each.repo_id == repo]
        assert numbers == sorted(numbers)
