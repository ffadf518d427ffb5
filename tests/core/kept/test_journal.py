"""The lines of a run: what they come to, and that one which is not as it was written ends it."""

import json

import pytest

from engine.core.canonical import canonical
from engine.core.kept.journal import MOST, NEVER, Entry, Identity, Line, Past, line_key
from engine.errors import EngineError

RUN = Identity("gh-7-1", "validate", "acme/dev#1").key
KEY = b"k" * 32
ME, YOU = "me.1", "you.2"
PLAN = {"action": "plan", "item": ""}
START = Line("start", ME, {"who": "me", "asked": "sha256:0", "stance": {}})
BEGIN = Line("begin", ME, {**PLAN, "inputs": "sha256:1"})
END = Line("end", ME, {**PLAN, "outputs": {"a": 1}})
TAKE = Line("take", YOU, {"who": "you", "why": "--resume"})
STOP = Line("stop", ME, {"before": "verdict"})
FINISH = Line("finish", ME, {"exit": 0})


def written(*lines, key=None):
    """(key, bytes) of lines, written one after the other by `Past.next` alone; nobody checks that they fit."""
    past, found = Past(RUN, key), []
    for line in lines:
        at, data = past.next(line)
        found.append((at, data))
        past.lines, past.last = past.lines + 1, _digest(data)
    return found


def _digest(data):
    from engine.core.canonical import digest_bytes

    return digest_bytes(data)


def read(found, key=None):
    past = Past(RUN, key)
    for at, data in found:
        past.follow(at, data)
    return past


def test_an_identity_is_of_all_parts():
    names = [("a", "b", "c"), ("a", "b", "d"), ("a", "x", "c"), ("x", "b", "c"), ("ab", "", "c")]
    assert len({Identity(*name).key for name in names} | {Identity("a", "b", "c", 2).key}) == len(names) + 1
    assert set(RUN) <= set("0123456789abcdef")


@pytest.mark.parametrize(
    ("why", "lines", "entry", "stopped", "finished"),
    [
        ("never begun", [START], NEVER, None, False),
        ("begun, and nobody knows what came of it", [START, BEGIN], Entry("begun", "sha256:1"), None, False),
        ("done", [START, BEGIN, END], Entry("done", "sha256:1", END.said), None, False),
        ("stopped for another job", [START, BEGIN, END, STOP], Entry("done", "sha256:1", END.said), "verdict", False),
        (
            "taken by another job, which begins the next",
            [START, BEGIN, END, STOP, TAKE, BEGIN._replace(by=YOU)],
            Entry("begun", "sha256:1"),
            None,
            False,
        ),
        ("at its end", [START, BEGIN, END, FINISH], Entry("done", "sha256:1", END.said), None, True),
    ],
)
def test_what_is_past(why, lines, entry, stopped, finished):
    past = read(written(*lines))
    assert past.of("plan") == entry, why
    assert past.of("plan", "S3/a") == NEVER, "an item is not its action"
    assert (past.stopped, past.finish is not None, past.lines) == (stopped, finished, len(lines)), why


@pytest.mark.parametrize(
    ("why", "lines"),
    [
        ("nothing comes before the start", [BEGIN]),
        ("a run starts once", [START, START]),
        ("nothing comes after the end", [START, FINISH, BEGIN]),
        ("nobody takes over what has ended", [START, FINISH, TAKE]),
        ("what was not begun does not end", [START, END]),
        ("nor twice", [START, BEGIN, END, END]),
        ("who does not own the run writes nothing", [START, BEGIN._replace(by=YOU)]),
        ("nor who has owned it", [START, TAKE, BEGIN]),
        ("after a stop somebody takes it first", [START, STOP, BEGIN]),
        ("a begin says of what", [START, Line("begin", ME, {"inputs": "x"})]),
        ("and with what", [START, Line("begin", ME, PLAN)]),
        ("what has ended has outputs", [START, BEGIN, Line("end", ME, PLAN)]),
        ("in parts", [START, BEGIN, Line("end", ME, {**PLAN, "outputs": "all"})]),
        ("an exit code is one", [START, Line("finish", ME, {"exit": 7})]),
        ("and no text", [START, Line("finish", ME, {"exit": "0"})]),
        ("somebody has begun it", [Line("start", ME, {"asked": "", "stance": {}})]),
        ("and it was decided somehow", [Line("start", ME, {"who": "me", "asked": ""})]),
        ("of something", [Line("start", ME, {"who": "me", "stance": {}})]),
        ("in parts, too", [Line("start", ME, {"who": "me", "asked": "", "stance": 5})]),
    ],
)
def test_lines_that_no_owner_writes_there(why, lines):
    with pytest.raises(EngineError) as error:
        read(written(*lines))
    assert error.value.problems[0].code == "ENG573", why


WHOLE = (START, BEGIN, END, FINISH)


def altered(found, number, **members):
    """Line `number` says something else; the sender has no key, so its seal is the digest that anybody can make."""
    at, data = found[number - 1]
    record = {**json.loads(data), **members}
    return [*found[: number - 1], (at, canonical(record)), *found[number:]]


def resealed(found, number, **members):
    """The same, by somebody who knows how a line without a key is sealed."""
    past = Past(RUN, None)
    [changed] = [pair for n, pair in enumerate(altered(found, number, **members), 1) if n == number]
    record = {name: value for name, value in json.loads(changed[1]).items() if name != "seal"}
    data = canonical({**record, "seal": past._seal(record)})
    return [*found[: number - 1], (changed[0], data), *found[number:]]


def moved(found, number, to):
    return sorted([*found[: number - 1], (line_key(RUN, to), found[number - 1][1]), *found[number:]])


@pytest.mark.parametrize("key", [None, KEY], ids=["without a key", "with one"])
@pytest.mark.parametrize(
    ("why", "attack"),
    [
        ("a line says something else", lambda f: altered(f, 3, said={**END.said, "outputs": {"a": 2}})),
        ("the last line does", lambda f: altered(f, 4, said={"exit": 1})),
        ("a line has another owner", lambda f: altered(f, 2, by=YOU)),
        ("a line has no seal", lambda f: altered(f, 2, seal=None)),
        ("a line has an odd seal", lambda f: altered(f, 2, seal="\u20ac")),
        ("a line in the middle is sealed anew", lambda f: resealed(f, 2, said={**BEGIN.said, "inputs": "sha256:2"})),
        ("a line was removed", lambda f: [*f[:1], *f[2:]]),
        ("the first line was removed", lambda f: f[1:]),
        ("a line was renumbered", lambda f: moved(f, 3, 9)),
        ("a line stands there twice", lambda f: [*f[:2], (line_key(RUN, 3), f[1][1]), *f[3:]]),
        ("two lines have changed places", lambda f: [f[0], (f[1][0], f[2][1]), (f[2][0], f[1][1]), f[3]]),
        ("half a line", lambda f: [*f[:3], (f[3][0], f[3][1][:-5])]),
        ("no line", lambda f: [*f[:3], (f[3][0], b"[]")]),
        ("nothing", lambda f: [*f[:3], (f[3][0], b"")]),
        ("brackets", lambda f: [*f[:3], (f[3][0], b"[" * 100_000)]),
        ("half of a character", lambda f: [*f[:3], (f[3][0], b'{"version":1,"seal":"x","a":"\\ud800"}')]),
        ("not in the form that we write", lambda f: [*f[:3], (f[3][0], f[3][1] + b"\n")]),
        ("something else lies there", lambda f: [*f, (f"journal/{RUN}/note", b"")]),
    ],
)
def test_a_line_that_is_not_as_it_was_written(why, attack, key):
    found = written(*WHOLE, key=key)
    assert read(found, key).finish == {"exit": 0}
    with pytest.raises(EngineError) as error:
        read(attack(found), key)
    assert error.value.problems[0].code == "ENG573", why


@pytest.mark.parametrize(("theirs", "mine"), [(None, KEY), (KEY, None), (KEY, b"x" * 32)])
def test_lines_of_another_key_are_believed_nothing(theirs, mine):
    with pytest.raises(EngineError) as error:
        read(written(*WHOLE, key=theirs), mine)
    assert "another key, or with none" in error.value.problems[0].message


def test_the_last_line_is_held_by_the_key_alone():
    """Without a key whoever writes to the store can write its end anew; with one they cannot."""
    assert read(resealed(written(*WHOLE), 4, said={"exit": 1})).finish == {"exit": 1}
    with pytest.raises(EngineError):
        read(resealed(written(*WHOLE, key=KEY), 4, said={"exit": 1}), KEY)


@pytest.mark.parametrize(
    ("why", "members"),
    [
        ("of no run", {"run": None}),
        ("without a number", {"number": None}),
        ("with another kind of number", {"number": True}),
        ("or one that is equal", {"number": 1.0}),
        ("of another kind of version", {"version": True}),
        ("that follows on nothing", {"before": None}),
        ("of no kind", {"kind": None}),
        ("of many kinds", {"kind": ["start"]}),
        ("by nobody", {"by": None}),
        ("by a number", {"by": 5}),
        ("that says nothing", {"said": None}),
        ("with something beside it", {"more": 1}),
    ],
)
def test_a_line_of_another_form(why, members):
    """Its seal is right: without a key everybody can make one."""
    _, data = written(START)[0]
    bare = {name: value for name, value in {**json.loads(data), **members}.items() if value is not None}
    del bare["seal"]
    sealed = canonical({**bare, "seal": Past(RUN, None)._seal(bare)})
    with pytest.raises(EngineError) as error:
        read([(line_key(RUN, 1), sealed)])
    assert error.value.problems[0].code == "ENG573", why


def test_lines_of_another_run():
    other = Past(Identity("gh-8-1", "validate", "acme/dev#1").key, None)
    at, data = other.next(START)
    with pytest.raises(EngineError) as error:
        read([(line_key(RUN, 1), data)])
    assert error.value.problems[0].code == "ENG573"
    with pytest.raises(EngineError):
        read([(at, data)])


def test_a_newer_engine_has_written_it():
    with pytest.raises(EngineError) as error:
        read(altered(written(*WHOLE), 2, version=2))
    [problem] = error.value.problems
    assert (problem.code, "line 2" in problem.message, "newer engine" in problem.message) == ("ENG574", True, True)


def test_there_is_an_end_to_the_numbers():
    assert line_key(RUN, MOST).endswith("/999999")
    with pytest.raises(EngineError):
        line_key(RUN, MOST + 1)
