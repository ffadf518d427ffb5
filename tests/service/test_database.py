"""A file that several processes have open: none of them may think that it is alone."""

import os
import subprocess
import sys

import pytest

from engine.errors import EngineError
from engine.service.database import Database, make

_SCHEMA = "CREATE TABLE IF NOT EXISTS rows (value TEXT)"
_OTHER = """
import sys
from engine.service.database import Database
other = Database(sys.argv[1], "")
print(len(other.rows("SELECT * FROM rows")), flush=True)
other.close()
"""


def counted(path) -> int:
    """What another process sees, which then closes the file."""
    done = subprocess.run([sys.executable, "-c", _OTHER, path], capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout)


def test_who_closes_the_file_takes_nothing_away_from_those_that_have_it_open(tmp_path):
    """SQLite removes the log with the last one; a second `Database` of a process must not cost the first its locks."""
    path = str(tmp_path / "inbox.db")
    first = Database(path, _SCHEMA)
    first.rows("SELECT * FROM rows")
    second = Database(path, "")
    for number in range(3):
        with first.writing() as tables:
            tables.execute("INSERT INTO rows VALUES (?)", (number,))
        assert counted(path) == number + 1
        assert os.path.exists(path + "-wal"), "we still write there"
    second.close()
    first.close()
    assert counted(path) == 3


@pytest.mark.parametrize("what", ["a link", "a directory", "a pipe"])
def test_what_is_no_file_is_refused(tmp_path, what):
    path = tmp_path / "inbox.db"
    {
        "a link": lambda: path.symlink_to(tmp_path / "elsewhere"),
        "a directory": path.mkdir,
        "a pipe": lambda: os.mkfifo(path),
    }[what]()
    with pytest.raises(EngineError, match="ENG002"):
        make(str(path))
    assert not (tmp_path / "elsewhere").exists()
