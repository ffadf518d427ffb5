"""What an answer says about waiting."""

import time

import pytest

from engine.adapters.github.limits import now, wait

DATE = {"date": "Mon, 12 Jan 1970 13:46:40 GMT"}  # 1,000,000 seconds


@pytest.mark.parametrize(
    ("why", "status", "headers", "said", "seconds"),
    [
        ("an answer", 200, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000030"}, "", None),
        ("no right", 403, {"x-ratelimit-remaining": "17"}, "Must have admin rights", None),
        ("no right, and no more requests either", 404, {"x-ratelimit-remaining": "0"}, "Not Found", None),
        ("primary", 403, {**DATE, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000030"}, "", 31),
        ("primary, past by now", 403, {**DATE, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "999000"}, "", 1),
        ("primary, of no time", 403, {**DATE, "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon"}, "", 1),
        ("primary, without a time", 403, {"x-ratelimit-remaining": "0"}, "API rate limit exceeded", 60),
        ("secondary", 403, {}, "You have exceeded a secondary rate limit.", 60),
        ("secondary, of old", 403, {}, "You have triggered an abuse detection mechanism.", 60),
        ("with a time", 403, {"retry-after": "5"}, "", 5),
        ("with a date", 429, {"retry-after": "Mon, 12 Jan 1970 13:46:40 GMT"}, "", 60),
        ("with less than none", 429, {"retry-after": "-5"}, "", 60),
        ("with digits of another alphabet", 429, {"retry-after": "٣"}, "", 60),
        ("with too many", 429, {"retry-after": "9" * 400}, "", 60),
        ("without a word", 429, {}, "", 60),
        ("a proxy's", 503, {"retry-after": "5"}, "", None),
    ],
)
def test_wait(why, status, headers, said, seconds):
    assert wait(status, headers, said) == seconds, why


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Jan 1970 13:46:40 GMT"])
def test_a_date_that_is_none_is_ours(date):
    assert abs(now({"date": date}) - time.time()) < 60
