"""What people want of the service's work: said in the trail by one function, whoever asks and by what door."""

import pytest

from engine.cli.main import main
from engine.errors import EngineError, ExitCode, failure
from engine.service import asking
from tests.support.serving import scene
from tests.support.trail import told

API = "/api/v1"
CANCEL, RESUME, AGAIN = "/runs/gh-r/cancel", "/runs/gh-r/resume", "/deliveries/d-1/redeliver"

ASKED = [
    ("a run that goes is to end", CANCEL, "running", "cancel", "gh-r"),
    ("one that has failed is to go on", RESUME, "failed", "resume", "gh-r"),
    ("a delivery is to be handled again", AGAIN, "failed", "redeliver", "d-1"),
    ("what cannot be ended was not asked for", CANCEL, "done", "", ""),
    ("what goes cannot go on", RESUME, "running", "", ""),
    ("there is no such delivery", "/deliveries/d-2/redeliver", "failed", "", ""),
]


@pytest.fixture
def made(tmp_path):
    with scene(tmp_path) as one:
        one.delivered("d-1", "failed", pull_request={"number": 5})
        yield one


@pytest.mark.parametrize("by_form", [False, True], ids=["api", "page"])
@pytest.mark.parametrize(("why", "path", "state", "outcome", "key"), ASKED, ids=[row[0] for row in ASKED])
def test_who_asked_stands_in_the_trail(made, why, path, state, outcome, key, by_form):
    made.ran("r", state)
    if by_form:
        ann = made.browser()
        ann.sign_in("ann")
        ann.post(path, {"token": ann.token()})
    else:
        made.ask("POST", API + path, who="ann")
    said = [(one["what"], one["outcome"], one["key"], one["actor"]["login"]) for one in told(made.store)]
    assert said == ([("run", outcome, key, "ann")] if outcome else []), why


def test_it_stands_on_the_page_of_the_pull_request(made):
    made.pull(5)
    made.ran("r", "running")
    made.ask("POST", API + CANCEL, who="ann")
    events = made.ask("GET", f"{API}/pulls/acme/infra/5").json["timeline"]
    (asked,) = [one for one in events if one["kind"] == "run"]
    assert (asked["outcome"], asked["who"], asked["key"]) == ("cancel", "ann", "gh-r")


def _broken(said):
    raise failure("ENG720", reason="no trail")


def test_without_a_trail_a_run_can_be_ended_and_nothing_can_be_begun(made):
    made.ran("r", "running")
    made.ran("s", "failed")
    with pytest.raises(EngineError, match="ENG720"):
        asking.cancel(made.runs, "gh-r", "ann", _broken)
    assert made.runs.get("gh-r").asked == "cancel"
    with pytest.raises(EngineError, match="ENG720"):
        asking.resume(made.runs, "gh-s", "ann", _broken)
    assert made.runs.get("gh-s").state == "failed"
    with pytest.raises(EngineError, match="ENG720"):
        asking.redeliver(made.inbox, "d-1", "ann", _broken)
    assert made.inbox.get("d-1").state == "failed"


COMMANDS = [
    ("engine cancel", "running", ["cancel", "gh-r"], "cancel"),
    ("engine run --resume", "failed", ["run", "--resume", "--run", "gh-r"], "resume"),
]


@pytest.mark.parametrize(("why", "state", "words", "outcome"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_a_command_says_it_as_a_page_does(made, monkeypatch, capsys, why, state, words, outcome):
    monkeypatch.setenv("ENGINE_STORE", f"dir:{made.folder}/store")
    monkeypatch.delenv("CI", raising=False)
    made.ran("r", state)
    assert main([*words, "--state", made.folder, "--json"]) == ExitCode.DONE, why
    ((what, asked, who),) = [(one["what"], one["outcome"], one["actor"]["login"]) for one in told(made.store)]
    assert (what, asked) == ("run", outcome)
    assert " on " in who, "the account and the machine: no token has such a name"


@pytest.mark.parametrize(("why", "state", "words", "outcome"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_without_a_store_a_command_does_it_and_says_that_no_trail_has_it(
    made, monkeypatch, capsys, why, state, words, outcome
):
    monkeypatch.delenv("ENGINE_STORE", raising=False)
    made.ran("r", state)
    assert main([*words, "--state", made.folder]) == ExitCode.DONE, why
    assert "no trail records this" in capsys.readouterr().err
    assert made.runs.get("gh-r").asked_by
    assert told(made.store) == []
