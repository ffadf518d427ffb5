"""Rego of before 1.0, with the form that means the same today."""

import re

# Functions that OPA took out of the language.
OLD_FUNCTIONS = {
    "re_match": "write `regex.match(pattern, value)`",
    "any": "write `true in values`, or `some value in values` and what it must be",
    "all": "write `every value in values { … }`",
    "set_diff": "write `a - b`",
    "net.cidr_overlap": "write `net.cidr_contains(network, address)`",
    **{
        f"cast_{kind}": f"compare with `is_{kind}(x)` instead" for kind in ("array", "set", "boolean", "object", "null")
    },
    "cast_string": 'compare with `is_string(x)`, or write `sprintf("%v", [x])`',
}
# Functions that only Conftest has.
CONFTESTS_FUNCTIONS = frozenset({"parse_config", "parse_config_file", "parse_combined_config_files"})
_CONVERT = "`engine policy convert` does it for all files"
_NAME = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*"
_HEADS = (  # of a rule whose line has no `if` before its `{`
    (re.compile(rf"(?P<name>{_NAME})\[(?P<key>[^\[\]]+)\]\s*\{{"), "{name} contains {key} if {{"),
    (re.compile(rf"(?P<name>{_NAME})\s+contains\s+(?P<key>[^{{}}]+?)\s*\{{"), "{name} contains {key} if {{"),
    (re.compile(rf"(?P<name>{_NAME}\([^{{}}]*\)(?:\s*:?=\s*[^{{}}]+?)?)\s*\{{"), "{name} if {{"),
    (re.compile(rf"(?P<name>{_NAME}\[[^\[\]]+\]\s*:?=\s*[^{{}}]+?)\s*\{{"), "{name} if {{"),
    (re.compile(rf"(?P<name>{_NAME}(?:\s*:?=\s*[^{{}}]+?)?)\s*\{{"), "{name} if {{"),
    (re.compile(rf"(?P<name>{_NAME})\[(?P<key>[^\[\]]+)\]\s*$"), "{name} contains {key}"),
)


def old_head(line: str) -> tuple[str, str]:
    """The head of a rule as it was written before 1.0, and what to do; empty where a line has none."""
    text = line.strip()
    for head, new in _HEADS:
        match = head.match(text)
        if match and not re.search(r"\bif$", match[0].rstrip("{ \t")):
            return f"`{match[0]}`", f"write `{new.format(**match.groupdict())}`; {_CONVERT}"
    return "", ""
