"""`engine unlock` and `engine state`: comments that are carried out from a terminal, and one person's own store."""

import json
from pathlib import Path

import pytest
import yaml

from engine.adapters.clock import now
from engine.adapters.keys import Keyring
from engine.adapters.sealed import SealingKey, key_of, new_key
from engine.cli.main import main
from engine.core.kept import keys, record
from engine.core.kept.journal import Identity
from engine.core.kept.ledger import OF_STATE
from engine.core.state import State
from engine.run import trusted
from engine.run.kept import backups, ledger
from engine.run.kept.claims import locked
from engine.run.kept.journal import Journal
from engine.run.kept.owner import Owner
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
        code = main([*words, "--rules", page.controller] if words[1] not in LOOKS else words)
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
    since, at = "2026-11-23T21:00:00Z", "2026-11-23T22:00:00Z"
    about = {"run": "run-9", "who": "job 7", "why": "d-1 (merge of acme/dev#7)", "since": since, "at": at}
    claim = record.encode("claim", owner="o", **about)
    page.store.put_if_absent(keys.alone(key), claim)
    code, out, _ = engine("state", "show", key, "--json")
    row = json.loads(out)
    assert (code, row["outcome"], row["serial"], row["begun"]) == (0, "refused", 4, None)
    assert row["held"] == about
    out = engine("state", "list")[1]
    assert f"at work on it: job 7, since {since}, last heard of at {at}\n    for d-1 (merge of acme/dev#7)\n" in out
    rows = json.loads(engine("state", "history", key, "--json")[1])
    assert [(one["outcome"], one["serial"], one["backup"]) for one in rows] == [("applied", 3, None), ("partial", 4, 2)]
    assert "backup 2" in engine("state", "history", key)[1]


@pytest.mark.parametrize(
    "words",
    [
        ("restore", "KEY", "1", "--repo", ".", "--reason", "it is broken"),
        ("restore", "KEY", "1", "--repo", ".", "--rehearse"),
        ("adopt", "KEY", "--repo", ".", "--reason", "it is right"),
        ("backup", "KEY", "--repo", "."),
        ("reseal", "KEY"),
    ],
)
def test_a_state_that_an_apply_is_at_work_on_is_left_alone(page, engine, monkeypatch, words):
    key = "S3/dev/busy/terraform.tfstate"
    monkeypatch.setenv("ENGINE_BACKUP_KEY", new_key())
    run = Journal(page.store, Identity(f"d-{words[0]}-{len(words)}", "merge", key), Owner("x.y", "job 7"), None)
    run.begin_run({"asked": "sha256:0", "stance": {}})
    with locked(page.store, [keys.alone(key)], run, now):
        code, out, err = engine("state", *(key if word == "KEY" else word for word in words))
        assert (code, "ENG742" in err, "job 7" in err) == (8, True, True), (out, err)
    assert list(page.store.list(keys.backups(key))) == []


def test_old_backups_are_dropped_and_sealed_anew_of_each_state_that_has_some(page, engine, monkeypatch):
    names = [f"S3/dev/{name}/terraform.tfstate" for name in ("one", "two")]
    old, new = new_key(), new_key()
    sealing = key_of(old)
    assert sealing
    for key in names:
        for serial in (1, 2, 3):
            one = State("l", serial, "sha256:" + "1" * 64, b"{}")
            backups.keep(page.store, sealing, ACCOUNT, key, one, "r", "2020-01-01T00:00:00Z")
    monkeypatch.setenv("ENGINE_BACKUP_KEY", new)
    monkeypatch.setenv("ENGINE_BACKUP_OLD_KEYS", old)
    file = Path(page.controller, "deployment-rules.yaml")
    before = file.read_text()
    rules = yaml.safe_load(before)
    del rules["limits"]["backups"]
    try:
        file.write_text(yaml.safe_dump(rules))
        code, _, err = engine("state", "tidy", names[0])
        assert (code, "ENG876" in err, "limits: {backups" in err) == (1, True, True), "the rules keep all"
        rules["limits"]["backups"] = {"newest": 2, "for": "30d"}
        file.write_text(yaml.safe_dump(rules))
        look = json.loads(engine("state", "tidy", names[0], "--dry-run", "--json")[1])
        assert look == [{"key": names[0], "dropped": [1], "kept": 2}]
        assert [one.dropped for one in backups.listed(page.store, names[0])] == [None] * 3
        code, out, err = engine("state", "tidy", names[0])
        assert (code, out) == (0, f"{names[0]}: dropped 1, 2 are kept\n"), err
        code, out, err = engine("state", "backups", names[0])
        assert (code, "dropped" in out.splitlines()[0], "dropped" in out.splitlines()[1]) == (0, True, False)
    finally:
        file.write_text(before)
    code, out, err = engine("state", "reseal", names[1])
    assert (code, out) == (0, f"{names[1]}: 3 sealed anew\n"), err
    monkeypatch.delenv("ENGINE_BACKUP_OLD_KEYS")
    assert [one.sealed_with == sealing.id for one in backups.listed(page.store, names[1])] == [False] * 3
    code, _, err = engine("state", "reseal", names[0])
    assert (code, "ENG717" in err, "ENGINE_BACKUP_OLD_KEYS_FILE" in err) == (1, True, True), "its key is not named"
    assert page.store.get(keys.alone(names[0])) is None, "its claim is given back"


def test_a_copy_goes_to_a_file_and_never_to_a_terminal(engine):
    code, out, err = engine("state", "pull", "k", "--repo", ".")
    assert (code, "--out" in err, out) == (2, True, "")


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999"])
def test_a_version_that_is_none(engine, number):
    assert engine("state", "restore", "k", number, "--reason", "me")[0] == 2
    assert "restored" in OF_STATE
