"""The store of many runs of one process: shared for a while, and no longer."""

from engine.adapters.places import BucketPlace, StorePlace
from engine.adapters.storage.named import Reused

ONE, OTHER = (BucketPlace("kept", prefix, "eu-central-1", None) for prefix in ("one/", "other/"))


def test_runs_share_a_store_for_a_minute():
    """By then its keys may have been exchanged."""
    now = [0.0]
    stores = Reused(lambda: now[0])
    first = stores(ONE)
    now[0] = 59.9
    assert stores(ONE) is first
    now[0] = 60.0
    assert stores(ONE) is not first


def test_another_place_is_another_store(tmp_path):
    stores = Reused()
    assert stores(ONE) is not stores(OTHER)
    assert stores(StorePlace(str(tmp_path / "a"), True)) is not stores(StorePlace(str(tmp_path / "b"), True))


def test_where_none_is_named_each_run_keeps_what_is_its_own():
    stores = Reused()
    assert stores(None) is not stores(None)
