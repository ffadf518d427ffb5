"""Names of refs are judged as git judges them, and what a push says is read as it was written."""

import contextlib
import os
import re
import subprocess

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.sandbox.forge.answer import ForgeError
from engine.sandbox.forge.git.globs import matches
from engine.sandbox.forge.git.names import ABSENT, is_path, is_ref, is_repository
from engine.sandbox.forge.git.packets import FLUSH, Wanted, band, packet, read_push, report

PARTS = st.text(st.sampled_from("ab.-@{}~^:?*[\\ /\x01\x7fé_~"), max_size=8) | st.sampled_from(
    ["x.lock", "..", "@", "@{", "."]
)
SHAS = st.text("0123456789abcdef", min_size=40, max_size=40)


@given(PARTS, PARTS)
@example("a", "b.lock")
@example("", "")
def test_what_git_takes_as_the_name_of_a_ref(one, other):
    name = f"refs/{one}/{other}"
    command = ["git", "check-ref-format", name]
    done = subprocess.run(command, env={"PATH": os.environ["PATH"]}, capture_output=True, check=False)
    assert is_ref(name) == (done.returncode == 0), name


@given(st.text(max_size=12))
def test_names_of_files_and_repositories_lead_nowhere_else(name):
    if is_path(name):
        assert os.path.normpath(os.path.join("/r", name)).startswith("/r/")
        assert ".git" not in name.lower().split("/")
    if is_repository(name):
        assert os.path.basename(os.path.normpath(f"/r/{name}")) == name


REFS = st.text(st.characters(exclude_characters="\0\n", exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(st.lists(st.tuples(REFS, SHAS, SHAS), max_size=5), st.binary(max_size=50))
def test_a_push_is_read_as_it_was_written(rows, pack):
    lines = [f"{before} {after} {ref}".encode() for ref, before, after in rows]
    lines[:1] = [line + b"\0report-status" for line in lines[:1]]
    push = read_push(b"".join(map(packet, lines)) + FLUSH + pack)
    known = {ABSENT: None}
    assert push.wanted == tuple(Wanted(ref, known.get(old, old), known.get(new, new)) for ref, old, new in rows)
    assert push.pack == pack
    assert push.capabilities == (frozenset({"report-status"}) if rows else frozenset())


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(body):
    with contextlib.suppress(ForgeError):
        assert len(read_push(body).pack) <= len(body)


@given(st.binary(max_size=200_000))
def test_bands_hold_everything(data):
    packed, found = band(1, data), b""
    while packed:
        size = int(packed[:4], 16)
        assert 5 < size <= 65520
        assert packed[4:5] == b"\1"
        found, packed = found + packed[5:size], packed[size:]
    assert found == data


def test_a_report_for_git_without_side_bands():
    refusals = [("refs/heads/a", None), ("refs/heads/b", "no")]
    plain = report("ok", refusals, frozenset({"report-status"}), "said")
    assert plain == b"000eunpack ok\n0014ok refs/heads/a\n0017ng refs/heads/b no\n0000"
    assert report("ok", refusals, frozenset(), "said") == b""


PATTERNS = [
    ("all", "~ALL", "refs/heads/any/thing", True),
    ("the default branch", "~DEFAULT_BRANCH", "refs/heads/main", True),
    ("another branch", "~DEFAULT_BRANCH", "refs/heads/dev", False),
    ("itself", "refs/heads/dev", "refs/heads/dev", True),
    ("only a part", "refs/heads/dev", "refs/heads/dev2", False),
    ("one level", "refs/heads/*", "refs/heads/dev", True),
    ("a star ends at a slash", "refs/heads/*", "refs/heads/a/b", False),
    ("two stars do not", "refs/heads/**/*", "refs/heads/a/b/c", True),
    ("and may be nothing", "refs/heads/**/*", "refs/heads/a", True),
    ("two stars at the end are one", "refs/heads/release/**", "refs/heads/release/1/2", False),
    ("one letter", "refs/heads/v?", "refs/heads/v1", True),
    ("no regular expression", "refs/heads/a.c", "refs/heads/abc", False),
    ("brackets are letters", "refs/heads/[ab]", "refs/heads/a", False),
]


@pytest.mark.parametrize(("why", "pattern", "ref", "found"), PATTERNS, ids=[row[0] for row in PATTERNS])
def test_which_refs_a_ruleset_means(why, pattern, ref, found):
    assert matches(pattern, ref, "main") == found, why


GLOBS = {"**/": "(?:.*/)?", "*": "[^/]*", "?": "[^/]", "/": "/", "a": "a", ".": r"\.", "b": "b"}


@given(st.lists(st.sampled_from(sorted(GLOBS)), max_size=6), st.text("ab/.", max_size=8))
@example(["*", "*", "a"], "bba")
@example(["**/", "**/", "a"], "b/a")
def test_patterns_mean_what_the_regular_expression_means(tokens, ref):
    pattern = "".join(tokens)
    meant = "".join(GLOBS.get(token, GLOBS["*"]) for token in re.findall(r"\*\*/|\*+|.", pattern))
    assert matches(pattern, ref, "main") == (re.fullmatch(meant, ref) is not None)


def test_a_pattern_that_would_keep_a_regular_expression_busy_is_answered():
    assert not matches("**/" * 300 + "x", "a/" * 500, "main")
    assert not matches("*a" * 200 + "x", "a" * 1000, "main")
