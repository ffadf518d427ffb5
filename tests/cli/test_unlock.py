"""`engine unlock` and `engine state`: comments that are carried out from a terminal, and one person's own store."""

import json
from pathlib import Path

import pytest
import yaml

from engine.adapters.keys import Keyring
from engine.adapters.sealed import SealingKey
from engine.cli.main import main
from engine.core.kept import keys, record
from engine.core.kept.ledger import OF_STATE
from engine.core.state import State
from engine.run import trusted
from engine.run.kept import backups, ledger
from engine.sandbox.emulator import ACCOUNT
from engine.sandbox.forge.serve import running
from tests.support.hosted import REPO
from tests.support.ledger import said, state
from tests.support.page import APPLYING, MENDING, Page

LOOKS = ("backups", "list", "show", "history")  # they need no rules
EVENT = {"event": "issue_comment", "when": "command(event.comment.body) == 'unlock'", "run": "unlock"}


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unlock")
    with running(str(folder / "forge")) as forge:
        made = Page(forge, folder, {**MENDING, **APPLYING})
        file = Path(made.controller, "deployment-rules.yaml")
        rules = yaml.safe_load(file.read_text())
        file.write_text(yaml.safe_dump({**rules, "events": [*rules["events"], EVENT]}))
        yield made


@pytest.fixture
def engine(page, monkeypatch, capsys):
    """Runs a command with what this page's machine has."""
    for name, value in page.environ.items():
        monkeypatch.setenv(name, value)

    def run(*words):
        code = main([*words, "--controller", page.controller] if words[1] not in LOOKS else words)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def merged(page, branch):
    """The number of a pull request that is merged by us, and its state key."""
    number = page.ready(branch)
    assert page.run("merge", number)["github.merge"]["commit"]
    return number, f"S3/dev/{branch}/terraform.tfstate"


def say(page, number, who, body):
    page.forge.clock.advance(2)
    return f"http://forge/{REPO}/pull/{number}#issuecomment-{page.hosted.comment(number, who, body)}"


def entries(page, key):
    return ledger.entries(page.store, key, trusted.keys(page.settings.trusted_keys))


def test_it_carries_out_what_two_people_ask_for(page, engine):
    number, key = merged(page, "asked")
    first = say(page, number, "carol", f"/engine unlock {key}")
    code, _, _ = engine("unlock", key, "--asked", first)
    assert (code, entries(page, key)) == (8, ()), "one alone: it waits"
    last = say(page, number, "dave", f"/engine unlock {key}")
    other = key.replace("asked", "another")
    code, _, _ = engine("unlock", other, "--asked", last)
    assert (code, entries(page, key), entries(page, other)) == (1, (), ()), "the comment asks for something else"
    code, out, err = engine("unlock", key, "--asked", last, "--json")
    assert code == 0, (out, err)
    [entry] = entries(page, key)
    assert (entry.outcome, [one["login"] for one in entry.said["people"]]) == ("released", ["carol", "dave"])


@pytest.mark.parametrize(
    "url",
    [
        "https://forge/acme/dev-deployment/pull/7",
        "https://forge/acme/dev-deployment/issues/7#issuecomment-1",
        "https://forge/acme/controller/issues/7#issuecomment-1",
        "https://forge/a/b/c/pull/7#issuecomment-1",
        "https://forge/acme/dev-deployment/pull/7#discussion_r1",
        "file:///acme/dev-deployment/pull/7#issuecomment-1",
    ],
)
def test_an_address_that_is_none(engine, url):
    code, _, err = engine("unlock", "S3/dev/x/terraform.tfstate", "--asked", url)
    assert code == 2
    assert "ENG778" in err


def test_a_repository_that_the_rules_do_not_name(engine):
    code, _, err = engine("unlock", "k", "--asked", "https://forge/acme/other/pull/7#issuecomment-1")
    assert code == 2
    assert "ENG358" in err


def test_one_person_alone_at_a_store_of_their_own(page, engine):
    _, key = merged(page, "alone")
    code, _, err = engine("unlock", key)
    assert (code, "ENG779" in err, "--reason" in err) == (2, True, True)
    code, out, err = engine("unlock", key, "--reason", "nobody needs it", "--json")
    assert code == 0, err
    assert (code, json.loads(out)["released"][0]["entry"]) == (0, 1)
    [entry] = entries(page, key)
    [person] = entry.said["people"]
    assert (person["id"], person["comment"], person["login"].startswith("unverified: ")) == (None, None, True)
    code, _, err = engine("unlock", key, "--reason", "again")
    assert (code, "ENG773" in err) == (1, True)


def test_a_store_that_others_share_takes_no_word_of_one(engine, monkeypatch):
    monkeypatch.setenv("ENGINE_STORE", "s3:some-bucket/prefix")
    code, _, err = engine("unlock", "k", "--reason", "me")
    assert (code, "ENG779" in err) == (2, True), err
    code, _, err = engine("state", "adopt", "k", "--repo", ".", "--reason", "me")
    assert (code, "ENG779" in err) == (2, True)


def test_what_is_kept_of_a_state(page, engine):
    key = "S3/dev/kept/terraform.tfstate"
    assert engine("state", "backups", key)[1] == f"nothing of {key} is kept\n"
    state = State("lineage-1", 4, "sha256:" + "1" * 64, b"{}")
    backups.keep(page.store, SealingKey("b", b"s" * 32), ACCOUNT, key, state, "run-1", "2026-11-23T22:00:00Z")
    code, out, _ = engine("state", "backups", key)
    assert (code, out.split()) == (0, ["1", "2026-11-23T22:00:00Z", "serial", "4", "lineage-1", "run-1"])
    assert json.loads(engine("state", "backups", key, "--json")[1])[0]["number"] == 1


def test_whose_a_state_is_and_who_works_on_it(page, engine):
    key = "S3/dev/looked/terraform.tfstate"
    assert engine("state", "show", key)[1] == f"nothing of {key} was ever tried\n"
    assert engine("state", "history", key)[1] == f"nothing of {key} was ever written by us\n"
    signer, keys_ = Keyring(page.environ).signer("audit"), trusted.keys(page.settings.trusted_keys)
    for outcome, serial in (("applied", 3), ("partial", 4), ("refused", None)):
        made = said(
            outcome, state=None if serial is None else state(serial), backup=None if serial != 4 else "b/0000000002"
        )
        ledger.add(page.store, signer, keys_, lambda *_, made=made: {**made, "time": page.forge.now()}, key)
    claim = record.encode("claim", owner="o", run="run-9", who="job 7", at="2026-11-23T22:00:00Z")
    page.store.put_if_absent(keys.alone(key), claim)
    code, out, _ = engine("state", "show", key, "--json")
    row = json.loads(out)
    assert (code, row["outcome"], row["serial"], row["begun"]) == (0, "refused", 4, None)
    assert row["held"] == {"run": "run-9", "who": "job 7", "at": "2026-11-23T22:00:00Z"}
    assert "at work on it: run run-9 (job 7), last heard of at 2026-11-23T22:00:00Z" in engine("state", "list")[1]
    rows = json.loads(engine("state", "history", key, "--json")[1])
    assert [(one["outcome"], one["serial"], one["backup"]) for one in rows] == [("applied", 3, None), ("partial", 4, 2)]
    assert "backup 2" in engine("state", "history", key)[1]


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999"])
def test_a_version_that_is_none(engine, number):
    assert engine("state", "restore", "k", number, "--reason", "me")[0] == 2
    assert "restored" in OF_STATE
