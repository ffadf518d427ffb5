"""`engine version`."""

import json
from importlib import metadata

from engine import __version__
from engine.cli.main import main


def test_the_version_alone(capsys):
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"interlock-engine {__version__}\n"


def test_with_what_it_works(capsys):
    assert main(["version", "--verbose", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["version"] == __version__
    assert found["with"]["jmespath"] == metadata.version("jmespath")
    assert found["with"]["git"].startswith("git version ")
    assert "pytest" not in found["with"], "what only its developers need"
    assert main(["version", "-v"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["jmespath", metadata.version("jmespath")] in lines
