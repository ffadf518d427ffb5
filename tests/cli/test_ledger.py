"""`engine ledger`: what is shown was verified, or nothing is shown."""

import json
from pathlib import Path
from typing import Any

import pytest

from engine.adapters.storage.directory import Directory
from engine.cli.main import main
from engine.core.verdict.trust import entry
from tests.support.ledger import keys, state, tell
from tests.support.merges import KEY, REPO

OTHER = "S3/dev/logs/terraform.tfstate"
FIELDS = [
    "number", "key", "outcome", "repository", "pr", "commit", "verdict", "merge", "serial", "lineage", "addresses",
    "time", "run",
]  # fmt: skip


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the command on a store with four entries; (exit code, printed)."""
    trusted = tmp_path / "trusted-keys.yaml"
    trusted.write_text(entry(*keys().values()))
    store = Directory(str(tmp_path / "store"), durable=True)
    tell(store, "partial", "applied", state=state(9))
    tell(store, "released", key=OTHER, pr=8, state=None)
    tell(store, "applied", key=OTHER, pr=8, run="r2")
    monkeypatch.setenv("ENGINE_STORE", f"dir:{tmp_path}/store")
    monkeypatch.setenv("ENGINE_TRUSTED_KEYS", str(trusted))

    def run(*words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["ledger", *words])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), [(KEY, 1), (KEY, 2), (OTHER, 1), (OTHER, 2)]),
        (("--resource", KEY), [(KEY, 1), (KEY, 2)]),
        (("--resource", OTHER, "--pr", "8"), [(OTHER, 1), (OTHER, 2)]),
        (("--resource", OTHER, "--pr", "7"), []),
        (("--pr", "7"), [(KEY, 1), (KEY, 2)]),
        (("--pr", "9"), []),
        (("--resource", "S3/dev/none/terraform.tfstate"), []),
    ],
)
def test_for_machines(ledger: Any, words: tuple[str, ...], expected: list[tuple[str, int]]) -> None:
    code, printed = ledger("--json", *words)
    rows = json.loads(printed)
    assert code == 0
    assert sorted((row["key"], row["number"]) for row in rows) == expected
    assert all(list(row) == FIELDS or sorted(row) == sorted(FIELDS) for row in rows)


def test_one_row_whole(ledger: Any) -> None:
    rows = json.loads(ledger("--json", "--resource", KEY)[1])
    assert (rows[0]["outcome"], rows[1]["outcome"], rows[1]["repository"], rows[1]["pr"]) == (
        "partial", "applied", REPO, 7,
    )  # fmt: skip
    assert (rows[1]["serial"], rows[1]["lineage"], rows[1]["verdict"]["sequence"]) == (9, "l-1", 3)
    assert rows[1]["addresses"] == {'aws_s3_bucket.this["lake"]': "done"}


def test_for_people(ledger: Any) -> None:
    code, printed = ledger()
    assert code == 0
    assert "applied     acme/dev-deployment#7  cccccccccccc  serial 9" in printed
    assert "p1, p2: nobody needs it" in printed
    assert "nothing was ever tried there" in ledger("--pr", "9")[1]


def test_nothing_is_shown_of_a_ledger_that_is_not_believed(ledger: Any, tmp_path: Path) -> None:
    first = min((tmp_path / "store" / "ledger").glob("*/0000000001="))
    first.unlink()
    code, printed = ledger()
    assert (code, "ENG711" in printed, f"{REPO}#7" in printed) == (1, True, False)


def test_where_nothing_is_kept(ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENGINE_STORE", "")
    code, printed = ledger()
    assert (code, "ENG203" in printed) == (2, True)


@pytest.mark.parametrize("number", ["0", "x", "-1", "1.5", "9" * 20])
def test_what_is_no_pull_request(ledger: Any, number: str) -> None:
    assert ledger(f"--pr={number}")[0] == 2
