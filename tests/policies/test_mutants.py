"""The tests of the shipped policies notice every change of them: `engine policy test --mutate --shipped`."""

import pytest

from engine.cli.main import main


@pytest.mark.slow
def test_the_shipped_tests_notice_every_change(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["policy", "test", "--mutate", "--shipped"]) == 0, capsys.readouterr().out
