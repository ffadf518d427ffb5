"""A pull request's life in the trail, decided again, and packed into one file that proves it to others."""

import json
import os
from io import BytesIO
from warnings import catch_warnings
from zipfile import ZipFile

import pytest

from engine.cli.main import main
from engine.core.audit import chain, pack
from engine.core.canonical import canonical
from engine.core.kept import keys
from engine.core.signature import TrustedKey
from engine.core.verdict.trust import load_trusted_keys
from engine.errors import TABLE, failure
from engine.run import audit_pack, audit_proof, audit_read
from engine.run.audit import Numbered, Trail
from tests.support.hosted import REPO
from tests.support.signing import signer


@pytest.fixture(scope="module")
def merged(page):
    """A pull request that was merged, the trusted keys, and the checks that it has."""
    number = page.ready("told")
    page.run("tell", number)
    page.run("merge", number, "r1")
    page.run("tell", number)
    with open(page.environ["ENGINE_TRUSTED_KEYS"], "rb") as file:
        return page, number, load_trusted_keys(file.read())


@pytest.fixture(scope="module")
def packed(merged):
    page, number, trusted = merged
    from engine.adapters.keys import Keyring

    return audit_pack.made(page.store, None, number, trusted, page.forge.now(), Keyring(page.environ).signer("audit"))


def told(page, number):
    return [one for one in audit_read.records(audit_read.lines(page.store)) if one.said.pr == number]


def engine(page, monkeypatch, capsys, *words):
    for name, value in page.environ.items():
        monkeypatch.setenv(name, value)
    code = main(list(words))
    return code, capsys.readouterr().out


def test_each_step_is_said_in_its_order(merged):
    page, number, _ = merged
    steps = [(one.said.what, one.said.outcome) for one in told(page, number)]
    told_once = [step for step in steps if step[0] in ("approval", "merge")]
    assert told_once == [("approval", "counted"), ("merge", "started"), ("merge", "completed")]
    assert steps.index(("plan", "planned")) < steps.index(("approval", "counted"))
    approval = next(one.said for one in told(page, number) if one.said.what == "approval")
    assert approval.actor
    assert approval.actor["login"] == "ann"


def test_the_checks_carry_a_head_that_the_trail_has(merged, monkeypatch, capsys, tmp_path):
    page, number, _ = merged
    sha = page.pull(number).head.sha
    runs = page.hosted.as_("alice", "GET", f"/commits/{sha}/check-runs").body["check_runs"]
    text = "\n".join(one["output"]["text"] or "" for one in runs)
    assert '"sig":"' in text
    (tmp_path / "heads").write_text(text)
    code, out = engine(page, monkeypatch, capsys, "audit", "verify", "--heads", str(tmp_path / "heads"), "--json")
    said = json.loads(out)
    assert (code, said["whole"]) == (0, True)
    assert not any("say nothing" in one for one in said["unknown"])


def test_it_is_shown_as_the_contract_has_it(merged, monkeypatch, capsys):
    page, number, _ = merged
    code, out = engine(page, monkeypatch, capsys, "audit", "show", "--pr", str(number), "--json")
    assert code == 0
    assert json.loads(out)[0].keys() == {
        "seq", "time", "actor", "what", "repository", "pr", "key", "outcome", "why", "run",
    }  # fmt: skip
    code, out = engine(page, monkeypatch, capsys, "audit", "show", "--pr", str(number))
    words = ["commit", "validation passed", "plan", "approval by ann", "environment", "merged", "result"]
    places = [out.index(word) for word in words]
    assert places == sorted(places)
    code, out = engine(page, monkeypatch, capsys, "audit", "show", "--actor", "ANN")
    assert all("ann" in line for line in out.splitlines())
    assert engine(page, monkeypatch, capsys, "audit", "show", "--since", "2999-01-01")[1].startswith("nothing")
    assert engine(page, monkeypatch, capsys, "audit", "show", "--since", "soon")[0] == TABLE["ENG724"].exit


def test_a_run_is_decided_again_with_the_same_bytes(merged, monkeypatch, capsys):
    page, _, _ = merged
    code, out = engine(page, monkeypatch, capsys, "replay", "r1", "--json")
    assert (code, [one["same"] for one in json.loads(out)["decisions"]]) == (0, [True])
    assert engine(page, monkeypatch, capsys, "replay", "nobody")[0] == TABLE["ENG723"].exit


def test_a_decision_that_was_altered_is_not_decided_again(merged, monkeypatch, capsys):
    page, _, _ = merged
    [key] = page.store.list(keys.decided("r1"))
    item = page.store.get(key)
    version = page.store.replace(key, item.data.replace(b'"pass"', b'"fail"'), item.version)
    try:
        assert engine(page, monkeypatch, capsys, "replay", "r1")[0] == 1
    finally:
        assert page.store.replace(key, item.data, version)


def test_a_pack_proves_it_with_nothing_else(merged, packed, monkeypatch, capsys, tmp_path):
    page, number, _ = merged
    assert packed.lacks == ()
    (tmp_path / "p.pack").write_bytes(packed.data)
    for name in [*page.environ, *os.environ]:
        if name.startswith("ENGINE_"):
            monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    code = main(["verify", "p.pack", "--trusted-keys", page.environ["ENGINE_TRUSTED_KEYS"], "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["valid"], said["faults"]) == (0, True, [])
    assert said["pr"] == number
    assert not any(text == audit_proof.OWN_KEYS for text in said["unknown"])
    code = main(["verify", "p.pack"])
    assert (code, audit_proof.OWN_KEYS in capsys.readouterr().out) == (0, True)


def test_another_key_than_the_trusted_ones_proves_nothing(packed):
    other = signer(9)
    key = TrustedKey(other.id, other.public, ("verdict", "merge", "audit"), "2999-01-01T00:00:00Z", None)
    assert audit_proof.proof(packed.data, {key.id: key}, "p").faults


def again(data, change):
    """The pack with other files, and a manifest that fits them."""
    manifest, files = pack.unpacked(data, "p")
    files = change(dict(files))
    return pack.packed({n: v for n, v in manifest.items() if n not in ("files", "version")}, files)


def without(name):
    return lambda files: {path: data for path, data in files.items() if not path.startswith(name)}


def swapped(name, old, new):
    return lambda files: {path: d.replace(old, new) if path.startswith(name) else d for path, d in files.items()}


def unspoken(files):
    """The last batch that is there whole, as its head alone."""
    lines = files["chain.jsonl"].splitlines(keepends=True)
    at = max(n for n, line in enumerate(lines) if not chain.is_head(line))
    start = max((n for n, line in enumerate(lines[:at]) if chain.is_head(line)), default=-1) + 1
    return {**files, "chain.jsonl": b"".join(lines[:start] + lines[at + 1 :])}


@pytest.mark.parametrize(
    ("why", "change"),
    [
        ("no chain", without("chain.jsonl")),
        ("another approver in the chain", swapped("chain.jsonl", b'"login":"ann"', b'"login":"eve"')),
        ("a batch is left out", unspoken),
        ("the end is cut off", lambda f: {**f, "chain.jsonl": f["chain.jsonl"][:-200]}),
        ("no merge decision", without("merge.json")),
        ("no verdict", without("statements/")),
        ("a merge decision of another key", swapped("merge.json", b'"sig":"', b'"sig":"AAAA')),
        ("no decision", without("decisions/")),
        ("another decision", swapped("decisions/", b'"pass"', b'"fail"')),
        ("other rules", swapped("rules/", b"A", b"B")),
        ("a summary that says more", lambda f: {**f, "vsa.json": f["merge.json"]}),
        ("a page that says another thing", swapped("page.html", b"ann", b"eve")),
        ("no page", without("page.html")),
    ],
)
def test_a_pack_that_was_altered_proves_nothing(merged, packed, why, change):
    _, _, trusted = merged
    assert audit_proof.proof(packed.data, trusted, "p").faults == ()
    assert audit_proof.proof(again(packed.data, change), trusted, "p").faults, why


@pytest.mark.parametrize(
    ("why", "data"),
    [
        ("no archive", b"PK\x03\x04nonsense"),
        ("cut off", lambda data: data[:-100]),
        ("a file more", lambda data: _zip(data, {"more": b""})),
        ("a file twice", lambda data: _zip(data, {"page.html": b"another"})),
        ("nothing", lambda _: _zip(None, {})),
        ("no manifest", lambda _: _zip(None, {"page.html": b""})),
        ("a manifest of a later release", lambda _: _zip(None, {"pack.json": canonical({"version": 2})})),
    ],
)
def test_what_is_no_pack_is_refused(packed, tmp_path, capsys, why, data):
    (tmp_path / "p").write_bytes(data(packed.data) if callable(data) else data)
    assert main(["verify", str(tmp_path / "p")]) in (1, 4, 2), why
    assert "ENG999" not in capsys.readouterr().err


def _zip(data, more):
    out = BytesIO(data or b"")
    with ZipFile(out, "a" if data else "w") as archive, catch_warnings(action="ignore"):  # of a name that is there
        for name, content in more.items():
            archive.writestr(name, content)
    return out.getvalue()


def test_the_summary_is_one_that_slsa_knows(packed):
    from base64 import b64decode

    _, files = pack.unpacked(packed.data, "p")
    value = json.loads(b64decode(json.loads(files["vsa.json"])["payload"]))
    assert value["predicateType"] == "https://slsa.dev/verification_summary/v1"
    required = {"verifier", "timeVerified", "resourceUri", "policy", "verificationResult", "verifiedLevels"}
    assert required <= value["predicate"].keys()
    assert not any(level.startswith("SLSA_") for level in value["predicate"]["verifiedLevels"])
    assert value["subject"][0]["digest"].keys() == {"gitCommit"}
    assert REPO in value["predicate"]["resourceUri"]


class Refusing(Numbered):
    """A place that cannot keep one thing."""

    def __init__(self, store, word):
        super().__init__(store)
        self.word = word

    def put(self, number, data):
        if self.word in data:
            raise failure("ENG002", file="store", reason="no space left on device")
        return super().put(number, data)


def test_what_cannot_be_announced_is_not_merged(page, monkeypatch):
    number = page.ready("unsaid")
    place = Refusing(page.store, b'"outcome":"started"')
    with monkeypatch.context() as patched:
        patched.setattr(page, "_trail", lambda run: Trail(place, run, page.forge.now))
        assert page.run("merge", number, "u1").code("github.merge") == "ENG720"
    assert not page.pull(number).merged
    assert not [one for one in told(page, number) if one.said.what == "merge"]
    page.run("merge", number, "u2")
    assert page.pull(number).merged
    steps = [one.said.outcome for one in told(page, number) if one.said.what == "merge"]
    assert steps == ["started", "completed"]


def test_a_merge_whose_end_cannot_be_said_is_accounted_for_later(page, monkeypatch):
    number = page.ready("unended")
    place = Refusing(page.store, b'"outcome":"completed"')
    with monkeypatch.context() as patched:
        patched.setattr(page, "_trail", lambda run: Trail(place, run, page.forge.now))
        assert page.run("merge", number, "e1").code("github.merge") == "ENG720"
    assert page.pull(number).merged
    page.run("closed", number, "e2")
    steps = [one.said.outcome for one in told(page, number) if one.said.what == "merge"]
    assert steps == ["started", "unknown", "completed"]
    assert page.decision(number).said["commit"] == page.pull(number).merge_commit
