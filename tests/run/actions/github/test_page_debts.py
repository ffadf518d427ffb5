"""`engine overrides` of merges that were really made."""

import json

from engine.cli.main import main
from tests.support.clone import bucket


def listed(page, monkeypatch, capfd, *words):
    for name, value in page.environ.items():
        monkeypatch.setenv(name, value)
    capfd.readouterr()
    assert main(["overrides", *words]) == 0
    return capfd.readouterr().out


def test_an_override_is_owed_until_the_finding_is_gone(page, monkeypatch, capfd):
    assert "nothing is owed" in listed(page, monkeypatch, capfd)
    number = page.ready("owes", "fail")
    page.hosted.comment(number, "dave", "OVERRIDE: the auditor waits for it")
    assert page.run("merge", number)["github.merge"]["overridden"]
    told = listed(page, monkeypatch, capfd)
    assert f"acme/dev-deployment#{number}  0 days  dave: the auditor waits for it" in told
    assert "high      S3-ENC-001  S3/owes" in told
    [row] = json.loads(listed(page, monkeypatch, capfd, "--json"))
    assert (row["pr"], row["login"], row["age_days"], len(row["findings"])) == (number, "dave", 0, 1)
    page.hosted.push("pays", {"S3/owes/owes.tfvars": bucket("acme-paid")})
    made = page.hosted.as_("alice", "POST", "/pulls", {"title": "pays", "head": "pays", "base": "dev"})
    page.run("pass", made.body["number"])
    assert "S3/owes" in listed(page, monkeypatch, capfd), "what is not merged pays nothing"
    page.forge.clock.advance(2)
    page.hosted.review(made.body["number"], "ann")
    assert page.run("merge", made.body["number"])["github.merge"]["commit"]
    assert "nothing is owed" in listed(page, monkeypatch, capfd)


def test_without_a_store_nobody_can_tell(monkeypatch, capfd):
    monkeypatch.delenv("ENGINE_STORE", raising=False)
    assert main(["overrides"]) == 2
    assert "ENG203" in capfd.readouterr().err
