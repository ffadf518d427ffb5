"""What is read from texts, and made of them: lines of patches, words that close, messages of merges."""

import os
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.sandbox.forge.git.bare import Commit, Person
from engine.sandbox.forge.tracker import closing, diffs, messages

LINES = st.lists(st.sampled_from(["a", "b", "c", "+d", "-e", " f", "@@ -1 +1 @@", "\\ x", ""]), max_size=30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("texts")


@settings(max_examples=25, deadline=None)
@given(old=LINES, new=LINES, ends=st.booleans())
def test_the_numbers_of_a_patch_s_lines_are_those_of_the_files(folder, old, new, ends):
    texts = ["\n".join(lines) + ("\n" if ends else "") for lines in (old, new)]
    for name, text in zip(("old", "new"), texts, strict=True):
        (folder / name).write_text(text)
    command = ["git", "diff", "--no-index", "--no-color", "old", "new"]
    said = subprocess.run(
        command, cwd=folder, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False, timeout=30
    ).stdout
    _, at, rest = said.partition("\n@@ ")
    patch = ("@@ " + rest.rstrip("\n")) if at else ""
    shown = patch.split("\n")
    for line in diffs.lines(patch):
        for number, text in ((line.left, texts[0]), (line.right, texts[1])):
            if number is not None:
                assert text.split("\n")[number - 1] == shown[line.position][1:]
        found = diffs.at(patch, position=line.position)
        assert found == line
        assert diffs.hunk(patch, line).split("\n")[-1] == shown[line.position]
        if line.right is not None:
            assert diffs.at(patch, line=line.right) == line


@pytest.mark.parametrize(
    ("why", "text", "numbers"),
    [
        ("a word and a number", "Fixes #7", [7]),
        ("every word in any case", "close #1, CLOSES #2, closed: #3, fix #4, resolves #5", [1, 2, 3, 4, 5]),
        ("one that is named twice", "fixes #7 and fixes #7", [7]),
        ("with the repository", "fixes Acme/X#7", [7]),
        ("of another repository", "fixes acme/y#7", []),
        ("no word", "see #7, prefixes #8", []),
        ("no number", "fixes #x, fixes 7, fixes # 7", []),
        ("over a line", "fixes\n#7", []),
    ],
)
def test_words_that_close(why, text, numbers):
    assert closing.named(text, "acme/x") == numbers, why


def commit(message, name, email=None, parents=("0" * 40,)):
    who = Person(name, email or f"{name.lower()}@example.com", "2026-11-27T08:00:00Z")
    return Commit("1" * 40, "2" * 40, parents, who, who, message)


PULL = {"number": 7, "title": "A title", "head_owner": "acme", "head_ref": "feature"}
ALICE = Person("Alice", "alice@example.com", "2026-11-27T08:00:00Z")


@pytest.mark.parametrize(
    ("why", "commits", "title", "message"),
    [
        ("one of her own", [commit("One\n\nBody\n", "Alice")], "One (#7)", "Body"),
        ("one of another", [commit("One", "Bob")], "One (#7)", "Co-authored-by: Bob <bob@example.com>"),
        (
            "an address of no account, twice",
            [commit("One", "X", "x@elsewhere"), commit("Two", "Y", "X@elsewhere")],
            "A title (#7)",
            "* One\n\n* Two\n\n---------\n\nCo-authored-by: X <x@elsewhere>",
        ),
        (
            "two addresses of one account",
            [commit("One", "Alice"), commit("Two", "Al", "{id}+alice@users.noreply.github.com")],
            "A title (#7)",
            "* One\n\n* Two",
        ),
        (
            "merges of the base are left out",
            [commit("One", "Alice"), commit("Merge", "Alice", parents=("0" * 40, "3" * 40)), commit("Two", "Alice")],
            "A title (#7)",
            "* One\n\n* Two",
        ),
    ],
)
def test_messages_of_squashes(forge, why, commits, title, message):
    number = forge.kept.value("SELECT id FROM accounts WHERE login = 'alice'")
    commits = [
        each._replace(author=each.author._replace(email=each.author.email.format(id=number))) for each in commits
    ]
    assert messages.squash(forge, PULL, commits, ALICE) == (title, message), why


def test_a_title_is_one_line(place, open_, as_):
    number = open_("feature", title="Nice\n\nCo-authored-by: Eve <eve@example.com>\u2028x")
    assert place.row(number)["title"] == "Nice Co-authored-by: Eve <eve@example.com> x"
    as_("alice")("PATCH", f"{place.api}/pulls/{number}", {"title": "a\r\nb"})
    assert place.row(number)["title"] == "a b"


def test_issues_that_a_merge_closes(place, open_, as_):
    for title in ("by body", "by commit", "stays"):
        as_("oscar")("POST", f"{place.api}/issues", {"title": title})
    place.add("feature", {"x.txt": "x\n"}, onto=place.tip("main"), message="Do it\n\nFixes #2")
    number = open_("feature", body="Closes #1, closes #4")
    assert number == 4
    as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {"merge_method": "merge"})
    shown = as_("bob")("GET", f"{place.api}/issues?state=all&direction=asc").body
    assert [each["state"] for each in shown] == ["closed", "closed", "open", "closed"]
    assert shown[0]["closed_by"]["login"] == "bob"
    assert place.heard("issues")[3:] == ["closed", "closed"]


def test_what_goes_to_another_branch_closes_nothing(place, open_, as_):
    as_("oscar")("POST", f"{place.api}/issues", {"title": "stays"})
    place.push("stage", place.tip("main"))
    number = open_("feature", base="stage", body="Closes #1")
    as_("bob")("PUT", f"{place.api}/pulls/{number}/merge", {})
    assert place.row(1)["state"] == "open"
