"""What counts as another change: path, mode and blob on both sides."""

import pytest

from engine.core.resources.tree import EXECUTABLE, REGULAR, SYMLINK, Edit, Entry, change_digest

ONE, TWO = Entry(REGULAR, "1" * 40), Entry(REGULAR, "2" * 40)
BASE = (Edit("README.md", ONE, TWO), Edit("S3/a.tfvars", None, ONE))


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("a file more", (*BASE, Edit("S3/b.tfvars", None, ONE))),
        ("a file less", BASE[1:]),
        ("nothing", ()),
        ("another path", (Edit("README2.md", ONE, TWO), BASE[1])),
        ("another README", (Edit("README.md", ONE, Entry(REGULAR, "3" * 40)), BASE[1])),
        ("the same README over another", (Edit("README.md", Entry(REGULAR, "3" * 40), TWO), BASE[1])),
        ("another mode", (Edit("README.md", ONE, Entry(EXECUTABLE, "2" * 40)), BASE[1])),
        ("another mode before", (Edit("README.md", Entry(SYMLINK, "1" * 40), TWO), BASE[1])),
        ("added instead of changed", (Edit("README.md", None, TWO), BASE[1])),
        ("removed instead of added", (BASE[0], Edit("S3/a.tfvars", ONE, None))),
        ("backwards", (Edit("README.md", TWO, ONE), BASE[1])),
        ("one path that looks like two", (Edit("README.md\n100644", ONE, TWO), BASE[1])),
        ("a name that is no text", (Edit("README\udcff.md", ONE, TWO), BASE[1])),
        ("that name, spelt", (Edit("README\\udcff.md", ONE, TWO), BASE[1])),
    ],
)
def test_another_change(why: str, changes: tuple[Edit, ...]) -> None:
    assert change_digest(changes) != change_digest(BASE), why


def test_the_same_change() -> None:
    assert change_digest(reversed(BASE)) == change_digest(BASE), "in another order"
    renamed = (Edit("new.md", ONE, TWO, "old.md"),)
    told_apart = (Edit("old.md", ONE, None), Edit("new.md", None, TWO))
    assert change_digest(renamed) == change_digest(told_apart), "whether or not git calls it a renamed file"
    assert change_digest(renamed) != change_digest((Edit("new.md", ONE, TWO),))
