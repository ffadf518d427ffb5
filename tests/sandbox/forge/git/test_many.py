"""Many commits, and the commits of many heads, asked at once: what asking one by one says."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SMALL = settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_commits_that_are_there(repository):
    tips = [*repository.refs().values()]
    blob = repository.entries(tips[0], recursive=True)[0].sha
    asked = [*tips, "0" * 40, blob, "main", "--all"]
    assert repository.commits(asked) == {sha: repository.commit(sha) for sha in tips}
    assert repository.commits(["0" * 40]) == {}
    assert repository.commits([]) == {}


@SMALL
@given(
    parents=st.lists(st.lists(st.integers(0, 30), min_size=1, max_size=2), min_size=1, max_size=12),
    limit=st.integers(1, 20),
)
def test_between_says_of_each_head_what_log_says(repository, parents, limit):
    made = [repository.refs()["refs/heads/main"]]
    for at, chosen in enumerate(parents):
        above = list(dict.fromkeys(made[index % len(made)] for index in chosen))
        first = repository.commit(made[0])
        made.append(repository.write_commit(first.tree, above, f"{at}", first.author, first.committer))
    base, heads = made[len(made) // 3], made
    repository._answers.clear()
    found = repository.between(base, heads, limit=limit)
    for head in heads:
        alone = {commit.sha for commit in repository.log(head, base, limit=100)}
        shas = [commit.sha for commit in found[head]]
        assert len(shas) == min(limit, len(alone))
        assert set(shas) <= alone
        assert all(parent not in shas[:at] for at, commit in enumerate(found[head]) for parent in commit.parents)


def test_a_prefix_that_is_none_names_no_refs(repository):
    for prefix in ("--output=/tmp/x/", "-h/", "../x/", "refs/heads/../", "\0/", "x" * 100_000 + "/"):
        assert repository.refs(prefix) == {}
