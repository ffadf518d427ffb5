"""A store between runs: what one signs, the next one finds, if it is about what is there now."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from engine import data
from engine.adapters.keys import new_key
from engine.adapters.storage.s3 import Bucket
from engine.adapters.terraform.template import LOCK_FILE
from engine.core.canonical import canonical
from engine.core.kept import record
from engine.core.receipts import Ruling
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import entry
from engine.errors import ExitCode
from tests.support.machine import bad, ended, good
from tests.support.signing import LATER

RULINGS = [ruling.value for ruling in Ruling]
JUDGED = """
pipeline: judged
gates: [policy, same-tree, not-frozen]
actions: [{id: report, uses: report.write}]
"""


@pytest.fixture
def kept(machine):
    """The machine has a store and believes its own key; `judged` passes where the verdict does."""
    key = TrustedKey(machine.signer.id, machine.signer.public, ("verdict",), LATER, None)
    (machine.root / "trusted-keys.yaml").write_text(entry(key))
    (machine.controller / "specs" / "judged.yaml").write_text(JUDGED)
    shutil.copy(os.path.join(data.path("terraform"), LOCK_FILE), machine.controller / "terraform")
    machine.environ |= {
        "ENGINE_STORE": f"dir:{machine.root}/store",
        "ENGINE_TRUSTED_KEYS": str(machine.root / "trusted-keys.yaml"),
    }
    return machine


def statements(machine):
    return sorted((machine.root / "store").glob("statements*/**/*="))


def judged(machine, engine, **environ):
    return engine(*machine.words("--pipeline", "judged"), **environ)


def facts(machine):
    return json.loads((machine.out / "facts.json").read_text())


def test_a_run_finds_what_an_earlier_one_has_signed(kept, engine):
    clone = kept.change({"S3/a.tfvars": good()})
    first = judged(kept, engine)
    assert (first.code, facts(kept)["absent"]["verdict"]) == (ExitCode.WAITING, "none has been signed")
    assert engine(*kept.words()).code == ExitCode.DONE
    signed = kept.statement()["predicate"]["verdict"]
    assert judged(kept, engine).code == ExitCode.DONE
    told = facts(kept)
    assert (told["origin"], told["facts"]["verdict"]) == ("local", signed)
    assert (signed["sequence"], signed["origin"], signed["hands"]) == (1, "local", None)
    assert [path.relative_to(kept.root / "store").as_posix() for path in statements(kept)] == [
        "statements-local/acme/dev-deployment/7/0000000001="
    ]
    # Another head: there is none about it yet, and validating it again gives the next number.
    clone.head = clone.commit({"README.md": "told in other words"})
    (kept.root / "event.json").write_bytes(clone.event())
    assert judged(kept, engine).code == ExitCode.WAITING
    assert "is of another head" in facts(kept)["absent"]["verdict"]
    assert engine(*kept.words()).code == ExitCode.DONE
    second = kept.statement()["predicate"]["verdict"]
    assert second["sequence"] == 2
    assert second["change"] != signed["change"], "the README is part of what was approved"
    assert judged(kept, engine).code == ExitCode.DONE


@pytest.mark.slow
def test_a_bucket_is_a_store_for_another_machine(kept, engine, aws, s3):
    """Statements, the journal, receipts and a freeze; in a job of CI, where a directory would be nobody else's."""
    kept.environ |= {**aws.credentials, "ENGINE_STORE": str(s3), "CI": "true"}
    kept.change({"S3/a.tfvars": good()})
    signed = engine(*kept.words("--run", "7"))
    assert signed.code == ExitCode.DONE, signed.err
    said = kept.statement()["predicate"]
    again = engine(*kept.words("--run", "7"))
    assert (again.code, "has ended before" in again.err) == (ExitCode.DONE, True)
    store = Bucket(s3)
    assert [key.partition("/")[0] for key in store.list("statements")] == ["statements-local"]
    assert judged(kept, engine).code == ExitCode.DONE
    assert facts(kept)["facts"]["verdict"] == said["verdict"]
    assert engine("receipts", said["made_from"]["receipts"]["digest"]).code == ExitCode.DONE
    words = ["development", "--reason", "the auditor is here", "--rules", str(kept.controller)]
    assert engine("freeze", "on", *words).code == ExitCode.DONE
    assert judged(kept, engine).code == ExitCode.WAITING
    (key,) = store.list("statements")
    item = store.get(key)
    assert item
    store.replace(key, item.data.replace(b'"sig":"', b'"sig":"A'), item.version)
    assert judged(kept, engine).code == ExitCode.NEGATIVE


def test_an_event_that_starts_nothing_asks_no_store(kept, engine):
    event = kept.change({}).event().replace(b'"opened"', b'"labeled"')
    (kept.root / "event.json").write_bytes(event)
    nobodys = {"ENGINE_STORE": "s3:nobodys", "AWS_EC2_METADATA_DISABLED": "true"}
    done = engine(*kept.words(), **nobodys)
    assert (done.code, "nothing to do" in done.err) == (ExitCode.DONE, True), done.err
    (kept.root / "event.json").write_bytes(event.replace(b'"labeled"', b'"opened"'))
    assert "ENG590" in engine(*kept.words(), **nobodys).err, "another one does"


def test_validated_again_it_keeps_since_when_it_holds(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    said = []
    for _ in range(2):
        done = engine(*kept.words())
        assert done.code == ExitCode.DONE, done.err
        said.append(kept.statement()["predicate"]["verdict"])
    assert [one["sequence"] for one in said] == [1, 2]
    assert said[0]["signed_at"] == said[1]["signed_at"] == said[0]["confirmed_at"]
    assert {**said[0], "sequence": 2, "confirmed_at": "", "expires_at": ""} == {
        **said[1], "confirmed_at": "", "expires_at": "",
    }  # fmt: skip


def test_a_later_denial_is_what_counts(kept, engine):
    clone = kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words()).code == ExitCode.DONE
    kept.answer("good", json.loads((kept.answers / "bad").read_text()))
    assert engine(*kept.words()).code == ExitCode.NEGATIVE
    assert judged(kept, engine).code == ExitCode.NEGATIVE
    assert clone.head == facts(kept)["facts"]["verdict"]["head_sha"]


def test_another_approver_voids_nothing_and_another_rule_does(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words()).code == ExitCode.DONE
    people = kept.controller / "approvers-config.yaml"
    people.write_text(people.read_text() + "# somebody new\n")
    assert judged(kept, engine).code == ExitCode.DONE
    rules = kept.controller / "deployment-rules.yaml"
    rules.write_text(rules.read_text() + "# another rule\n")
    assert judged(kept, engine).code == ExitCode.WAITING
    assert "was given under other rules" in facts(kept)["absent"]["verdict"]


def test_a_replay_believes_what_the_run_did(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words()).code == ExitCode.DONE
    assert judged(kept, engine).code == ExitCode.DONE
    words = ["--event", str(kept.root / "event.json"), "--rules", str(kept.controller), "--pipeline", "judged"]
    assert engine("explain", *words, "--facts", str(kept.out / "facts.json")).code == ExitCode.DONE
    told = facts(kept)
    del told["origin"]
    (kept.root / "facts.json").write_text(json.dumps(told))
    replayed = engine("explain", *words, "--facts", str(kept.root / "facts.json"))
    assert (replayed.code, "is of a local run, which only such runs believe" in replayed.out) == (8, True)


def test_a_head_that_moved_on_while_it_was_planned_gets_no_statement(kept, engine):
    clone = kept.change({"S3/a.tfvars": good()})
    kept.program(
        plan=f"git -C {clone.directory} -c user.name=x -c user.email=x@y commit -q --allow-empty -m later; exit 2"
    )
    done = engine(*kept.words())
    assert (done.code, "ENG552" in done.err) == (ExitCode.STALE, True), done.err
    assert statements(kept) == []
    assert not (kept.out / "statement.json").exists()


TAMPERED = [
        ("altered", lambda one: one.write_bytes(one.read_bytes().replace(b'"sig":"', b'"sig":"A')), "is not believed"),
        ("removed", lambda one: one.unlink(), "number 1 is missing"),
        ("renumbered", lambda one: one.write_bytes(one.with_name("0000000002=").read_bytes()), "another place"),
        ("newer", lambda one: one.write_bytes(canonical({"version": 2})), "written by a newer engine"),
        ("16 MB", lambda one: one.write_bytes(b" " * (record.LARGEST + 1)), "larger than"),
]  # fmt: skip


def test_a_statement_that_was_tampered_with_is_a_no_with_a_sentence(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    for _ in range(2):
        assert engine(*kept.words()).code == ExitCode.DONE
    first = statements(kept)[0]
    signed = first.read_bytes()
    for why, act, said in TAMPERED:
        act(first)
        assert judged(kept, engine).code == ExitCode.NEGATIVE, why
        failed = facts(kept)["failed"]["verdict"]
        assert said in failed, why
        assert ("new one from the same branch" in failed) == (why != "newer"), "the way out is said"
        first.write_bytes(signed)
        assert judged(kept, engine).code == ExitCode.DONE, f"{why}: put right"


@pytest.mark.parametrize(
    ("why", "value", "code", "said"),
    [
        ("no bucket", "s3:b", ExitCode.CONFIG, "no name of a bucket"),
        ("a path alone", "/tmp/store", ExitCode.CONFIG, "neither `dir:PATH` nor `s3:BUCKET/PREFIX`"),
        ("where a checkout could bring it", "dir:store", ExitCode.CONFIG, "a checkout could bring it"),
        ("no directory", "dir:", ExitCode.CONFIG, "names no directory"),
        ("another option", "dir:/tmp/x?share=1", ExitCode.CONFIG, "is not `?shared=1`"),
        ("something else", "dir:/proc", None, ""),
    ],
)
def test_a_store_that_is_none(kept, engine, why, value, code, said):
    kept.change({"S3/a.tfvars": good()})
    done = engine(*kept.words(), ENGINE_STORE=value)
    assert done.code == code if code else done.code != 0, why
    assert said in done.err, why
    assert not (kept.out / "statement.json").exists()


def test_nobody_is_believed_where_nobody_is_named(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words(), ENGINE_TRUSTED_KEYS="").code == ExitCode.DONE
    assert judged(kept, engine, ENGINE_TRUSTED_KEYS="").code == ExitCode.NEGATIVE
    assert "whose signatures are believed" in facts(kept)["failed"]["verdict"]
    assert judged(kept, engine).code == ExitCode.DONE


def test_a_frozen_environment_waits(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words()).code == ExitCode.DONE

    def freeze(*words):
        engine("freeze", *words, "--rules", str(kept.controller))
        return judged(kept, engine).code

    assert freeze("on", "development", "--reason", "the auditor is here") == ExitCode.WAITING
    assert facts(kept)["facts"]["freeze"] == {"active": True, "reason": "the auditor is here"}
    assert "Deployments are frozen: the auditor is here." in (kept.out / "report.md").read_text()
    assert freeze("on", "production", "--reason", "p") == ExitCode.WAITING
    assert freeze("off", "development", "--reason", "gone") == ExitCode.DONE
    assert freeze("on", "--reason", "Christmas") == ExitCode.WAITING
    assert facts(kept)["facts"]["freeze"] == {"active": True, "reason": "Christmas"}
    assert freeze("off", "--reason", "over") == ExitCode.DONE
    place = kept.root / "store" / "freeze" / "development="
    place.write_bytes(place.with_name("production=").read_bytes().replace(b"true", b"false"))
    assert judged(kept, engine).code == ExitCode.NEGATIVE, "what was said of another environment"
    place.write_bytes(b"{}")
    assert judged(kept, engine).code == ExitCode.NEGATIVE
    assert "say it anew: engine freeze" in facts(kept)["failed"]["freeze"]
    assert judged(kept, engine, ENGINE_STORE="").code == ExitCode.NEGATIVE
    assert "ENGINE_STORE names none" in facts(kept)["failed"]["freeze"]
    assert freeze("off", "development", "--reason", "mended") == ExitCode.DONE


def test_one_process_freezes_and_another_waits(kept, engine):
    kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words()).code == ExitCode.DONE
    words = ["freeze", "on", "development", "--reason", "the auditor is here", "--rules", str(kept.controller)]
    for state, code in (("on", ExitCode.WAITING), ("off", ExitCode.DONE)):
        words[1] = state
        command = [sys.executable, "-m", "engine.cli.main", *words]
        assert subprocess.run(command, env={**os.environ, **kept.environ}, check=False).returncode == ExitCode.DONE
        assert ended(kept.process("--pipeline", "judged")).code == code


def test_two_runs_at_once_both_stand(kept):
    kept.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad("acme-dev-other")})
    kept.program(plan="sleep 0.3; exit 2")
    runs = [kept.process("--out", str(kept.root / name)) for name in ("one", "two")]
    assert [ended(one).code for one in runs] == [ExitCode.DONE, ExitCode.DONE]
    assert [path.name for path in statements(kept)] == ["0000000001=", "0000000002="]


def test_an_auditor_asks_rule_by_rule_what_was_judged(kept, engine):
    kept.change({"S3/a.tfvars": good(), "S3/b.tfvars": bad()})
    assert engine(*kept.words()).code == ExitCode.NEGATIVE
    told = kept.statement()["predicate"]["made_from"]["receipts"]
    rows = json.loads(engine("receipts", told["digest"], "--json").out)
    assert len(rows) == sum(told["counts"][name] for name in RULINGS)
    denied = [row for row in rows if row["ruling"] == "denied"]
    assert {row["resource"] for row in denied} == {"S3/b.tfvars"}
    rule = denied[0]["rule"]
    of_one = json.loads(engine("receipts", told["digest"], "--rule", rule, "--json").out)
    assert of_one == [row for row in rows if row["rule"] == rule]
    assert "denied          " + rule in engine("receipts", told["digest"], "--rule", rule).out
    assert "ENG205" in engine("receipts", told["digest"], "--rule", "S3-NOPE").err
    assert "ENG204" in engine("receipts", "sha256:" + "0" * 64).err
    assert "ENG203" in engine("receipts", told["digest"], ENGINE_STORE="").err
    assert told["digest"] in engine("verify", "-v", str(kept.out / "statement.json")).out
    (place,) = (kept.root / "store" / "receipts").iterdir()
    place.write_bytes(place.read_bytes().replace(b"d1", b"p1"))
    assert "its digest is another" in engine("receipts", told["digest"]).err


def test_the_doctor_says_which_store_and_whether_it_works(kept, engine):
    def said(**environ):
        rows = json.loads(engine("doctor", "--rules", str(kept.controller), "--json", **environ).out)
        return next(row for row in rows if row["name"] == "store")

    place = f"{kept.root}/store"
    assert (said()["ok"], said(CI="")["found"]) == (True, f"{place}, others see it")
    assert list((kept.root / "store").glob("**/*=")) == [], "it leaves nothing behind"
    refused = said(CI="true")
    assert not refused["ok"], "in CI nothing is merged or applied with a store of the job's own"
    assert "needs a store that others see, and nobody else sees a directory of this job" in refused["problem"]
    assert "ENGINE_STORE names none" in said(CI="true", ENGINE_STORE="")["problem"]
    assert "others see it" in said(CI="true", ENGINE_STORE=f"dir:{place}?shared=1")["found"]
    assert said(ENGINE_STORE="")["found"].startswith("none")
    (kept.root / "else").mkdir()
    (kept.root / "else" / "diary").touch()
    wrong = said(ENGINE_STORE=f"dir:{kept.root}/else")
    assert (wrong["ok"], "it holds diary" in wrong["problem"]) == (False, True)


def test_the_doctor_knows_a_store_in_s3(kept, engine, aws, s3):
    def said(**environ):
        words = ["doctor", "--rules", str(kept.controller), "--json"]
        rows = json.loads(engine(*words, **aws.credentials, **environ).out)
        return next(row for row in rows if row["name"] == "store")

    assert (
        said(ENGINE_STORE=str(s3))["found"] == f"{s3}, others see it; without Object Lock, so what is deleted is gone"
    )
    assert list(Bucket(s3).list("")) == [], "it leaves nothing behind"
    assert "NoSuchBucket" in said(ENGINE_STORE="s3:nobodys")["problem"]
    assert "ProfileNotFound" in said(ENGINE_STORE=str(s3), ENGINE_STORE_PROFILE="nobodys")["problem"]


def test_what_a_revoked_key_has_signed_is_not_what_was_approved(kept, engine):
    rules = kept.controller / "deployment-rules.yaml"
    known = 'gates:\n  known: {needs: statements, require: "length(statements) > `0`"}\n'
    rules.write_text(rules.read_text().replace("gates:\n", known, 1))
    (kept.controller / "specs" / "judged.yaml").write_text(JUDGED.replace("policy,", "known, policy,"))
    kept.change({"S3/a.tfvars": good()})
    assert engine(*kept.words()).code == ExitCode.DONE
    old, new = kept.signer, new_key(str(kept.root / "new.pem"))
    kept.environ["ENGINE_SIGNING_KEY_FILE"] = str(kept.root / "new.pem")
    rows = [TrustedKey(key.id, key.public, ("verdict",), LATER, None) for key in (old, new)]
    trusting = entry(rows[0]) + '\n    revoked: "2026-01-01T00:00:00Z"\n' + entry(rows[1]).partition("keys:\n")[2]
    (kept.root / "trusted-keys.yaml").write_text(trusting)
    assert judged(kept, engine).code == ExitCode.WAITING
    assert engine(*kept.words()).code == ExitCode.DONE
    assert judged(kept, engine).code == ExitCode.DONE
    first, second = facts(kept)["facts"]["statements"]
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert first["content"] != second["content"]
