"""Which names can be part of a state key, however quickly it is seen."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from engine.core.resources.changes import bad_name

PARTS = st.sampled_from(
    ["S3", "a", "a.b", ".a", "-a", "_a", "a+=@-b", "", "..", "é", "a b", "a\n", "x" * 255, "x" * 256]
)
ENDS = st.sampled_from(["", ".tfvars", ".json", ".md", ".tfvars\n", ".TFVARS", ".tfvars.json", "/"])


@given(st.lists(st.tuples(PARTS, ENDS).map("".join), min_size=1, max_size=5).map("/".join))
@example("S3/terraform.tfvars")
@example("/".join(["x" * 200] * 4 + ["a"]))
@example("/".join(["x" * 199] * 4 + ["a"]))
def test_a_name_is_bad_for_one_of_these_reasons(path):
    *directories, _ = parts = path.split("/")
    is_good = (
        len(path) <= 800
        and all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._+=@-]{0,254}", part) for part in parts)
        and not any(name.endswith((".tfvars", ".json", ".md")) for name in directories)
    )
    assert (bad_name(path) == "") == is_good
