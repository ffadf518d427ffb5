"""Tokens and sessions by themselves."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EngineError
from engine.service import access
from engine.service.access import Sessions, Tokens, new


def _tokens(folder, *lines):
    file = folder / "tokens"
    file.touch(mode=0o600)
    file.write_text("".join(f"{line}\n" for line in lines))
    return Tokens(str(file))


LINES = [
    ("no digest", "ann"),
    ("a digest that is too short", "ann:" + "0" * 63),
    ("a digest in capitals", "ann:" + "A" * 64),
    ("a right that is none", "ann:" + "0" * 64 + ":admin"),
    ("a right too many", "ann:" + "0" * 64 + ":read:write"),
    ("a name with a blank", "ann b:" + "0" * 64),
    ("a name in capitals", "Ann:" + "0" * 64),
    ("no name", ":" + "0" * 64),
    ("the token itself", "ann:interlock_abcdef"),
    ("two in one line", "ann:" + "0" * 64 + " bob:" + "1" * 64),
]


@pytest.mark.parametrize(("why", "line"), LINES, ids=[row[0] for row in LINES])
def test_a_line_that_is_none_is_named(tmp_path, why, line):
    good = new("eve")[1]
    with pytest.raises(EngineError) as refused:
        _tokens(tmp_path, good, line)
    assert refused.value.problems[0].code == "ENG800"
    assert "line 2" in refused.value.problems[0].message, why


def test_one_token_has_one_name(tmp_path):
    digest = "0" * 64
    with pytest.raises(EngineError, match="ENG800"):
        _tokens(tmp_path, f"ann:{digest}", f"bob:{digest}:read")


def test_a_file_of_nothing_and_no_file_let_nobody_in(tmp_path):
    assert _tokens(tmp_path).holder("") is None
    assert Tokens(None).holder("x") is None


def test_a_file_that_others_read_is_refused(tmp_path):
    _tokens(tmp_path, new("ann")[1])
    (tmp_path / "tokens").chmod(0o640)
    with pytest.raises(EngineError, match="ENG006"):
        Tokens(str(tmp_path / "tokens"))


def test_a_line_more_counts_at_once(tmp_path):
    tokens = _tokens(tmp_path)
    token, line = new("ann")
    assert tokens.holder(token) is None
    (tmp_path / "tokens").write_text(line)
    assert tokens.holder(token).name == "ann"
    (tmp_path / "tokens").unlink()
    assert tokens.holder(token) is None


@given(st.text())
def test_whatever_is_shown_is_nobody_s(text):
    assert Tokens(None).holder(text) is None
    assert Sessions(Tokens(None)).who(text) is None


def test_a_session_ends_by_itself(tmp_path, monkeypatch):
    token, line = new("ann")
    tokens = _tokens(tmp_path, line)
    sessions = Sessions(tokens)
    cookie = sessions.begin(tokens.holder(token))
    assert sessions.who(cookie) == access.Who("ann", ("read", "write"), "session")
    later = time.monotonic() + access.SESSION_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert sessions.who(cookie) is None


def test_sessions_have_an_end(tmp_path, monkeypatch):
    monkeypatch.setattr(access, "_SESSIONS", 2)
    token, line = new("ann")
    tokens = _tokens(tmp_path, line)
    sessions = Sessions(tokens)
    cookies = [sessions.begin(tokens.holder(token)) for _ in range(3)]
    assert [sessions.who(cookie) is not None for cookie in cookies] == [False, True, True]


def test_who_has_signed_in_anew_with_less_has_less(tmp_path):
    """The file says so, and a session asks it again."""
    token, line = new("ann")
    tokens = _tokens(tmp_path, line)
    sessions = Sessions(tokens)
    cookie = sessions.begin(tokens.holder(token))
    (tmp_path / "tokens").write_text(f"{line}:read\n")
    assert sessions.who(cookie) == access.Who("ann", ("read",), "session")
