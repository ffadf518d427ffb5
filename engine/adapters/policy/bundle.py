"""A policy set: modules and data as one value with one digest, whether they come from a directory or from a commit."""

import os
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

from engine.core.canonical import digest, digest_bytes
from engine.core.source import Document, load_json, load_yaml
from engine.core.source.document import Places, Span
from engine.core.source.reviewed import check_text
from engine.errors import EngineError, Errors, Place, failure

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

_MODULE, _TEST, _CHECK = ".rego", "_test.rego", ".py"
# OPA's bundle convention: only files of these names are data; other JSON beside the policies (mocks) is not loaded.
_DATA: Mapping[str, Callable[[bytes, str], Document]] = {
    "data.json": partial(load_json, reviewed=True),
    "data.yaml": load_yaml,
    "data.yml": load_yaml,
}

# Test files take no part in a judgement, so a rule that denies something must not hide in one.
_HIDDEN_RULE = re.compile(
    r"^((?:deny|violation|warn)(?:_[a-zA-Z0-9]+)*)(?:\s+contains\b|\s*:?=[^=]|\s+if\b|\s*\{)", re.MULTILINE
)


class PolicySet(NamedTuple):
    """Policies that were read and can be handed to an engine. Paths begin with `origin`."""

    origin: str
    modules: Mapping[str, str]  # path → Rego
    tests: Mapping[str, str]  # path → Rego of `*_test.rego`, which are never part of a judgement
    data: Mapping[str, Json]  # what policies see as `data.…`
    checks: Mapping[str, str]  # path → Python, for Checkov
    digest: str  # of everything that takes part in a judgement
    namespaces: tuple[str, ...] = ()  # packages to ask; none: all


def policy_set(files: Mapping[str, bytes], origin: str = "policies", namespaces: tuple[str, ...] = ()) -> PolicySet:
    """Sort `files` (path below the policy directory → content) into modules, tests, data and checks.

    `data.json` in a subdirectory appears below that path, as OPA bundles have it.

    Raises:
        EngineError: text that is not UTF-8, data that is no object or is there twice.
    """
    errors = Errors()
    texts: dict[str, dict[str, str]] = {_MODULE: {}, _TEST: {}, _CHECK: {}}
    data: dict[str, Json] = {}
    for path in sorted(files):
        name = f"{origin}/{path}" if origin else path
        directory, _, file = path.rpartition("/")
        if file in _DATA:
            document = _DATA[file](files[path], name)
            _graft(data, directory.split("/") if directory else [], document.data, name, errors)
        for suffix in (_TEST, _MODULE, _CHECK):
            if file.endswith(suffix):
                texts[suffix][name] = _decode(files[path], name, errors)
                break
    for name, text in texts[_TEST].items():
        for match in _HIDDEN_RULE.finditer(text):
            errors.add("ENG531", Place(name, text.count("\n", 0, match.start()) + 1, 1, 1, match[0]), name=match[1])
    errors.check()
    judged = {p: digest_bytes(b) for p, b in files.items() if not p.endswith(_TEST) and _takes_part(p)}
    return PolicySet(origin, texts[_MODULE], texts[_TEST], data, texts[_CHECK], digest(judged), namespaces)


def read_directory(directory: str) -> dict[str, bytes]:
    """The policy files below `directory`: path → content.

    Raises:
        EngineError: ENG001, a file or the directory cannot be read.
    """

    def stop(error: OSError) -> None:
        raise failure("ENG001", file=error.filename or directory, reason=error.strerror or str(error)) from error

    found: dict[str, bytes] = {}
    for root, folders, names in os.walk(directory, onerror=stop):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        for name in sorted(names):
            full = os.path.join(root, name)
            path = os.path.relpath(full, directory).replace(os.sep, "/")
            if not _takes_part(path):
                continue
            try:
                with open(full, "rb") as handle:
                    found[path] = handle.read()
            except OSError as error:
                stop(error)
    return found


def _takes_part(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in _DATA or name.endswith((_MODULE, _CHECK))


def _decode(data: bytes, name: str, errors: Errors) -> str:
    try:
        text = data.decode("utf-8")
        check_text(text, Places(name, text, lambda: Span(0, 0, 1)).of)
        return text
    except UnicodeDecodeError as error:
        errors.add("ENG021", Place(name), byte=error.start)
    except EngineError as error:
        errors.extend(error.problems)
    return ""


def _graft(data: dict[str, Json], steps: list[str], value: Json, name: str, errors: Errors) -> None:
    """Put an object below `steps`; the same key twice is an error, as engines differ in which one wins."""
    if not isinstance(value, dict):
        errors.add("ENG503", Place(name, 1, 1), what=kind(value))
        return
    here: dict[str, Json] = data
    for step in steps:
        below = here.setdefault(step, {})
        if not isinstance(below, dict):
            errors.add("ENG504", Place(name), what=f"data.{'.'.join(steps)}", other="other data")
            return
        here = below
    for key, item in value.items():
        if key in here:
            errors.add("ENG504", Place(name), what=f"data.{'.'.join([*steps, key])}", other="other data")
        here[key] = item


def kind(value: Json) -> str:
    """`an array`, for messages."""
    names = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        str: "a string",
        list: "an array",
        dict: "an object",
    }
    return names.get(type(value), "null")
