"""Requests are counted per person, installation and App, an hour at a time; versions of the API."""

import pytest


@pytest.fixture
def few(forge):
    """Five requests an hour, from now on."""
    usual = dict(forge.limits.an_hour)
    forge.limits.an_hour.update(dict.fromkeys(usual, 5))
    forge.clock.ahead_s += 3601  # a new window
    yield
    forge.limits.an_hour.update(usual)


def test_every_answer_tells_what_is_left(as_):
    for path in ("/user", "/users/nobody"):
        answer = as_("ann")("GET", path)
        assert answer.headers["x-ratelimit-limit"] == "5000", path
        left, used = (int(answer.headers[f"x-ratelimit-{name}"]) for name in ("remaining", "used"))
        assert left + used == 5000
        assert answer.headers["x-ratelimit-resource"] == "core"
    assert as_(None)("GET", "/users/ann").headers["x-ratelimit-limit"] == "60"


def test_requests_are_used_up_and_come_back(as_, forge, few):
    ann = as_("ann")
    for left in (4, 3, 2, 1, 0):
        answer = ann("GET", "/user")
        assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (200, str(left))
    refused = ann("GET", "/user")
    assert (refused.status, refused.headers["x-ratelimit-remaining"]) == (403, "0")
    assert refused.body["message"] == f"API rate limit exceeded for user ID {forge.kept.value(ANN)}."
    assert int(refused.headers["x-ratelimit-reset"]) > forge.clock.seconds()
    assert as_("bob")("GET", "/user").status == 200, "everybody has their own"
    assert ann("GET", "/rate_limit").body["resources"]["core"]["remaining"] == 0, "asking costs nothing"
    forge.clock.ahead_s += 3601
    assert ann("GET", "/user").headers["x-ratelimit-remaining"] == "4"


ANN = "SELECT id FROM accounts WHERE login = 'ann'"


def test_all_tokens_of_a_person_and_of_an_installation_count_together(as_, forge, as_installation, few):
    from engine.sandbox.forge.people import accounts
    from tests.sandbox.forge.conftest import Client

    second = Client(forge, accounts.personal_token(forge, forge.kept.value(ANN)))
    assert as_("ann")("GET", "/user").headers["x-ratelimit-remaining"] == "4"
    assert second("GET", "/user").headers["x-ratelimit-remaining"] == "3"
    one, other = as_installation(), as_installation()
    assert one("GET", "/installation/repositories").headers["x-ratelimit-remaining"] == "4"
    assert other("GET", "/installation/repositories").headers["x-ratelimit-remaining"] == "3"


def test_what_has_not_changed_costs_nothing(as_, few):
    ann = as_("ann")
    tag = ann("GET", "/user").headers["etag"]
    for _ in range(8):
        answer = ann("GET", "/user", If_None_Match=tag)
        assert (answer.status, answer.headers["x-ratelimit-remaining"]) == (304, "4")


def test_a_bad_token_uses_up_nobody_s_requests(as_, forge, few):
    from tests.sandbox.forge.conftest import Client

    for _ in range(8):
        assert Client(forge, "ghp_0")("GET", "/user").status == 401
    assert as_(None)("GET", "/users/ann").status == 200


def test_versions(as_):
    ask = as_("ann")
    assert ask("GET", "/user").headers["x-github-api-version-selected"] == "2022-11-28"
    for wrong in ("2021-01-01", "latest", "2022-11-28 ", "..", "2022-11-28, 2026-03-10"):
        if wrong.strip() != "2022-11-28":
            assert ask("GET", "/user", X_GitHub_Api_Version=wrong).status == 400, wrong


@pytest.mark.off_contract  # the description is of 2022-11-28
def test_the_next_version_tells_less(as_):
    ask = as_("ann")
    now, then = ask("GET", "/rate_limit"), ask("GET", "/rate_limit", X_GitHub_Api_Version="2026-03-10")
    assert then.headers["x-github-api-version-selected"] == "2026-03-10"
    assert (set(now.body), set(then.body)) == ({"resources", "rate"}, {"resources"})


def test_what_the_next_version_leaves_out():
    from engine.sandbox.forge.versions import spoken

    pull = {"number": 1, "merge_commit_sha": "x", "assignee": None, "assignees": []}
    told = {"items": [pull], "assignee": "kept: this is no issue"}
    assert spoken("2022-11-28", told) == told
    assert spoken("2026-03-10", told) == {**told, "items": [{"number": 1, "assignees": []}]}
