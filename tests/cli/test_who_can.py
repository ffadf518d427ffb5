"""`engine who-can` as a user runs it: two forms, and refusals that lead on."""

import json

import pytest

from engine.cli.main import main
from engine.errors import ExitCode


def test_json_says_who_can_and_what_an_override_does(capsys):
    words = ["who-can", "--environment", "production", "--touches", "aws_iam_role", "--overrides", "dave", "--json"]
    assert main(words) == ExitCode.DONE
    said = json.loads(capsys.readouterr().out)
    gates = {gate["name"]: gate for gate in said["gates"]}
    assert gates["security-reviewed"]["asked"] == "always"
    assert gates["security-reviewed"]["before"] == ["github.merge", "github.account", "terraform.apply"]
    assert [part["from"] for part in gates["security-reviewed"]["approvals"]["any"]] == [["security"], ["ciso"]]
    assert said["groups"]["reviewers"] == {"users": ["ann", "bob"], "teams": ["acme/platform"]}
    [override], [tried] = said["overrides"], said["tried"]
    assert (override["from"], override["besides"], override["never"], override["expires_s"]) == (
        ["special_approvers"],
        ["reviewed"],
        ["critical"],
        86400,
    )
    assert (tried["counts"], tried["opens"], tried["leaves"]) == (True, ["policy"], ["reviewed", "security-reviewed"])
    assert said["enough"][0]["people"][0] == ["ann", "carol"]
    assert {"name": "not-frozen", "when": None, "rejects": "freeze.active"} in said["conditions"]


@pytest.mark.parametrize(
    ("why", "words", "said"),
    [
        ("a near miss of a type", ["--touches", "aws_iam_rol"], "did you mean `aws_iam_role`?"),
        ("a type that there is not", ["--touches", "aws_iam_rol"], "ENG762"),
        ("without its beginning", ["--touches", "iam_role"], "did you mean `aws_iam_role`?"),
        ("a glob is many types", ["--touches", "aws_kms_*"], "say one or more of these: aws_kms_alias, "),
        ("nobody of that name", ["--overrides", "dav"], "did you mean `dave`?"),
    ],
)
def test_what_nobody_knows_is_refused_with_a_guess(why, words, said, capsys):
    assert main(["who-can", "--environment", "production", *words]) == ExitCode.CONFIG, why
    assert said in capsys.readouterr().err


def test_another_provider_may_be_touched(capsys):
    assert main(["who-can", "--environment", "production", "--touches", "random_id"]) == ExitCode.DONE
    assert "that touches random_id and nothing else goes to" in capsys.readouterr().out


def test_rules_where_nobody_can_are_a_negative_answer(tmp_path, capsys):
    (tmp_path / "deployment-rules.yaml").write_text(
        'version: 1\nsources: [{repo: acme/dev, owns: ["**"]}]\n'
        'environments: {live: {branch: live, account: "333333333333", region: us-east-1}}\notherwise: {branch: main}\n'
        "events: [{event: pull_request_review, run: look}]\ngates: {two: {approvals: {count: 2, from: [few]}}}\n"
        "pipelines: [{pipeline: look, gates: [two], actions: [{id: report, uses: report.write}]}]\n"
    )
    (tmp_path / "approvers-config.yaml").write_text("version: 1\ngroups: {few: {users: [ann]}}\n")
    assert main(["who-can", "--environment", "live", "--rules", str(tmp_path)]) == ExitCode.NEGATIVE
    assert "Nobody can open two: of those who may there are too few.\n" in capsys.readouterr().out
