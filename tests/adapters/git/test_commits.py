"""Where histories part, against git itself."""

import random

import pytest

from engine.errors import EngineError
from tests.support import forged
from tests.support.git import Clone


def history(clone, shape, dates=None):
    """Commits `0`, `1`, … with these parents and dates; the top two are `base` and `head`."""
    files = clone.git("hash-object", "-w", "-t", "tree", "/dev/null")
    made: list[str] = []
    for n, parents in enumerate(shape):
        who = f"A{n} <a{n}@x> {(dates or range(1000, 9999))[n]} +0000".encode()
        made.append(forged.commit(clone, files, [made[p] for p in parents], author=who, committer=who))
    for name, sha in (("base", made[-2]), ("head", made[-1])):
        clone.git("update-ref", f"refs/heads/{name}", sha)
    return made


@pytest.mark.parametrize("seed", range(25))
def test_any_history_parts_where_git_says(tmp_path, seed):
    chance = random.Random(seed)
    size = chance.randint(2, 14)
    shape = [sorted(chance.sample(range(n), min(n, chance.choice([1, 1, 1, 2])))) for n in range(size)]
    dates = [chance.randint(0, 5) if seed % 3 else n for n in range(size)]  # clocks may be wrong, or the same
    clone = Clone(tmp_path)
    history(clone, shape, dates)
    best = clone.git("merge-base", "--all", "base", "head").split()
    if len(best) > 1:
        with pytest.raises(EngineError, match="ENG367"):
            clone.open().range("base", "head")
        return
    found = clone.open().range("base", "head")
    assert found.merge_base == best[0]
    own = set(clone.git("rev-list", "base..head").split())
    listed = [c.sha for c in found.commits]
    assert own <= set(listed)  # clocks that are wrong may add somebody, and never hide one
    if dates == sorted(set(dates)):
        assert own == set(listed)
        places = {sha: n for n, sha in enumerate(listed)}
        assert all(places.get(p, -1) < places[c.sha] for c in found.commits for p in c.parents)
    repository = clone.open()
    for commit in clone.git("rev-list", "--all").split():
        reached = commit in clone.git("rev-list", "head").split()
        assert repository.contains(found.head, commit) is reached


def test_branches_that_parted_in_several_places_are_not_compared(tmp_path):
    """Else the older place could be chosen, from which a change back to the old content is none."""
    clone = Clone(tmp_path)
    history(clone, [[], [0], [0], [1, 2], [1, 2]])
    with pytest.raises(EngineError, match="parted in several places"):
        clone.open().range("base", "head")


@pytest.mark.parametrize("dates", [(0, 0, 0, 0, 0), (9, 8, 7, 6, 5), (5, 1, 9, 0, 7)])
def test_dates_choose_nothing(tmp_path, dates):
    """The head has merged the base's second commit: that is where they part, whatever the clocks say."""
    clone = Clone(tmp_path)
    made = history(clone, [[], [0], [0, 1], [1], [2]], dates)
    found = clone.open().range("base", "head")
    assert found.merge_base == made[1]
    assert {made[2], made[4]} == {c.sha for c in found.commits}


def test_old_commits_are_not_read(tmp_path, monkeypatch):
    from engine.adapters.git.objects import Objects

    clone = Clone(tmp_path)
    history(clone, [[], *([n] for n in range(300)), [300], [300]])
    read: list[str] = []
    real = Objects.read

    def counted(self, ids, kind):
        read.extend(ids)
        return real(self, ids, kind)

    monkeypatch.setattr(Objects, "read", counted)
    clone.open().range("base", "head")
    assert len(read) < 10


@pytest.mark.parametrize("is_lying", [False, True])
def test_a_long_history_is_read_in_few_questions_and_still_hashed(tmp_path, monkeypatch, is_lying):
    from engine.adapters.git.objects import Objects

    clone = Clone(tmp_path)
    made = history(clone, [[], *([n] for n in range(400)), [0]])
    if is_lying:  # the base's 200th commit claims to descend from the head
        text = forged.read(clone, made[200])
        forged.lie(clone, made[200], "commit", text.replace(made[199].encode(), made[-1].encode()))
        with pytest.raises(EngineError, match="ENG360"):
            clone.open().range("base", "head")
        return
    asked: list[int] = []
    real = Objects.read

    def counted(self, ids, kind):
        asked.append(len(ids))
        return real(self, ids, kind)

    monkeypatch.setattr(Objects, "read", counted)
    found = clone.open().range("base", "head")
    assert (found.merge_base, len(found.commits)) == (made[0], 1)
    assert len(asked) < 120
