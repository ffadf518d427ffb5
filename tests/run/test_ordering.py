"""The order of a run, seen over the whole source in git: through what did not change, and for what is destroyed."""

import os

import pytest

from engine.adapters.git import contents
from engine.adapters.git.repository import Repository
from engine.core.resources.discover import discover
from engine.core.resources.model import Discovery
from engine.core.resources.survey import Cache, Whole
from engine.run import ordering
from tests.support.git import Clone
from tests.support.order import SHIPPED, arn, bucket, edges, function, key, role, together
from tests.support.resources import rules, source

ROLE, ALIAS = arn("iam:role/reader"), arn("kms:alias/data")
LAKE = bucket("lake", sse_algorithm="aws:kms", kms_key_arn=ALIAS)
CODE = {"s3_bucket": "lake", "s3_key": "k", "s3_object_version": "v"}
APP = function("app", role=ROLE, code=CODE)


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    made.commit(together(LAKE, APP, role("reader"), key("data"), {"README.md": "text"}))
    made.branch("feature")
    return made


def found(clone, *destroy: str, **limits: int):
    """The discovery of merging `feature` into `dev`, as runs have it."""
    repository = Repository(clone.directory, path=os.environ["PATH"])
    merge = repository.merge(repository.range("dev", "feature"))
    seen = contents.of_range(repository, merge, SHIPPED)
    made = discover(seen, SHIPPED, rules(), source(), allow_destroy=destroy)
    return ordering.ordered(made, repository, merge.tree, merge.before, SHIPPED, rules())


def test_through_what_did_not_change(clone):
    clone.commit(together(key("data", description="new"), {p: t.replace("app", "apps") for p, t in APP.items()}))
    assert edges(found(clone)) == ["Lambda/app > KMS/data"]
    assert ordering.graph_of(found(clone)).nodes == (
        "KMS/dev/data/terraform.tfstate",
        "Lambda/dev/app/terraform.tfstate",
    )


def test_what_the_base_has_by_now_is_there(clone):
    clone.commit(together(bucket("logger", logging={"target_bucket": "logs"}), role("reader", description="x")))
    clone.git("checkout", "-q", "dev")
    clone.commit(bucket("logs", logging={"target_bucket": "lake"}))
    clone.git("checkout", "-q", "feature")
    (_, logger) = found(clone).resources
    assert (logger.path, logger.warned) == ("S3/logger.tfvars", ())


def test_what_is_destroyed_goes_the_other_way(clone):
    clone.commit(dict.fromkeys(together(LAKE, APP, key("data"))))
    gone = found(clone, "S3/lake.tfvars", "Lambda/app.tfvars", "KMS/data.tfvars")
    assert gone.refused == ()
    assert sorted(edges(gone)) == ["KMS/data > S3/lake", "S3/lake > Lambda/app"]


def test_after_the_merge_it_is_the_same(clone):
    clone.commit(dict.fromkeys(together(LAKE, APP)))
    clone.git("checkout", "-q", "dev")
    clone.git("merge", "-q", "--no-ff", "feature", "-m", "merged")
    repository = Repository(clone.directory, path=os.environ["PATH"])
    merge = repository.landed("dev")
    seen = contents.of_range(repository, merge, SHIPPED)
    made = discover(seen, SHIPPED, rules(), source(), allow_destroy=["S3/lake.tfvars", "Lambda/app.tfvars"])
    assert edges(ordering.ordered(made, repository, merge.tree, merge.before, SHIPPED, rules())) == [
        "S3/lake > Lambda/app"
    ]


def test_what_is_known_by_its_blobs_is_not_read_again(clone):
    repository = Repository(clone.directory, path=os.environ["PATH"])
    tree = repository.tree_of("dev")
    cache: Cache = {}
    first = contents.survey(repository, tree, SHIPPED, rules(), cache)
    assert len(cache) == 4
    clone.commit(key("data", description="new"))
    assert Whole(repository.tree("dev"), SHIPPED, cache).wanted == set()
    assert len(Whole(repository.tree("feature"), SHIPPED, cache).wanted) == 1
    assert contents.survey(repository, tree, SHIPPED, rules(), cache) == first


def test_another_module_reads_anew(clone):
    repository = Repository(clone.directory, path=os.environ["PATH"])
    tree = repository.tree_of("dev")
    cache: Cache = {}
    contents.survey(repository, tree, SHIPPED, rules(), cache)
    contents.survey(repository, tree, SHIPPED._replace(digest="another"), rules(), cache)
    assert len(cache) == 8


def test_a_source_that_cannot_be_seen_as_a_whole_costs_the_order_through_it_and_nothing_else(clone, monkeypatch):
    monkeypatch.setattr("engine.adapters.git.trees.ENTRIES", 12)
    clone.commit({f"other/{number}": "x" for number in range(20)})
    clone.git("checkout", "-q", "dev")
    clone.commit({f"other/{number}": "x" for number in range(20)})
    clone.git("checkout", "-q", "-b", "more")
    clone.git("branch", "-D", "-q", "feature")
    clone.branch("feature")
    clone.commit(together(bucket("x"), bucket("y", "S3/x", "S3/lake")))
    made = found(clone)
    assert made.refused == ()
    assert edges(made) == ["S3/y > S3/x"]
    ((problem,), ()) = (resource.warned for resource in made.resources)
    assert (problem.code, problem.message[:55]) == ("ENG820", "the order is known only among what this change touches:")


def test_nothing_to_order_looks_at_nothing(clone):
    repository = Repository(clone.directory, path=os.environ["PATH"])
    empty = Discovery(None, None, (), ())
    assert ordering.ordered(empty, repository, "no tree", "", SHIPPED, rules()) is empty
