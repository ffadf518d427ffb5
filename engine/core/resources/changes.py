"""What a pull request may touch: refuses, by name and mode alone, whatever is not configuration."""

import re

from engine.core.resources.tree import EXECUTABLE, REGULAR, SUBMODULE, SYMLINK, Entry
from engine.errors import Place, Problem, problem
from engine.printable import in_line

LONGEST_PATH = 800  # bytes; a state key adds a branch and a file name, and S3 keys end at 1,024
LONGEST_NAME = 255  # bytes, as file systems have it

_MODES = {SYMLINK: "ENG304", SUBMODULE: "ENG305", EXECUTABLE: "ENG306"}

# First match wins. Terraform and OpenTofu read these by themselves, whatever they are told to read.
_NAMES = (
    (re.compile(r"(^|/)\.terraform(/|$)|(^|/)\.terraform[^/]*$|(^|/)terraform\.rc$"), "ENG303"),
    (re.compile(r"\.(tfstate|tfplan)(\.[^/]*)?$"), "ENG303"),
    (re.compile(r"\.(tftest|tofutest|tfmock|tfquery|tfstack|tfcomponent|tfdeploy)\.[a-z]+$", re.IGNORECASE), "ENG301"),
    (re.compile(r"\.(tf|tofu)(\.json)?$", re.IGNORECASE), "ENG301"),
    (re.compile(r"(\.auto|(^|/)terraform)\.tfvars(\.json)?$", re.IGNORECASE), "ENG302"),
    (re.compile(r"\.tfvars\.json$", re.IGNORECASE), "ENG302"),
)
_ALLOWED = (".tfvars", ".json", ".md")
# What people write for an ending → in how many ways.
_ENDINGS = {
    ".tfvars": ("tfvars", "tfvar", "tfvas", "tfvrs", "tfavrs", "tvars", "vars", "hcl"),
    ".json": ("json", "jsn", "jso", "json5", "jsonc", "policy"),
}
_OTHERS = ("yaml", "yml", "toml", "xml", "txt", "ini", "conf")
_AS_JSON = "values are .tfvars, and documents are .json"
_PLAIN = re.compile(  # most, and quick to see
    r"(?:[A-Za-z0-9_][A-Za-z0-9_+=@-]*/)*[A-Za-z0-9_][A-Za-z0-9_+=@-]*(?:(?<!terraform)\.tfvars|\.json|\.md)"
)
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+=@-]*")


def refuse(path: str, entry: Entry | None) -> Problem | None:
    """Why this path may not be in a change; None when it may. `entry` is the file at the head."""
    if (entry is None or entry.mode == REGULAR) and len(path) <= LONGEST_NAME and _PLAIN.fullmatch(path):
        return None
    shown = in_line(path)
    place = Place(shown)
    if entry is not None and entry.mode in _MODES:
        return problem(_MODES[entry.mode], place, path=shown)
    for pattern, code in _NAMES:
        if pattern.search(path):
            return problem(code, place, path=shown)
    if not path.endswith(_ALLOWED):
        return problem("ENG300", place, hint=_ending(shown), path=shown)
    reason = bad_name(path)
    if reason:
        return problem("ENG307", place, path=shown, reason=reason)
    if entry is not None and entry.mode != REGULAR:
        return problem("ENG300", place, path=shown, hint=f"mode {entry.mode} is not that of a file")
    return None


def _ending(path: str) -> str:
    """What to call a file whose name ends nearly as configuration does."""
    stem, dot, ending = path.rpartition(".")
    folded = ending.casefold()
    right = next((right for right, endings in _ENDINGS.items() if folded in endings), "") if dot else ""
    if right and ending != folded and f".{folded}" == right:
        return f"write its ending in small letters: {stem}{right}"
    return f"call it {stem}{right}" if right else _AS_JSON if folded in _OTHERS else ""


def bad_name(path: str) -> str:
    """Why a path cannot be part of a state key; empty when it can."""
    if len(path) <= LONGEST_NAME and _PLAIN.fullmatch(path):
        return ""
    if len(path) > LONGEST_PATH:
        return f"{len(path)} characters, at most {LONGEST_PATH} fit into a state key"
    *directories, _ = path.split("/")
    if any(name.endswith(_ALLOWED) for name in directories):
        return "a directory is called like a file"
    for name in path.split("/"):
        if len(name) > LONGEST_NAME:
            return f"a part has {len(name)} characters, at most {LONGEST_NAME} are allowed"
        if not _NAME.fullmatch(name):
            return _why(name)
    return ""


def _why(name: str) -> str:
    if any(0xDC80 <= ord(c) <= 0xDCFF for c in name):
        return "it is not UTF-8"
    if not name.isprintable():
        return "it has a control character"
    if name in ("", ".", ".."):
        return "it leaves its directory"
    odd = next((c for c in name if not re.match(r"[A-Za-z0-9._+=@-]", c)), name[0])
    return f"`{odd}` at its beginning" if odd == name[0] else f"it has `{odd}`"
