"""Who could exchange a file: every component of its path, and of what links lead to."""

import grp
import os
import pwd

import pytest

from engine.adapters.ownership import ours, weak_spot

assert grp
assert pwd  # a child below may not be able to import them any more


def test_what_is_not_there_is_as_safe_as_what_is_above_it(tmp_path):
    assert weak_spot(str(tmp_path / "a" / "b"), ours()) == ""
    tmp_path.chmod(0o777)
    assert "others can write" in weak_spot(str(tmp_path / "a" / "b"), ours())


def test_a_relative_path_is_one_from_here(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path / "a")
    tmp_path.chmod(0o777)
    for path in (".", "x", "../a", ""):
        assert f"others can write to {tmp_path} (mode 0777)" == weak_spot(path, ours()), path


def test_up_is_up_from_where_a_link_leads(tmp_path):
    """The system does not shorten `link/..` to nothing, so neither does this."""
    (tmp_path / "open" / "inner").mkdir(parents=True)
    (tmp_path / "link").symlink_to("open/inner")
    (tmp_path / "open").chmod(0o777)
    assert f"others can write to {tmp_path}/open " in weak_spot(str(tmp_path / "link" / ".." / "x"), ours())


def test_what_is_above_a_links_target_counts(tmp_path):
    (tmp_path / "open" / "inner").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    (tmp_path / "link").symlink_to(tmp_path / "open" / "inner")
    assert "others can write" in weak_spot(str(tmp_path / "link"), ours())


def test_a_sticky_directory_is_safe_above_only(tmp_path):
    tmp_path.chmod(0o1777)
    assert weak_spot(str(tmp_path / "x"), ours()) == ""
    assert "others can write" in weak_spot(str(tmp_path), ours())
    assert weak_spot(str(tmp_path), ours(), shared=True) == ""


def as_user(user, group, act):
    """What `act` returns when it runs as somebody else, in a process of its own."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(group)
            os.setuid(user)
            os.write(writing, act().encode())
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


DAEMON = 1  # user and group of one number and one name, on every Linux
NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    ("why", "user", "group", "mode", "safe"),
    [
        ("a group of one's own may write: the umask 002", DAEMON, DAEMON, 0o775, True),
        ("not everybody", DAEMON, DAEMON, 0o777, False),
        ("not another group", DAEMON, DAEMON + 1, 0o775, False),
        ("nor root's", DAEMON, 0, 0o775, False),
        ("nor a group of another number than the user", NOBODY, DAEMON, 0o775, False),
    ],
)
def test_a_private_group_is_nobody_else(why, user, group, mode, safe):
    import tempfile

    assert pwd.getpwuid(DAEMON).pw_name == grp.getgrgid(DAEMON).gr_name
    with tempfile.TemporaryDirectory() as folder:  # below a sticky directory: pytest's own are closed to others
        os.chown(folder, user, group)
        os.chmod(folder, mode)
        assert as_user(user, user, lambda: weak_spot(folder, ours()) or "safe") == (
            "safe" if safe else f"others can write to {folder} (mode {mode:04o})"
        ), why
