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
_PARTIAL = re.compile(r"(?P<name>[A-Za-z_][\w.]*)\[(?P<key>.+)\]")


def old_head(line: str, column: int) -> tuple[str, str]:
    """The head of a rule that ends before `column`, where an `if` is missing, and what to do."""
    head, rest = line[: column - 1].strip(), line[column - 1 :]
    if rest.startswith("else"):  # whose own place that is
        head = rest.partition("{")[0].strip()
    partial = _PARTIAL.fullmatch(head)
    new = f"{partial['name']} contains {partial['key']}" if partial else head
    return f"`{head} {{`", f"write `{new} if {{`; {_CONVERT}"
