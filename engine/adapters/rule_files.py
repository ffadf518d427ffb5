"""Reads the files of one rule set from a directory: the entry, the approvers, and what `include:` names."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from engine.core.expressions.globs import glob
from engine.core.rules.draft import APPROVERS, ENTRY, SPECIAL
from engine.core.source import load_yaml
from engine.errors import EngineError, failure


class RuleFiles(NamedTuple):
    """Bytes by path (relative, with forward slashes), as `rules.load` wants them."""

    files: Mapping[str, bytes]
    entry: str


def read_rules(path: str) -> RuleFiles:
    """The rules of a directory, or those that begin in a file.

    Raises:
        EngineError: a file that is there cannot be read; one that is missing is for `load` to say.
    """
    directory, entry = (path, ENTRY) if os.path.isdir(path) else os.path.split(path)
    names = [name for name in (entry, APPROVERS, SPECIAL) if os.path.lexists(os.path.join(directory, name))]
    files = {name: read(os.path.join(directory, name)) for name in names}
    for pattern in _includes(files.get(entry), entry):
        for name in _matching(directory, pattern):
            if name not in files:
                files[name] = read(os.path.join(directory, name))
    return RuleFiles(files, entry)


def read(file: str) -> bytes:
    """The bytes of a file.

    Raises:
        EngineError: ENG001.
    """
    try:
        with open(file, "rb") as handle:
            return handle.read()
    except OSError as error:
        raise failure("ENG001", file=file, reason=error.strerror or str(error)) from error


def _includes(data: bytes | None, entry: str) -> Sequence[str]:
    """The globs of `include:`; whatever is wrong with them is for `load` to say."""
    if data is None:
        return ()
    try:
        rules = load_yaml(data, entry).data
    except EngineError:
        return ()
    globs = rules.get("include") if isinstance(rules, dict) else None
    return [g for g in globs if isinstance(g, str)] if isinstance(globs, list) else ()


def _matching(directory: str, pattern: str) -> Iterator[str]:
    """Files below `directory`, in order; nothing outside it, and nothing through a link to a directory."""
    fixed = pattern.split("*", 1)[0].split("?", 1)[0].rpartition("/")[0]
    if ".." in fixed.split("/"):
        return
    matches = glob(pattern)
    for folder, inner, names in os.walk(os.path.join(directory, fixed)):
        inner.sort()
        for name in sorted(names):
            path = os.path.relpath(os.path.join(folder, name), directory or ".").replace(os.sep, "/")
            if matches(path):
                yield path
