"""Check runs and suites: who makes and changes them, what they may say, and what is told of them."""

import pytest

RUN = {"name": "plan", "status": "in_progress"}


@pytest.fixture
def app(as_installation):
    return as_installation()


def names(answer):
    return [run["name"] for run in answer.body["check_runs"]]


def test_the_life_of_a_run(app, place, said):
    sha = place.commit("life", place.one)
    made = app("POST", f"{place.path}/check-runs", {"name": "plan", "head_sha": sha})
    assert (made.status, made.body["status"], made.body["conclusion"]) == (201, "queued", None)
    assert made.body["app"]["slug"] == "interlock"
    path = f"{place.path}/check-runs/{made.body['id']}"
    output = {"title": "Passed", "summary": "*fine*", "text": "more"}
    changed = app("PATCH", path, {"status": "in_progress", "external_id": "7:1:x"})
    assert (changed.body["status"], changed.body["external_id"]) == ("in_progress", "7:1:x")
    ended = app("PATCH", path, {"conclusion": "success", "output": output})
    assert (ended.body["status"], ended.body["conclusion"]) == ("completed", "success")
    assert ended.body["completed_at"]
    assert ended.body["output"]["title"] == "Passed"
    assert app("GET", path).body == ended.body
    again = app("PATCH", path, {"status": "in_progress"})
    assert (again.body["conclusion"], again.body["completed_at"]) == (None, None)
    events = [event for event, _ in said()]
    assert events == ["check_run.created", "check_run.completed", "check_suite.completed"]
    suite = said()[2][1]["check_suite"]
    assert (suite["head_branch"], suite["conclusion"], suite["latest_check_runs_count"]) == ("life", "success", 1)
    assert said()[1][1]["check_run"]["check_suite"]["id"] == suite["id"]


def test_people_report_nothing(as_, app, place):
    made = app("POST", f"{place.path}/check-runs", RUN | {"head_sha": place.one}).body
    for who, status in (("ann", 403), ("oscar", 403), (None, 401)):
        for verb, path in (("POST", "check-runs"), ("PATCH", f"check-runs/{made['id']}"), ("POST", "check-suites")):
            answer = as_(who)(verb, f"{place.path}/{path}", RUN | {"head_sha": place.one})
            assert answer.status == status, (who, path)
            if status == 403:
                assert answer.body["message"] == "You must authenticate via a GitHub App."
    assert as_("oscar")("GET", f"{place.path}/check-runs/{made['id']}").status == 200


def test_an_app_needs_the_grant(as_installation, place):
    reading = as_installation(permissions={"checks": "read"})
    assert reading("POST", f"{place.path}/check-runs", RUN | {"head_sha": place.one}).status == 403
    assert reading("GET", f"{place.path}/commits/main/check-runs").status == 200
    assert (
        as_installation(permissions={"metadata": "read"})("GET", f"{place.path}/commits/main/check-runs").status == 403
    )
    elsewhere = as_installation(repositories=["controller"])
    assert elsewhere("POST", f"{place.path}/check-runs", RUN | {"head_sha": place.one}).status == 404


def test_a_run_is_its_app_s(app, other_app, place):
    made = app("POST", f"{place.path}/check-runs", RUN | {"head_sha": place.one}).body
    refused = other_app("PATCH", f"{place.path}/check-runs/{made['id']}", {"conclusion": "success"})
    assert refused.status == 403
    assert "Invalid app_id `1`" in refused.body["message"]
    assert app("GET", f"{place.path}/check-runs/{made['id']}").body["conclusion"] is None


def test_two_apps_may_use_one_name(app, other_app, place):
    sha = place.commit("names", place.one)
    body = {"name": "plan", "head_sha": sha, "conclusion": "success"}
    for client in (app, other_app):
        client("POST", f"{place.path}/check-runs", body)
    both = app("GET", f"{place.path}/commits/names/check-runs").body["check_runs"]
    assert {run["app"]["slug"] for run in both} == {"interlock", "other"}
    mine = app("GET", f"{place.path}/commits/{sha}/check-runs?app_id=1").body
    assert [run["app"]["id"] for run in mine["check_runs"]] == [1]
    assert app("GET", f"{place.path}/commits/{sha}/check-suites").body["total_count"] == 2


LONG = "x" * 65536
NOTE = {"path": "a.txt", "start_line": 1, "end_line": 1, "annotation_level": "notice", "message": "m"}
OUT = {"title": "t", "summary": "s"}


def noted(**changes):
    return {"output": OUT | {"annotations": [NOTE | changes]}}


REFUSED = [
    ("no name", {"name": None}),
    ("an empty name", {"name": ""}),
    ("a name that is no text", {"name": 7}),
    ("a long name", {"name": "x" * 256}),
    ("no commit", {"head_sha": None}),
    ("a commit that is not there", {"head_sha": "0" * 40}),
    ("a branch for a commit", {"head_sha": "main"}),
    ("the beginning of a commit", {"head_sha": "{one:.7}"}),
    ("an option for a commit", {"head_sha": "--all"}),
    ("completed without a conclusion", {"status": "completed"}),
    ("ended without a conclusion", {"completed_at": "2026-11-27T08:00:00Z"}),
    ("a conclusion that only GitHub gives", {"conclusion": "stale"}),
    ("a conclusion that is none", {"conclusion": "fine"}),
    ("a conclusion in capitals", {"conclusion": "SUCCESS"}),
    ("a status for Actions alone", {"status": "waiting"}),
    ("a status that is a list", {"status": ["queued"]}),
    ("a time that is none", {"started_at": "yesterday"}),
    ("a time before all times", {"started_at": "0001-01-01T00:00:00+23:59"}),
    ("a time after all times", {"completed_at": "9999-12-31T23:59:59-23:59", "conclusion": "success"}),
    ("a long summary", {"output": OUT | {"summary": LONG}}),
    ("a long text", {"output": OUT | {"text": LONG}}),
    ("no summary", {"output": {"title": "t"}}),
    ("no title", {"output": {"summary": "s"}}),
    ("output that is a text", {"output": "x"}),
    ("fifty-one annotations", {"output": OUT | {"annotations": [NOTE] * 51}}),
    ("annotations in an object", {"output": OUT | {"annotations": NOTE}}),
    ("an annotation that is a text", {"output": OUT | {"annotations": ["x"]}}),
    ("an annotation without a path", noted(path=None)),
    ("an annotation of no level", noted(annotation_level="error")),
    ("an annotation that ends before it begins", noted(start_line=2)),
    ("a line before the first", noted(start_line=-1)),
    ("a line that is true", noted(start_line=True)),
    ("a line that SQLite cannot hold", noted(end_line=10**30)),
    ("columns over several lines", noted(end_line=3, start_column=1)),
    ("a message that is too long", noted(message="x" * 65537)),
    ("an address that runs", {"details_url": "javascript:alert(1)"}),
    ("an address that runs, with a space", {"details_url": " javascript:alert(1)"}),
    ("an address with a line break", {"details_url": "https://example.com/\njavascript:alert(1)"}),
    ("an address of data", {"details_url": "data:text/html,x"}),
    ("four buttons", {"actions": [{"label": "a", "description": "b", "identifier": "c"}] * 4}),
    ("a long button", {"actions": [{"label": "a" * 21, "description": "b", "identifier": "c"}]}),
    ("a button without a label", {"actions": [{"description": "b", "identifier": "c"}]}),
]


@pytest.mark.parametrize(("why", "changes"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_a_run_may_not_say(app, place, said, why, changes):
    count = "SELECT (SELECT count(*) FROM check_runs), (SELECT count(*) FROM annotations)"
    before = place.forge.kept.row(count)
    body = RUN | {"head_sha": place.one} | changes
    if isinstance(body["head_sha"], str):
        body["head_sha"] = body["head_sha"].format(one=place.one)
    assert app("POST", f"{place.path}/check-runs", body).status == 422, why
    assert place.forge.kept.row(count) == before
    assert said() == []


def test_as_much_as_a_run_may_say(app, place):
    output = {"title": "t" * 255, "summary": "ß" * 65535, "text": "x" * 65535, "annotations": [NOTE] * 50}
    body = {"name": "n" * 255, "head_sha": place.one, "output": output, "details_url": "https://example.com/x?y#z"}
    assert app("POST", f"{place.path}/check-runs", body).status == 201


def test_annotations_are_added_to_those_that_are_there(app, place):
    body = {"name": "notes", "head_sha": place.one, "output": OUT | {"annotations": [NOTE] * 50}}
    made = app("POST", f"{place.path}/check-runs", body).body
    path = f"{place.path}/check-runs/{made['id']}"
    last = NOTE | {"message": "last", "start_column": 2, "end_column": 3, "raw_details": "raw", "title": "T"}
    changed = app("PATCH", path, {"output": {"summary": "new", "annotations": [last]}}).body
    assert (changed["output"]["annotations_count"], changed["output"]["title"]) == (51, "t")
    page = app("GET", f"{path}/annotations?per_page=50&page=2").body
    assert [row["message"] for row in page] == ["last"]
    assert (page[0]["start_column"], page[0]["annotation_level"]) == (2, "notice")


LISTS = [
    ("the newest of each name", "", ["b", "a"]),
    ("every one", "filter=all", ["b", "a", "a"]),
    ("of a name", "check_name=a&filter=all", ["a", "a"]),
    ("that have ended", "status=completed", ["b"]),
    ("that go on", "status=in_progress", ["a"]),
    ("of another App", "app_id=77", []),
    ("a name nobody has", "check_name=A", []),
]


@pytest.mark.parametrize(("why", "query", "found"), LISTS, ids=[row[0] for row in LISTS])
def test_lists(app, place, why, query, found):
    branch = "lists-" + why.replace(" ", "-")
    sha = place.commit(branch, place.one)
    for name, more in (
        ("a", {"conclusion": "failure"}),
        ("a", {"status": "in_progress"}),
        ("b", {"conclusion": "success"}),
    ):
        made = app("POST", f"{place.path}/check-runs", {"name": name, "head_sha": sha, **more}).body
    assert names(app("GET", f"{place.path}/commits/{branch}/check-runs?{query}")) == found, why
    if "app_id" not in query:
        assert names(app("GET", f"{place.path}/check-suites/{made['check_suite']['id']}/check-runs?{query}")) == found


def test_runs_of_what_is_not_there(app, place):
    assert app("GET", f"{place.path}/commits/feature/x/check-runs").body["total_count"] == 0
    for ref in ("none", "0" * 40, "feature/y", "--all", "..%2F..%2Fx", "main~1", "HEAD@%7B0%7D"):
        assert app("GET", f"{place.path}/commits/{ref}/check-runs").status == 422, ref
    for path in ("check-runs/0", "check-runs/x", f"check-runs/{10**30}", "check-suites/0", "check-runs/0/annotations"):
        assert app("GET", f"{place.path}/{path}").status == 404, path
    made = app("POST", f"{place.path}/check-runs", RUN | {"head_sha": place.one}).body
    assert app("GET", f"/repos/acme/controller/check-runs/{made['id']}").status == 404, "it is another repository's"
    assert app("GET", f"/repos/acme/controller/check-suites/{made['check_suite']['id']}").status == 404


def test_asking_for_it_again(as_, app, place, said, emitted):
    sha = place.commit("again", place.one)
    made = app("POST", f"{place.path}/check-runs", {"name": "a", "head_sha": sha, "conclusion": "failure"}).body
    emitted.clear()
    assert as_("oscar")("POST", f"{place.path}/check-runs/{made['id']}/rerequest").status == 403
    assert as_("ann")("POST", f"{place.path}/check-runs/{made['id']}/rerequest").status == 201
    suite = f"{place.path}/check-suites/{made['check_suite']['id']}"
    assert (app("GET", suite).body["status"], app("GET", suite).body["conclusion"]) == ("queued", None)
    assert app("GET", f"{place.path}/check-runs/{made['id']}").body["conclusion"] == "failure", "the run is as it was"
    app("PATCH", f"{place.path}/check-runs/{made['id']}", {"status": "in_progress"})
    assert app("GET", suite).body["status"] == "in_progress"
    assert as_("ann")("POST", f"{suite}/rerequest").status == 201
    assert [event for event, _ in said()] == ["check_run.rerequested", "check_suite.rerequested"]


def test_a_suite_says_the_worst_of_its_runs(app, place):
    sha = place.commit("worst", place.one)
    made = app("POST", f"{place.path}/check-suites", {"head_sha": sha})
    assert (made.status, made.body["status"]) == (201, "queued")
    assert app("POST", f"{place.path}/check-suites", {"head_sha": sha}).status == 200, "it is there"
    suite = f"{place.path}/check-suites/{made.body['id']}"
    for name, conclusion, worst in (
        ("a", "skipped", "skipped"),
        ("b", "neutral", "neutral"),
        ("c", "success", "success"),
        ("d", "cancelled", "cancelled"),
        ("e", "failure", "failure"),
        ("e", "success", "cancelled"),
    ):
        app("POST", f"{place.path}/check-runs", {"name": name, "head_sha": sha, "conclusion": conclusion})
        assert app("GET", suite).body["conclusion"] == worst
    assert app("GET", suite).body["latest_check_runs_count"] == 5
    app("POST", f"{place.path}/check-runs", {"name": "f", "head_sha": sha})
    assert (app("GET", suite).body["status"], app("GET", suite).body["conclusion"]) == ("in_progress", None)


@pytest.mark.off_contract  # GitHub's description of a run has every conclusion but the one that it gives itself
def test_a_run_that_never_ends_is_stale(as_installation, place):
    app = as_installation()
    sha = place.commit("stale", place.one)
    made = app("POST", f"{place.path}/check-runs", RUN | {"head_sha": sha, "started_at": "2020-01-01T00:00:00Z"}).body
    path = f"{place.path}/check-runs/{made['id']}"
    ahead = place.forge.clock.ahead_s
    try:
        place.forge.clock.ahead_s = ahead + 14 * 86400 - 60
        assert as_installation()("GET", path).body["conclusion"] is None
        place.forge.clock.ahead_s = ahead + 14 * 86400 + 60
        assert as_installation()("GET", path).body["conclusion"] == "stale"
        assert (
            as_installation()("GET", f"{place.path}/check-suites/{made['check_suite']['id']}").body["conclusion"]
            == "stale"
        )
    finally:
        place.forge.clock.ahead_s = ahead


def test_a_run_names_the_pull_requests_of_its_commit(as_, app, place):
    sha = place.commit("pulled", place.one)
    body = {"title": "x", "head": "pulled", "base": "main"}
    pull = as_("ann")("POST", f"{place.path}/pulls", body).body
    made = app("POST", f"{place.path}/check-runs", RUN | {"head_sha": sha}).body
    (found,) = made["pull_requests"]
    assert (found["number"], found["head"]["sha"], found["base"]["ref"]) == (pull["number"], sha, "main")
    other = app("POST", f"{place.path}/check-runs", RUN | {"head_sha": place.one}).body
    assert other["pull_requests"] == []
