"""What people get wrong in tfvars is told where they did it: the table beside this."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from engine.core.resources import tfvars
from engine.core.resources.broken import mistake
from engine.errors import EngineError

ROWS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "tfvars_mistakes.yaml").read_bytes())
PARTS = [
    "a",
    "=",
    ":",
    "{",
    "}",
    "[",
    "]",
    ",",
    '"',
    "'",
    "\\",
    "\n",
    " ",
    "1",
    "-",
    "${",
    "/*",
    "*/",
    "#",
    "<<A\n",
    "A\n",
    "==",
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["why"])
def test_a_mistake_is_told_where_it_was_made(row: dict[str, Any]) -> None:
    with pytest.raises(EngineError) as caught:
        tfvars.read(row["text"].encode(), "a.tfvars")
    (told,) = caught.value.problems
    column = row["text"].split("\n")[row["line"] - 1].index(row["at"]) + 1
    assert told.place
    assert (told.code, told.place.line, told.place.column) == ("ENG320", row["line"], column), told.text()
    assert all(word in f"{told.message} {told.hint}" for word in row["says"]), told.text()


@given(st.lists(st.sampled_from(PARTS), max_size=30).map("".join))
def test_what_it_tells_lies_in_the_text(text: str) -> None:
    found = mistake(text)
    if found:
        assert 0 <= found.at <= len(text)
        place = found.place("a.tfvars", text)
        assert 1 <= place.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ("values side by side", 'a = {b = "c"}\nd = [1, 2, [3, {e = true}]]\n'),
        ("values over lines", 'a = [\n  "b", # why\n  "c",\n]\n/* d */ e = <<-EOT\n  f\n  EOT\ng = -1.5e3 // h\n'),
        ("colons and quoted names in a map", 'a = {"b/c" : null, "d" = {}\n}'),
        ("escapes", 'a = "\\\\d \\n \\" \\u00e9 $${b} %%{c}"\n'),
    ],
)
def test_nothing_is_wrong_with_what_is_right(why: str, text: str) -> None:
    tfvars.read_in_full(text.encode(), "a.tfvars")
    assert mistake(text) is None, why
