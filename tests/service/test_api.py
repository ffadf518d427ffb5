"""JSON for programs: each answer has the form that the document says, and the document is a good one."""

import json
import os
import re
import shutil

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from engine.core.kept.board import Entry
from engine.core.report.progress import Step
from engine.service.api import READS, ROOT
from engine.service.deeds import DEEDS
from engine.service.openapi import document
from engine.service.steps import said
from tests.support.serving import scene


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    with scene(tmp_path_factory.mktemp("api")) as one:
        one.pull(5)
        one.pull(6, title="<script>alert(1)</script>", words="Refused: ", detail="no", author="eve")
        one.delivered("d-1")
        one.delivered("d-2", "failed")
        one.ran("r-1", "failed", reason="it broke", exit_code=3)
        one.ran("r-2", "running")
        folder = one.runs.folder("gh-r-2")
        os.makedirs(folder)
        with open(os.path.join(folder, "log"), "w", encoding="utf-8") as file:
            file.write("2026-11-27T14:00:00Z planning\n2026-11-27T14:00:01Z planned\n")
        with open(one.runs.steps_file("gh-r-2"), "w", encoding="utf-8") as file:
            file.write(f"2026-11-27T14:00:00Z {said(Step('S3/a', 'plan', 'begun'))}\n")
        yield one


def _schema(name):
    said = document()
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": said["components"]})


def test_the_document_is_one():
    validate(document())


def test_the_document_is_told(made):
    assert made.ask("GET", f"{ROOT}/openapi.json").json == json.loads(json.dumps(document()))


def test_below_a_path_the_document_says_so(tmp_path):
    with scene(tmp_path, root_path="/interlock") as one:
        assert one.ask("GET", f"{ROOT}/openapi.json", who="eve").json["servers"] == [{"url": "/interlock"}]


PATHS = {"owner": "acme", "repo": "infra", "number": "5", "run": "gh-r-2", "delivery": "d-1"}


@pytest.mark.parametrize("row", READS, ids=lambda row: row.name)
def test_every_answer_has_the_form_that_the_document_says(made, row):
    answer = made.ask("GET", ROOT + row.path.format(**PATHS))
    assert answer.status == 200
    _schema(row.name).validate(answer.json)
    assert list(answer.json), "something is in it"


def test_the_form_knows_every_field_of_what_is_kept(made):
    """Else an answer with a new field would be refused by who holds it against the document."""
    lane = made.ask("GET", f"{ROOT}/pulls").json["lanes"][0]
    hidden = {"waits", "number", "words", "detail"}
    assert set(Entry._fields) - hidden <= set(lane["pulls"][0])


ASKED = [
    ("of one who can bring it on", "pulls?who=carol", [5, 6]),
    ("in any case", "pulls?who=CAROL", [5, 6]),
    ("of nobody", "pulls?who=nobody", []),
    ("whose turn it is", "pulls?turn=author", [6]),
    ("part of a title", "pulls?text=script", [6]),
    ("another repository", "pulls?repo=acme/other", []),
]


@pytest.mark.parametrize(("why", "query", "numbers"), ASKED, ids=[row[0] for row in ASKED])
def test_what_is_asked_for_is_what_comes(made, why, query, numbers):
    lanes = made.ask("GET", f"{ROOT}/{query}").json["lanes"]
    assert sorted(pull["pr"] for lane in lanes for pull in lane["pulls"]) == numbers, why


REFUSED = [
    ("a pull request that nobody knows", "GET", "/pulls/acme/infra/7", 404),
    ("a number that is none", "GET", "/pulls/acme/infra/5x", 404),
    ("a number below 0", "GET", "/pulls/acme/infra/-5", 404),
    ("a number that no machine holds", "GET", "/pulls/acme/infra/" + "9" * 400, 404),
    ("another form of the number", "GET", "/pulls/acme/infra/%D9%A5", 404),
    ("a run that nobody knows", "GET", "/runs/gh-nothing", 404),
    ("a question that nobody answers", "GET", "/pulls?wo=carol", 400),
    ("nothing", "GET", "/nothing", 404),
    ("a verb that is not meant", "DELETE", "/pulls", 401),
]


@pytest.mark.parametrize(("why", "method", "path", "status"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_there_is_not(made, why, method, path, status):
    answer = made.ask(method, ROOT + path)
    assert answer.status == status, why
    _schema("Refused").validate(answer.json)


def test_a_verb_that_is_not_meant_is_refused_to_who_may_write_too(made):
    assert made.ask("DELETE", f"{ROOT}/pulls", who="ann").status == 405


FROZEN = [
    ("all of them", {"state": "on", "reason": "holidays"}, 200),
    ("one", {"state": "on", "environment": "production", "reason": "holidays"}, 200),
    ("and no more", {"state": "off", "environment": "production", "reason": "over"}, 200),
    ("one that the rules do not have", {"state": "on", "environment": "producton", "reason": "x"}, 422),
    ("no reason", {"state": "on"}, 422),
    ("an empty reason", {"state": "on", "reason": " "}, 422),
    ("a reason that nobody sees", {"state": "on", "reason": "\u200b"}, 422),
    ("a reason of two lines", {"state": "on", "reason": "a\nb"}, 422),
    ("a long reason", {"state": "on", "reason": "x" * 501}, 422),
    ("another state", {"state": "maybe", "reason": "x"}, 422),
    ("no texts", {"state": True, "reason": ["x"]}, 422),
    ("a list", [1], 422),
    ("no JSON", b"{", 422),
    ("JSON that nests", b'{"a":' * 9000, 422),
    ("too much", b"x" * 65537, 413),
]


@pytest.mark.parametrize(("why", "body", "status"), FROZEN, ids=[row[0] for row in FROZEN])
def test_freezing(tmp_path, why, body, status):
    with scene(tmp_path) as one:
        answer = one.ask("POST", f"{ROOT}/freeze", who="ann", body=body)
        assert answer.status == status, (why, answer.text)
        _schema("Frozen" if status == 200 else "Refused").validate(answer.json)
        assert len(one.said()) == (status == 200)


def test_a_freeze_is_recorded_with_the_token_s_name_as_the_command_records_the_account(tmp_path):
    with scene(tmp_path) as one:
        one.ask("POST", f"{ROOT}/freeze", who="ann", body={"state": "on", "reason": "holidays"})
        (held,) = one.ask("GET", f"{ROOT}/freeze").json["frozen"]
        assert (held["environment"], held["reason"], held["by"]) == ("all", "holidays", "ann")
        assert one.said() == [("on", "ann")]


DONE = [
    ("a run that goes is cancelled", "/runs/gh-r/cancel", "running", 200, {"asked": "cancel", "asked_by": "ann"}),
    ("one that has ended is not", "/runs/gh-r/cancel", "done", 409, {}),
    ("one that has failed goes on", "/runs/gh-r/resume", "failed", 200, {"state": "queued", "asked_by": "ann"}),
    ("one that was poisoned goes on", "/runs/gh-r/resume", "poisoned", 200, {"state": "queued"}),
    ("one that goes does not go on", "/runs/gh-r/resume", "running", 409, {"state": "running"}),
    ("of one that nobody knows", "/runs/gh-other/resume", "failed", 404, {"state": "failed"}),
]


@pytest.mark.parametrize(("why", "path", "state", "status", "left"), DONE, ids=[row[0] for row in DONE])
def test_what_people_tell_a_run(tmp_path, why, path, state, status, left):
    with scene(tmp_path) as one:
        one.ran("r", state)
        answer = one.ask("POST", ROOT + path, who="ann")
        assert answer.status == status, (why, answer.text)
        _schema("Run" if status == 200 else "Refused").validate(answer.json)
        found = one.runs.get("gh-r")
        assert {name: getattr(found, name) for name in left} == left


def test_a_delivery_is_had_again_by_its_name(tmp_path):
    with scene(tmp_path) as one:
        one.delivered("d-1", "failed")
        answer = one.ask("POST", f"{ROOT}/deliveries/d-1/redeliver", who="ann")
        _schema("Delivery").validate(answer.json)
        assert (answer.json["state"], answer.json["reason"]) == ("waiting", "ann wants it again")
        assert one.ask("POST", f"{ROOT}/deliveries/d-1/redeliver", who="ann").status == 409, "it waits"
        assert one.ask("POST", f"{ROOT}/deliveries/other/redeliver", who="ann").status == 409


def test_every_deed_is_a_form_and_an_operation(tmp_path):
    with scene(tmp_path) as one:
        paths = document()["paths"]
        for deed in DEEDS:
            assert paths[ROOT + deed.path]["post"]["operationId"] == deed.name
            path = deed.path.format(**PATHS)
            assert one.ask("POST", path).status == 401
            assert one.ask("GET", path + "/x").status == 404


def test_what_we_stand_on_that_does_not_answer_is_said(tmp_path):
    with scene(tmp_path) as one:
        one.pull(5)
        shutil.rmtree(one.folder + "/store")
        with open(one.folder + "/store", "w", encoding="utf-8") as file:
            file.write("no directory")
        answer = one.ask("GET", f"{ROOT}/pulls/acme/infra/5")
        assert answer.status == 503
        _schema("Refused").validate(answer.json)


def test_metrics_are_written_as_prometheus_reads_them(made):
    text = made.ask("GET", "/metrics")
    assert text.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = text.text.splitlines()
    value = re.compile(r'[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\.)*"\})? -?[0-9.e+]+')
    assert [line for line in lines if not line.startswith("#") and not value.fullmatch(line)] == []
    assert 'interlock_deliveries{state="failed"} 1' in lines
    assert 'interlock_runs{state="running"} 1' in lines
    assert 'interlock_pull_requests{turn="people"} 1' in lines
    assert 'interlock_pull_requests{turn="frozen"} 0' in lines
    assert "interlock_freezes 0" in lines
    families = [line.split()[2] for line in lines if line.startswith("# TYPE")]
    assert len(families) == len(set(families))


def test_a_metric_s_label_breaks_no_line():
    from engine.service.metrics import Metric, written

    text = written(iter([Metric("m", "a", "l", {'a"\n\\} 5': 1})]))
    assert text == '# HELP m a\n# TYPE m gauge\nm{l="a\\"\\n\\\\} 5"} 1\n'
