"""A policy set: modules and data as one value with one digest, whether they come from a directory or from a commit."""

import os
import re
import stat
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple, TypeAlias

from engine.adapters.files import failed
from engine.core.canonical import digest, digest_bytes
from engine.core.source import Document, load_json, load_yaml
from engine.core.source.document import Places, Span
from engine.core.source.reviewed import check_text
from engine.errors import EngineError, Errors, Place, failure

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

_MODULE, _TEST, _CHECK = ".rego", "_test.rego", ".py"
# Data under any name, as OPA and Conftest load it with `--data DIR`.
_DATA: Mapping[str, Callable[[bytes, str], Document]] = {
    ".json": partial(load_json, reviewed=True),
    ".yaml": load_yaml,
    ".yml": load_yaml,
}
# No data: what tests read, by its directory or the end of its name, and what Checkov reads.
_NO_DATA = frozenset({"test", "tests", "testdata", "fixtures", "mocks", "examples", "checkov"})
_NO_DATA_NAME = re.compile(r"(?:^|[-_.])(?:test|mock|fixture|example)s?\.\w+$")
# `rego.v1` has these keywords. OPA takes both imports, the embedded engine and OPA before 1.0 do not.
_V1 = re.compile(r"^[ \t]*import[ \t]+rego\.v1\b", re.MULTILINE)
_FUTURE = re.compile(r"^([ \t]*)import(?=[ \t]+future\.keywords(?:\.\w+)?[ \t]*(?:#.*)?\r?$)", re.MULTILINE)

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
    settings: Document | None = None  # the file that says `settings`, with its places


def policy_set(files: Mapping[str, bytes], origin: str = "policies", namespaces: tuple[str, ...] = ()) -> PolicySet:
    """Sort `files` (path below the policy directory → content) into modules, tests, data and checks.

    Data of a subdirectory appears below that path, whatever its file is called, as OPA and Conftest have it.

    Raises:
        EngineError: text that is not UTF-8, data that is no object, or is there twice.
    """
    errors = Errors()
    texts: dict[str, dict[str, str]] = {_MODULE: {}, _TEST: {}, _CHECK: {}}
    data: dict[str, Json] = {}
    settings: Document | None = None
    for path in sorted(files):
        name = f"{origin}/{path}" if origin else path
        directory, _, file = path.rpartition("/")
        if _is_data(path):
            document = _DATA[os.path.splitext(file)[1]](files[path], name)
            if not directory and isinstance(document.data, dict) and "settings" in document.data:
                settings = document
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
    return PolicySet(origin, texts[_MODULE], texts[_TEST], data, texts[_CHECK], digest(judged), namespaces, settings)


def read_directory(directory: str) -> dict[str, bytes]:
    """The policy files below `directory`: path → content.

    Raises:
        EngineError: ENG001, a file or the directory cannot be read.
    """

    def stop(error: OSError) -> None:
        raise failed("ENG001", error.filename or directory, error) from error

    found: dict[str, bytes] = {}
    for root, folders, names in os.walk(directory, onerror=stop):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and f != "__pycache__")
        for folder in folders:
            full = os.path.join(root, folder)
            if os.path.islink(full):  # whose policies would be missing, and nobody would be told
                reason = "it is a link to a directory, and those are not followed"
                raise failure("ENG001", file=full, reason=reason)
        for name in sorted(names):
            full = os.path.join(root, name)
            path = os.path.relpath(full, directory).replace(os.sep, "/")
            if not _takes_part(path):
                continue
            try:
                if not stat.S_ISREG(os.stat(full).st_mode):  # a pipe would keep us waiting
                    raise failure("ENG001", file=full, reason="it is no file")
                with open(full, "rb") as handle:
                    found[path] = handle.read()
            except OSError as error:
                stop(error)
    return found


def _takes_part(path: str) -> bool:
    return path.endswith((_MODULE, _CHECK)) or _is_data(path)


def _is_data(path: str) -> bool:
    *folders, name = path.split("/")
    if name.startswith("."):  # settings of tools
        return False
    return name.endswith(tuple(_DATA)) and not (_NO_DATA.intersection(folders) or _NO_DATA_NAME.search(name))


def _decode(data: bytes, name: str, errors: Errors) -> str:
    try:
        text = data.decode("utf-8-sig")  # OPA passes over a byte order mark, the embedded engine does not
        text = one_import(text) if name.endswith(_MODULE) else text
        check_text(text, Places(name, text, lambda: Span(0, 0, 1)).of)
        return text
    except UnicodeDecodeError as error:
        errors.add("ENG021", Place(name), byte=error.start)
    except EngineError as error:
        errors.extend(error.problems)
    return ""


def _graft(data: dict[str, Json], steps: list[str], value: Json, name: str, errors: Errors) -> None:
    """Put an object below `steps`; two values at one key are an error, as engines differ in which one wins."""
    if not isinstance(value, dict):
        errors.add("ENG503", Place(name, 1, 1), what=kind(value))
        return
    if "format_version" in value and ("resource_changes" in value or "planned_values" in value):
        return  # a plan that somebody judged with these policies
    for step in reversed(steps):
        value = {step: value}
    _merge(data, value, ["data"], name, errors)


def _merge(here: dict[str, Json], value: Mapping[str, Json], steps: list[str], name: str, errors: Errors) -> None:
    """Objects are merged, as OPA does; nothing else is. No deeper than readers of JSON and YAML let through."""
    for key, item in value.items():
        found = here.get(key)
        if isinstance(found, dict) and isinstance(item, dict):
            _merge(found, item, [*steps, key], name, errors)
        elif key in here:
            errors.add("ENG504", Place(name), what=".".join([*steps, key]), other="other data")
        else:
            here[key] = _copy(item)


def _copy(value: Json) -> Json:
    """Of objects, which others are merged into."""
    return {key: _copy(item) for key, item in value.items()} if isinstance(value, dict) else value


def one_import(text: str) -> str:
    """A module without the import of keywords that `rego.v1` has anyway; its lines stay where they are."""
    return _FUTURE.sub(r"\1#", text) if _V1.search(text) else text


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
