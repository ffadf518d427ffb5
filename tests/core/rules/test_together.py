"""Several mistakes at once: each is told where it was made, in the order of the files, and none hides another."""

import pytest

from engine.core.rules.draft import APPROVERS, ENTRY
from engine.core.rules.lint import lint
from engine.run.catalog import catalog
from tests.core.rules.test_mistakes import BASE

SPEC = "specs/join.yaml"


@pytest.mark.parametrize(
    ("why", "edits", "told"),
    [
        (
            "a word and a fact of one gate",
            [(ENTRY, 'reject: "pr.draft"\n    unmet: pending', 'reject: "pr.daft"\n    unmet: wait')],
            [("daft", "`draft`"), ("wait", "fail or pending")],
        ),
        (
            "a number and a group of one gate",
            [(ENTRY, "{count: 1, from: [peers], after: verdict}", "{count: one, from: [peer], after: verdict}")],
            [("one,", "write 1"), ("peer]", "`peers`")],
        ),
        (
            "two of three arms",
            [(ENTRY, "{count: 2, from: [guards]}, {count: 1", "{count: two, from: [guards]}, {count: one")],
            [("two", "write 2"), ("one,", "write 1")],
        ),
        (
            "a type and a pipeline of one event",
            [(ENTRY, "types: [opened, synchronize], run: check", "types: opened, run: chek")],
            [("opened,", "[opened]"), ("chek", "`check`")],
        ),
        (
            "a branch and an account of one environment",
            [(ENTRY, 'branch: stable, account: "666666666666"', "branch: next, account: 666666666666")],
            [("next", "mapped twice"), ("666666666666", "quotes")],
        ),
        (
            "one in each file",
            [(ENTRY, "otherwise:", "otherwhise:"), (SPEC, "gates:", "gate:"), (APPROVERS, "users:", "user:")],
            [("user:", "`users"), ("otherwhise", "`otherwise`"), ("gate:", "`gates`")],
        ),
    ],
)
def test_none_hides_another(why: str, edits: list[tuple[str, str, str]], told: list[tuple[str, str]]) -> None:
    files = dict(BASE)
    for name, old, new in edits:
        assert old in files[name], why
        files[name] = files[name].replace(old, new, 1)
    problems = lint({name: text.encode() for name, text in files.items()}, catalog())
    shown = "\n".join(one.text() for one in problems)
    assert len(problems) == len(told), f"{why}:\n{shown}"
    for one, (at, says) in zip(problems, told, strict=True):
        assert one.place is not None
        assert one.place.excerpt[one.place.column - 1 :].startswith(at), shown
        assert says in f"{one.message} {one.hint}", shown


@pytest.mark.parametrize(
    ("why", "old", "new"),
    [
        ("a condition that needs no fact", '    when: "touchy()"\n', "    when: true\n"),
        ("whom an override needs beside it", "    besides: [seen]", "    besides: seen"),
        ("inputs that are none", '{resources: "${outputs.plan.resources}"}', "[resources]"),
        ("people of a group", "{users: [dan, eve]}", "{users: [dan, eve], teams: acme/web}"),
        ("the name that others go on with", "{id: plan, ", "{id: Plan!, "),
    ],
)
def test_what_is_left_out_is_not_missed(why: str, old: str, new: str) -> None:
    """Of what does not fit that is told, and not what follows from leaving it out."""
    files = {name: text.replace(old, new, 1).encode() for name, text in BASE.items()}
    problems = lint(files, catalog())
    assert len(problems) == 1, why + "\n".join(one.text() for one in problems)
