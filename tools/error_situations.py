"""When what no file shows comes about, as `error_causes.yaml` says it, and the commands that lead on.

The commands are those that the remedies name.
"""

import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from engine.cli.main import COMMANDS
from engine.errors import TABLE

CAUSES: Mapping[str, str | list[str]] = yaml.safe_load((Path(__file__).parent / "error_causes.yaml").read_bytes())
_ENGINE = rf"/?engine (?:{'|'.join(COMMANDS)}|[a-z]+ (?=KEY|\{{))"
_PROGRAMS = rf"(?:{_ENGINE}|/engine [a-z]+|git [a-z-]+|terraform [a-z-]+|pip install|chmod [0-7]+|openssl rand|fuser)"
_COMMAND = re.compile(rf"`({_PROGRAMS}(?: [^`…]+)?)`|(?<![\w`/-])({_PROGRAMS}(?: [^\s;,()`…]+(?<!:))*)")


def situations() -> dict[str, dict[str, list[str]]]:
    """Code → when it comes about, and what to type then."""
    told = {code: [said] if isinstance(said, str) else said for code, said in CAUSES.items()}
    return {code: {"when": told[code], "then": commands(code)} for code in sorted(told)}


def commands(code: str) -> list[str]:
    """What the remedy of a code has people type."""
    return list(dict.fromkeys((one or two).strip() for one, two in _COMMAND.findall(TABLE[code].remedy)))
