"""What parses in tfvars and is code, not a value: what to do with a block, a word or a call."""

import re

_OF_MODULES = frozenset(
    ("check", "data", "import", "locals", "module", "moved", "output", "provider", "removed", "resource", "terraform")
) | {"variable"}


def as_block(name: str) -> str:
    """What to do with a block of Terraform's own language."""
    return (
        "remove it: tfvars only set variables, and code stands in the controller's module"
        if name in _OF_MODULES
        else ""
    )


_YES_OR_NO = {"yes": "true", "on": "true", "true": "true", "no": "false", "off": "false", "false": "false"}


def as_literal(text: str) -> str:
    """What to write instead of a word or call whose value is plain."""
    if word := _YES_OR_NO.get(text.casefold()):
        return f"write `{word}`"
    if text.startswith("jsonencode("):
        return "write the JSON itself, in a file that `…_file` names"
    if re.fullmatch(r"[A-Za-z][\w-]{0,80}", text):
        return f'put it in quotes: "{text}"'
    called = re.match(r"(?:file|templatefile|jsonencode)\(\s*(\"[^\"$]*\")\s*\)$", text)
    return f"write {called[1]}, the name alone: the file is read for you" if called else ""


def as_key(text: str) -> str:
    """What to write instead of a path in the place of a name."""
    path = re.fullmatch(r"([A-Za-z][\w-]{0,60})\.([A-Za-z][\w-]{0,60})", text)
    return f'write `"{text}"` for a name with a dot, or `{path[1]} = {{ {path[2]} = … }}`' if path else ""
