"""What a run is handed of GitHub: all of it, or only what reads."""

import pytest

from engine.adapters.github.port import Looks, OnlyLooks, Writes

READS = sorted(name for name in vars(Looks) if not name.startswith("_"))
WRITES = sorted(name for name in vars(Writes) if not name.startswith("_"))


class Everything:
    """Answers to every name."""

    calls = 3

    def __getattr__(self, name):
        return name


def test_who_only_looks_has_all_that_reads():
    looks = OnlyLooks(Everything())
    assert [getattr(looks, name) for name in READS] == READS
    assert (looks.calls, looks.repository) == (3, "repository")


@pytest.mark.parametrize("name", [*WRITES, "_forge_", "_client", "token"])
def test_who_only_looks_has_nothing_that_writes(name):
    with pytest.raises(PermissionError, match="declared that it writes"):
        getattr(OnlyLooks(Everything()), name)
