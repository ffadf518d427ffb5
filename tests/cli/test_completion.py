"""`engine completion`, in a real shell."""

import shutil
import subprocess

import pytest

from engine.cli.completion import SHELLS
from engine.cli.main import main

PRESSED = """
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _shtab_engine; printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    import contextlib
    import io

    file = tmp_path_factory.mktemp("completion") / "engine.bash"
    with contextlib.redirect_stdout(io.StringIO()) as out:
        assert main(["completion", "bash"]) == 0
    file.write_text(out.getvalue())
    return str(file)


@pytest.mark.parametrize(
    ("why", "typed", "offered"),
    [
        ("a command", ["po"], ["policy"]),
        ("the verb of a command", ["policy", "ev"], ["eval"]),
        ("a word of a fixed list", ["freeze", ""], ["on", "off"]),
        ("an option", ["serve", "--rul"], ["--rules"]),
        ("a directory, where an option takes one", ["serve", "--rules", "spe"], ["specs"]),
    ],
)
@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
def test_what_a_shell_offers(script, why, typed, offered):
    asked = ["bash", "-c", PRESSED, "bash", script, "engine", *typed]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert set(offered) <= set(done.stdout.split())


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_gets_a_script(capsys, shell):
    assert main(["completion", shell]) == 0
    assert "rollback" in capsys.readouterr().out
