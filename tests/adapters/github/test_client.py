"""Asking GitHub, over real HTTP: what is asked again, what never, what is no answer."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.adapters.github import client as adapter
from engine.adapters.github.auth import Token
from engine.adapters.github.client import Client, at, once
from engine.adapters.github.door import PAGE, VERSION
from engine.adapters.github.failures import RefusedError, UnsureError
from engine.errors import EngineError
from tests.support.http import GONE, Answer, Asked, Far

TOKEN = "ghs_S3cr3tTokenOfAnInstallation0123456789"


class Clock:
    """A clock that goes on when somebody sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return 1000 + sum(self.slept)

    def sleep(self, seconds: float) -> None:
        self.slept += [seconds] if seconds else []


@pytest.fixture(autouse=True)
def clock(monkeypatch) -> Clock:
    """Nobody waits here, but it is told for how long they would."""
    clock = Clock()
    monkeypatch.setattr(adapter, "time", clock)
    monkeypatch.setattr(adapter, "pauses", lambda tries, *_: iter([0.0] * (tries - 1)))
    monkeypatch.setattr(adapter, "randbelow", lambda _: 0)
    return clock


def says(value: Any, status: int = 200, /, **headers: str) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json", **headers})


@contextmanager
def talking(answer: Callable[[Asked], Answer]) -> Iterator[tuple[Client, Far]]:
    with Far(answer).serving() as far:
        yield Client(f"{far.url}/api/v3", Token(TOKEN)), far


def refused(code: str, act: Callable[[], object]) -> EngineError:
    with pytest.raises(EngineError) as caught:
        act()
    assert caught.value.problems[0].code == code, caught.value
    assert TOKEN not in str(caught.value)
    return caught.value


def in_turn(*answers: Answer) -> Callable[[Asked], Answer]:
    """One after the other, and the last one from then on."""
    left = list(answers)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def test_what_is_sent():
    with talking(lambda _: says({"id": 7})) as (client, far):
        assert client.get("/repos/acme/app/pulls/7", state="open") == {"id": 7}
    (asked,) = far.asked
    assert (asked.method, asked.path) == ("GET", "/api/v3/repos/acme/app/pulls/7?state=open")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["x-github-api-version"] == VERSION
    assert client.calls == 1


@pytest.mark.parametrize(("base", "path"), [("/api/v3", "/api/graphql"), ("", "/graphql")])
def test_where_graphql_is(base, path):
    with Far(lambda _: says({"data": {"a": 1}})).serving() as far:
        assert Client(far.url + base, Token(TOKEN)).graphql("query Q { a }", {"number": 7}) == {"a": 1}
    (asked,) = far.asked
    assert (asked.method, asked.path) == ("POST", path)
    assert json.loads(asked.body) == {"query": "query Q { a }", "variables": {"number": 7}}


def test_threads_share_it():
    with (
        talking(lambda asked: says({"path": asked.path.rpartition("/")[2]})) as (client, far),
        ThreadPoolExecutor(8) as pool,
    ):
        found = list(pool.map(lambda number: client.get(f"/x/{number}")["path"], range(24)))
    assert found == [str(number) for number in range(24)]
    assert client.calls == len(far.asked) == 24


# --- reads

CUT = says({"id": 7, "body": "x" * 100})._replace(cut=20)
LOST = [
    ("an error of GitHub", says({}, 500)),
    ("a proxy that reaches nobody", Answer(502, b"<html>")),
    ("too long for it", says({}, 504)),
    ("an answer that is cut off", CUT),
    ("no answer", GONE),
    ("half of a JSON", Answer(200, b'{"id": ')),
    ("a portal", Answer(200, b"<html>Sign in</html>")),
    ("bytes that are no text", Answer(200, b"\xff\xfe\x00")),
    ("not found out yet", says({}, 202)),
    ("a body that is not packed as it says", Answer(200, b"plain", {"Content-Encoding": "gzip"})),
]


@pytest.mark.parametrize(("why", "lost"), LOST)
def test_a_read_is_asked_again(why, lost):
    with talking(in_turn(lost, lost, says({"id": 7}))) as (client, far):
        assert client.get("/x") == {"id": 7}, why
    assert client.calls == len(far.asked) == 3


@pytest.mark.parametrize(("why", "lost"), LOST)
def test_and_not_for_ever(why, lost):
    with talking(lambda _: lost) as (client, far):
        refused("ENG596", lambda: client.get("/x"))
    assert len(far.asked) == 4, why


@pytest.mark.slow
def test_an_answer_that_does_not_come(monkeypatch):
    monkeypatch.setattr("engine.adapters.github.door._TIMEOUT_S", 1)
    with talking(lambda _: Answer(wait_s=3)) as (client, far):
        assert "ReadTimeout" in str(refused("ENG596", lambda: client.get("/x")))
        with pytest.raises(UnsureError):
            client.send("POST", "/x", {})
    assert len(far.asked) == 5


def test_nobody_is_there():
    client = Client("http://127.0.0.1:9/api/v3", Token(TOKEN))
    refused("ENG596", lambda: client.get("/x"))
    refused("ENG596", lambda: client.send("POST", "/x", {}))
    assert client.calls == 8, "what was certainly not sent is asked again, a write too"


@pytest.mark.parametrize(
    ("why", "answer", "code"),
    [
        ("a token that has ended", says({"message": "Bad credentials"}, 401), "ENG593"),
        ("no right", says({"message": "Resource not accessible by integration"}, 403), "ENG594"),
        ("nothing, or no right to see it", says({"message": "Not Found"}, 404), "ENG594"),
        ("what it does not take", says({"message": "Validation Failed"}, 422), "ENG599"),
        ("gone for good", says({"message": "Gone"}, 410), "ENG599"),
        ("moved to another server", Answer(301, b"", {"Location": "https://evil.example/x"}), "ENG596"),
        ("moved to another name", Answer(301, b"", {"Location": "/api/v3/y"}), "ENG596"),
        ("sent on in another way", Answer(307, b"", {"Location": "https://evil.example/x"}), "ENG599"),
    ],
)
def test_github_says_no(why, answer, code):
    with talking(lambda _: answer) as (client, far):
        refused(code, lambda: client.get("/x"))
    assert len({asked.path for asked in far.asked}) == 1, why


def test_a_token_that_is_said_again_is_hidden():
    with talking(lambda _: says({"message": f"the token {TOKEN} has no right"}, 403)) as (client, _):
        assert "(sensitive)" in str(refused("ENG594", lambda: client.get("/x")))


def test_what_github_says_is_one_line_and_short():
    with talking(lambda _: says({"message": "::error::\n" + "x" * 5000}, 403)) as (client, _):
        text = refused("ENG594", lambda: client.get("/x")).problems[0].message
    assert "\n" not in text
    assert len(text) < 500


def test_a_missing_right_is_named():
    answer = says({"message": "Resource not accessible"}, 403, **{"X-Accepted-GitHub-Permissions": "issues=write"})
    with talking(lambda _: answer) as (client, _):
        assert "it needs issues=write" in str(refused("ENG594", lambda: client.get("/x")))


def test_what_may_be_missing():
    with talking(in_turn(says({"message": "Not Found"}, 404), says({"id": 1}), says({}, 403))) as (client, _):
        assert client.find("/x") is None
        assert client.find("/x") == {"id": 1}
        refused("ENG594", lambda: client.find("/x"))


# --- limits

PRIMARY = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1000030", "date": "Mon, 12 Jan 1970 13:46:40 GMT"}


@pytest.mark.parametrize(
    ("why", "answer", "seconds"),
    [
        ("primary, by GitHub's clock", says({"message": "API rate limit exceeded"}, 403, **PRIMARY), 31),
        ("primary, with 429", says({"message": "API rate limit exceeded"}, 429, **PRIMARY), 31),
        ("secondary", says({"message": "You have exceeded a secondary rate limit"}, 403), 60),
        ("secondary, with a time", says({"message": "secondary rate limit"}, 403, **{"Retry-After": "7"}), 7),
        ("secondary, with 429", says({"message": "Too many"}, 429, **{"Retry-After": "7"}), 7),
        ("429 without a word", Answer(429), 60),
        ("GraphQL", says({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}, **PRIMARY), 31),
    ],
)
@pytest.mark.parametrize("does", ["get", "graphql", "send"])
def test_a_limit_is_waited_for(clock, why, answer, seconds, does):
    with talking(in_turn(answer, says({"data": {}}))) as (client, far):
        if does == "graphql":
            client.graphql("query Q { a }")
        elif does == "get":
            client.get("/x")
        else:
            client.send("POST", "/x", {})
    if why == "GraphQL" and does != "graphql":
        return
    assert clock.slept == [seconds], why
    assert len(far.asked) == 2


@pytest.mark.parametrize(
    ("why", "seconds", "asked"),
    [("an hour", "3600", 1), ("again and again", "30", 4), ("at once, again and again", "0", 91)],
)
def test_and_no_longer_than_that(why, seconds, asked):
    with talking(lambda _: says({}, 429, **{"Retry-After": seconds})) as (client, far):
        assert f"in {seconds} s" in str(refused("ENG595", lambda: client.get("/x")))
    assert len(far.asked) == asked, why


def test_a_limit_holds_for_all_threads(clock):
    """What one was told, the others need not be told too: they would only make it longer."""
    with talking(in_turn(says({}, 429, **{"Retry-After": "30"}), says({}))) as (client, far):
        client.get("/x")
        assert clock.slept == [30]
        client._hold(20)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: client.get("/x"), range(4)))
    assert 20 in clock.slept
    assert len(far.asked) == 6


# --- lists


def listed(count: int, wrap: Callable[[list[Any]], Any] = lambda rows: rows) -> Callable[[Asked], Answer]:
    """So many rows, in pages, as GitHub gives them."""

    def answer(asked: Asked) -> Answer:
        page = int(dict(parse_qsl(urlsplit(asked.path).query)).get("page", 1))
        rows = [{"id": number} for number in range((page - 1) * PAGE, min(page * PAGE, count))]
        link = f'<http://elsewhere/y?per_page=100&page={page + 1}>; rel="next", <http://elsewhere/y>; rel="last"'
        return says(wrap(rows), **({"Link": link} if page * PAGE < count else {}))

    return answer


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (1, 1), (100, 1), (101, 2), (250, 3)])
def test_a_list_is_whole(count, calls):
    with talking(listed(count)) as (client, far):
        assert [row["id"] for row in client.pages("/x", state="all")] == list(range(count))
    assert client.calls == calls
    for asked in far.asked:
        assert {"state": "all", "per_page": "100"}.items() <= dict(parse_qsl(urlsplit(asked.path).query)).items()


def test_a_list_that_is_counted():
    with talking(listed(150, lambda rows: {"total_count": 150, "check_runs": rows})) as (client, _):
        assert len(client.pages("/x", "check_runs")) == 150


@pytest.mark.parametrize(
    ("why", "answer"),
    [
        ("fewer than GitHub counts", listed(3, lambda rows: {"total_count": 4, "runs": rows})),
        ("more than GitHub counts", listed(3, lambda rows: {"total_count": 2, "runs": rows})),
        ("no count", listed(3, lambda rows: {"runs": rows})),
        ("no rows", lambda _: says({"total_count": 0})),
        ("a list where there is more", listed(3)),
        ("rows that are none", lambda _: says({"total_count": 1, "runs": [7]})),
        ("nothing", lambda _: Answer(200)),
    ],
)
def test_a_list_that_is_not_whole(why, answer):
    with talking(answer) as (client, _):
        refused("ENG597", lambda: client.pages("/x", "runs"))


def test_a_list_without_end(monkeypatch):
    monkeypatch.setattr(adapter, "MOST_PAGES", 3)
    with talking(listed(10**6)) as (client, _):
        refused("ENG597", lambda: client.pages("/x"))
    assert client.calls == 3


def test_a_list_that_changes_while_it_is_read():
    """A row that came first moves the others on: one is seen twice, and another might have been missed."""
    shifted = says([{"id": 0}, {"id": 1}], Link='<http://e/x?page=2>; rel="next"')
    with talking(in_turn(shifted, says([{"id": 1}, {"id": 2}]), says([{"id": 9}, {"id": 0}]))) as (client, far):
        assert [row["id"] for row in client.pages("/x")] == [9, 0]
    assert len(far.asked) == 3
    with talking(lambda _: says([{"id": 1}, {"id": 1}])) as (client, far):
        refused("ENG597", lambda: client.pages("/x"))


def test_a_page_that_is_lost_is_asked_again():
    answer = listed(150)
    lost = iter([False, True])
    with talking(lambda asked: GONE if next(lost, False) else answer(asked)) as (client, _):
        assert len(client.pages("/x")) == 150


# --- GraphQL


@pytest.mark.parametrize(
    ("why", "value", "code"),
    [
        ("a part of it", {"data": {"a": 1}, "errors": [{"type": "NOT_FOUND", "message": "no"}]}, "ENG594"),
        ("no right", {"data": None, "errors": [{"type": "FORBIDDEN", "message": "no"}]}, "ENG594"),
        ("a field it has not", {"errors": [{"message": "Field 'x' doesn't exist"}]}, "ENG597"),
        ("errors that are none", {"data": {"a": 1}, "errors": "no"}, "ENG597"),
        ("no data", {"data": None}, "ENG597"),
        ("something else", [], "ENG597"),
        ("nothing", None, "ENG597"),
        ("it took too long", {"errors": [{"message": "Something went wrong while executing your query."}]}, "ENG596"),
        ("it broke", {"data": None, "errors": [{"type": "INTERNAL", "message": "no"}]}, "ENG596"),
    ],
)
def test_half_an_answer_is_none(why, value, code):
    with talking(lambda _: says(value)) as (client, far):
        refused(code, lambda: client.graphql("query Q { a }"))
    assert len(far.asked) == (4 if code == "ENG596" else 1), why


# --- writes


@pytest.mark.parametrize(("why", "lost"), [row for row in LOST if row[1].status != 202])
def test_a_write_is_never_done_twice(why, lost):
    with talking(lambda _: lost) as (client, far):
        for act in (
            lambda: client.send("POST", "/x", {"body": "b"}),
            lambda: client.mutate("mutation M { a }"),
            lambda: client.send("DELETE", "/x"),
        ):
            far.asked.clear()
            with pytest.raises(UnsureError):
                act()
            assert len(far.asked) == 1, why


def test_a_mutation_that_was_refused():
    said = {"data": None, "errors": [{"type": "UNPROCESSABLE", "message": "no"}]}
    with talking(lambda _: says(said)) as (client, _), pytest.raises(RefusedError, match="no"):
        client.mutate("mutation M { a }")


@pytest.mark.parametrize("status", [405, 409, 422])
def test_a_write_that_was_refused_says_why(status):
    said = {"message": "Validation Failed", "errors": [{"message": "a pull request exists"}, {"field": "base"}]}
    with talking(lambda _: says(said, status)) as (client, far), pytest.raises(RefusedError) as caught:
        client.send("PUT", "/x", {})
    assert (caught.value.status, len(far.asked)) == (status, 1)
    assert "a pull request exists" in caught.value.said


def test_a_write_is_not_sent_on():
    with talking(lambda _: Answer(301, b"", {"Location": "/api/v3/y"})) as (client, far):
        refused("ENG596", lambda: client.send("POST", "/x", {}))
    assert {asked.path for asked in far.asked} == {"/api/v3/x"}


def test_an_answer_without_a_body():
    with talking(in_turn(Answer(204), says({"id": 1}, 201), says({"id": 2}, 202))) as (client, far):
        assert client.send("DELETE", "/x") is None
        assert client.send("POST", "/x", {}) == {"id": 1}
        assert client.send("PUT", "/x", {}) == {"id": 2}, "accepted is done, for a write"
    assert len(far.asked) == 3


@pytest.mark.parametrize(
    ("why", "before", "answer", "comes", "writes"),
    [
        ("it is there already", ["ours"], says({}, 201), True, 0),
        ("it is not", [], says({}, 201), True, 1),
        ("it was done, and the answer was lost", [], GONE, True, 1),
        ("it was done, and GitHub says 502", [], Answer(502), True, 1),
        ("it comes a little later", [], GONE, 2, 1),
    ],
)
def test_once(why, before, answer: Answer, comes, writes):
    there, looks = list(before), iter(range(10))

    def far_end(asked: Asked) -> Answer:
        if asked.method == "POST":
            there.append("ours")
            return answer
        if comes is not True and next(looks) < comes:
            return says([])
        return says([{"id": number} for number, _ in enumerate(there)])

    with talking(far_end) as (client, far):
        found = once(lambda: client.pages("/x") or None, lambda: client.send("POST", "/x", {}))
    assert found is not None, why
    assert len([asked for asked in far.asked if asked.method == "POST"]) == writes
    assert len(there) == 1


def to_writes(answer: Answer) -> Callable[[Asked], Answer]:
    return lambda asked: answer if asked.method == "POST" else says([])


def test_what_cannot_be_found_is_not_done_again():
    answer = GONE
    with (
        talking(lambda asked: answer if asked.method == "POST" else says([])) as (client, far),
        pytest.raises(UnsureError),
    ):
        once(lambda: client.pages("/x") or None, lambda: client.send("POST", "/x", {}))
    assert len([asked for asked in far.asked if asked.method == "POST"]) == 1


def test_what_was_refused_is_not_looked_for():
    answer = says({}, 422)
    with (
        talking(lambda asked: answer if asked.method == "POST" else says([])) as (client, far),
        pytest.raises(RefusedError),
    ):
        once(lambda: client.pages("/x") or None, lambda: client.send("POST", "/x", {}))
    assert len(far.asked) == 2


# --- paths


@pytest.mark.parametrize(
    ("why", "parts", "path"),
    [
        ("a branch", ("branches", "feature/x"), "/repos/acme/app/branches/feature%2Fx"),
        ("what a URL would take apart", ("labels", "a?b#c&d%"), "/repos/acme/app/labels/a%3Fb%23c%26d%25"),
        ("a number", ("pulls", 7), "/repos/acme/app/pulls/7"),
        ("a line", ("branches", "a\nb"), "/repos/acme/app/branches/a%0Ab"),
    ],
)
def test_a_name_stays_one(why, parts, path):
    assert at("acme/app", *parts) == path, why
    with talking(lambda _: says({})) as (client, far):
        client.get(at("acme/app", *parts))
    assert far.asked[0].path == f"/api/v3{path}"


@pytest.mark.parametrize("parts", [("..",), (".",), ("",), ("branches", "..")])
def test_a_name_that_leads_elsewhere(parts):
    with pytest.raises(ValueError, match="no path"):
        at("acme/app", *parts)
    for repo in ("acme/..", "acme", "/app", "acme/"):
        with pytest.raises(ValueError, match="no path"):
            at(repo, "pulls")
    assert at("acme/app/../x") == "/repos/acme/app%2F..%2Fx"
