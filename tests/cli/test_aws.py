"""`engine aws trust` as a user runs it, and what it refuses."""

import os

import pytest

from engine.cli.main import main
from engine.errors import ExitCode
from engine.setup.repository import made
from tests.support.setup import ACCOUNTS, answers

DEVELOPMENT = ACCOUNTS["development"]


@pytest.fixture
def rules(tmp_path, monkeypatch):
    for path, text in made(answers()).items():
        if path.startswith(("deployment-rules", "approvers", "specs/")):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_bytes(text)
    for name in ("ENGINE_STORE", "GITHUB_REPOSITORY", "GITHUB_API_URL"):
        monkeypatch.delenv(name, raising=False)
    return str(tmp_path)


def trust(rules, *words):
    return main(["aws", "trust", "--rules", rules, *words])


def test_it_prints_what_one_account_needs(rules, capsys):
    assert trust(rules, "--repo", "beta/rules", "--ids", "1/2", "--account", DEVELOPMENT) == ExitCode.DONE
    said = capsys.readouterr().out
    for part in (
        f'"{DEVELOPMENT}"',
        '"repo:beta/rules:environment:development", "repo:beta@1/rules@2:environment:development"',
        'url = "https://token.actions.githubusercontent.com"',
        f'bucket = "terraform-state-{DEVELOPMENT}"',
        'name = "interlock-apply-development"',
    ):
        assert part in said
    assert ACCOUNTS["production"] not in said


def test_the_rules_may_begin_in_a_file_of_any_name(rules, capsys):
    first = os.path.join(rules, "first.yaml")
    os.rename(os.path.join(rules, "deployment-rules.yaml"), first)
    assert trust(first, "--repo", "beta/rules", "--account", DEVELOPMENT) == ExitCode.DONE
    assert 'name = "interlock-apply-development"' in capsys.readouterr().out


def test_the_store_s_account(rules, capsys, monkeypatch):
    monkeypatch.setenv("ENGINE_STORE", "s3:beta-store/runs")
    words = ("--repo", "beta/rules", "--store-account", "777777777777", "--account", "777777777777")
    assert trust(rules, *words) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "object_lock_enabled = true" in said
    assert '"arn:aws:s3:::beta-store/runs/ledger/*"' in said
    assert "interlock-plan-development" in said, "as a subject"
    assert "terraform-state" not in said


def test_an_enterprise_server(rules, capsys):
    words = ("--repo", "beta/rules", "--account", DEVELOPMENT, "--server", "https://ghes.beta.example", "--no-provider")
    assert trust(rules, *words) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "ghes.beta.example/_services/token:sub" in said
    assert 'resource "aws_iam_openid_connect_provider"' not in said


@pytest.mark.parametrize(
    ("why", "words", "code"),
    [
        ("which repository?", ("--account", DEVELOPMENT), "ENG955"),
        ("text of HCL in its name", ("--repo", 'a/b"}', "--account", DEVELOPMENT), "ENG955"),
        ("a pattern", ("--repo", "beta/*", "--account", DEVELOPMENT), "ENG955"),
        ("ids that are none", ("--repo", "a/b", "--ids", "1", "--account", DEVELOPMENT), "ENG955"),
        ("a server without TLS", ("--repo", "a/b", "--server", "http://x", "--account", DEVELOPMENT), "ENG955"),
        ("a server with a path", ("--repo", "a/b", "--server", "https://x/y", "--account", DEVELOPMENT), "ENG955"),
        ("a store that is not there", ("--repo", "a/b", "--store-account", "7" * 12), "ENG955"),
        ("which of three accounts?", ("--repo", "a/b"), "ENG954"),
        ("an account of nothing", ("--repo", "a/b", "--account", "1" * 12), "ENG954"),
    ],
)
def test_refusals(rules, capsys, why, words, code):
    assert trust(rules, *words) == ExitCode.CONFIG, why
    assert code in capsys.readouterr().err


def test_a_store_whose_account_is_not_named_is_left_out_by_nobody(rules, capsys, monkeypatch):
    monkeypatch.setenv("ENGINE_STORE", "s3:beta-store/runs")
    assert trust(rules, "--repo", "a/b", "--account", DEVELOPMENT) == ExitCode.CONFIG
    assert "--store-account" in capsys.readouterr().err
