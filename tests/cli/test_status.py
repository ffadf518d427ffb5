"""`engine status`: what waits for whom, out of the store alone."""

import json

import pytest

from engine.adapters.storage.directory import Directory
from engine.cli.main import main
from engine.errors import ExitCode
from engine.run.kept import board
from tests.support.board import entry, gate


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGINE_STORE", f"dir:{tmp_path}/store")
    monkeypatch.delenv("CI", raising=False)
    return Directory(str(tmp_path / "store"), durable=True)


@pytest.fixture
def told(capsys):
    def run(*words, code=ExitCode.DONE):
        assert main(["status", *words]) == code
        said = capsys.readouterr()
        return said.out if code is ExitCode.DONE else said.err

    return run


def test_nothing_waits(store, told):
    assert told() == "no pull request waits for anything\n"


def test_what_waits_for_whom(store, told):
    board.keep(store, entry(7), [])
    board.keep(store, entry(8, words="Stale: validating again", detail="", waits=(), title="Another"), [])
    assert told() == (
        "Waiting for people (1)\n"
        "  acme/dev-deployment#7  A bucket for the data lake  since 2026-11-27T12:00:00Z\n"
        "    Passed: waiting for 1 more approval from reviewers\n"
        "    → ann and bob\n"
        "At work (1)\n"
        "  acme/dev-deployment#8  Another  since 2026-11-27T12:00:00Z\n"
        "    Stale: validating again\n"
        "    → nobody has to\n"
    )
    assert "#8" not in told("--who", "ann")
    assert told("--who", "carol") == "none of them; others wait\n"
    assert [lane["turn"] for lane in json.loads(told("--json"))["lanes"]] == ["people", "engine"]


def test_one_with_its_gates_and_what_has_happened(store, told):
    board.keep(store, entry(7), [gate("policy", "pass", because="it holds"), gate()])
    said = told("--pr", "7")
    assert "  → 1 more approval from reviewers: ann and bob\n" in said
    assert "  ✓ policy: it holds\n  … reviewed: 1 approval from reviewers: 0 of 1\n" in said
    assert "2026-11-27T12:00:00Z  page" in said
    assert json.loads(told("--pr", "7", "--json"))["pull"]["who"] == ["ann", "bob"]


def test_one_that_has_ended_takes_its_repository(store, told):
    board.keep(store, entry(7, stage="ended", words="Closed", detail=", not merged", waits=()), [])
    assert "ENG795" in told("--pr", "7", code=ExitCode.CONFIG)
    assert "Closed, not merged" in told("--pr", "7", "--repo", "acme/dev-deployment")


def test_a_number_that_several_have_takes_it_too(store, told):
    board.keep(store, entry(7), [])
    board.keep(store, entry(7, repo="acme/other"), [])
    assert "2 repositories have one" in told("--pr", "7", code=ExitCode.CONFIG)
    assert "acme/other#7" in told("--pr", "7", "--repo", "acme/other")


def test_what_others_write_redraws_no_terminal(store, told):
    board.keep(store, entry(7, title="a\nb\x1b[2J\u202e", author="x\x1b]0;y\x07"), [gate(because="z\x1b[1A")])
    for said in (told(), told("--pr", "7"), told("--json")):
        assert not {"\x1b", "\u202e", "\x07"} & set(said)
    assert "a\\nb\\x1b[2J\\u202e" in told()


def test_without_a_store_there_is_nothing_to_show(monkeypatch, told):
    monkeypatch.delenv("ENGINE_STORE", raising=False)
    assert "ENG203" in told(code=ExitCode.CONFIG)


def test_a_source_whose_record_is_broken_is_named(store, capsys):
    """All that it sends waits, whatever else is there to be told."""
    assert store.put_if_absent("sources/acme/broken", b"{}")
    assert main(["status"]) == ExitCode.DONE
    said = capsys.readouterr()
    assert said.out == "no pull request waits for anything\n"
    assert said.err.startswith("sources/acme/broken: all that acme/broken sends waits: put its record back")
    assert main(["status", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["unreadable"] == ["sources/acme/broken"]


@pytest.mark.parametrize(
    ("why", "columns", "lines"),
    [
        (
            "a phone",
            40,
            [
                "Waiting for people (1)",
                "  acme/dev-deployment#7  A bucket for",
                "  the data lake  since",
                "  2026-11-27T12:00:00Z",
                "    Passed: waiting for 1 more approval",
                "    from reviewers",
                "    → ann and bob",
            ],
        ),
        (
            "wide",
            200,
            [
                "Waiting for people (1)",
                "  acme/dev-deployment#7  A bucket for the data lake  since 2026-11-27T12:00:00Z",
                "    Passed: waiting for 1 more approval from reviewers",
                "    → ann and bob",
            ],
        ),
    ],
)
def test_on_a_terminal_it_fits(store, told, monkeypatch, why, columns, lines):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    board.keep(store, entry(7), [])
    assert told().splitlines() == lines, why
