"""Which ids a source's name is bound to, and by whom."""

import pytest

from engine.adapters.storage.memory import Memory
from engine.core.rules.load import load
from engine.errors import EngineError, failure
from engine.run.catalog import catalog
from engine.run.kept.sources import unreadable
from engine.service.bound import Aside, Bound, Sources, aside
from engine.service.inbox import Inbox
from tests.service.test_inbox import one
from tests.support.rules import MINIMAL, small


@pytest.fixture
def box(tmp_path):
    kept = Inbox(str(tmp_path / "inbox.db"))
    yield kept
    kept.close()


def rules(more: str = ""):
    text = MINIMAL.decode().replace("{repo: acme/dev,", "{repo: Acme/dev, " + more)
    return load(small(text), catalog())


def came(repo_id: int | None, installation: int | None, number: int = 1):
    return one(f"d{number}", repo="acme/DEV", repo_id=repo_id, installation=installation, number=number)


PINNED = "id: 5, installation: 7, "


@pytest.mark.parametrize(
    ("why", "said", "arrived", "bound"),
    [
        ("nothing has come", "", [], (None, None, "")),
        ("the first delivery", "", [came(5, 7)], (5, 7, "first delivery")),
        (
            "the first, not the one that is looked at first",
            "",
            [came(6, 8, 2), came(5, 7, 1)],
            (5, 7, "first delivery"),
        ),
        ("one that does not say which it is", "", [came(None, 7), came(5, 7, 2)], (5, 7, "first delivery")),
        ("one without an App", "", [came(5, None)], (5, None, "first delivery")),
        ("another repository", "", [one("x", repo="acme/other", repo_id=9)], (None, None, "")),
        ("the rules say both", PINNED, [came(6, 8)], (5, 7, "rules")),
        ("the rules say the repository", "id: 5, ", [came(6, 8), came(5, 7, 2)], (5, 7, "rules")),
        ("the rules say the installation", "installation: 7, ", [came(5, 8)], (5, 7, "first delivery")),
    ],
)
def test_what_binds_a_name(box, why, said, arrived, bound):
    found = Sources(box.database).bind(rules(said), Memory(), arrived)
    assert found == {"acme/dev": Bound("acme/dev", *bound)}, why


def test_the_first_word_holds_on_another_machine_too(tmp_path):
    store = Memory()
    for name, arrived in (("a", [came(5, 7)]), ("b", [came(6, 8)]), ("c", [])):
        box = Inbox(str(tmp_path / f"{name}.db"))
        found = Sources(box.database).bind(rules(), store, arrived)
        box.close()
        assert found["acme/dev"][1:3] == (5, 7), name


def test_the_rules_have_the_last_word(box):
    """A repository that was made anew: whoever looks after the rules says so."""
    store = Memory()
    Sources(box.database).bind(rules(), store, [came(5, 7)])
    found = Sources(box.database).bind(rules("id: 6, installation: 8, "), store, [])
    assert found["acme/dev"] == Bound("acme/dev", 6, 8, "rules")


def test_what_the_rules_name_no_longer_is_no_source(box):
    sources = Sources(box.database)
    assert sources.aside(came(5, 7)) is None  # nobody has looked at the rules yet
    sources.bind(rules(), Memory(), [came(5, 7)])
    assert sources.aside(came(5, 7)) is None
    other = load(small(MINIMAL.decode().replace("acme/dev", "acme/other")), catalog())
    sources.bind(other, Memory(), [])
    assert sources.aside(came(5, 7)) == Aside("refused", "acme/DEV is no source")


def test_another_process_sees_it_at_once(tmp_path):
    boxes = [Inbox(str(tmp_path / "inbox.db")) for _ in range(2)]
    worker, web = (Sources(box.database) for box in boxes)
    worker.bind(rules(PINNED), Memory(), [])
    assert web.all() == worker.all()
    assert web.aside(came(6, 7)) == Aside("refused", "acme/DEV is repository 5, and this is 6")
    for box in boxes:
        box.close()


def test_what_is_in_the_store_and_no_word_of_ours_is_not_believed_and_keeps_that_source_waiting(box):
    store, sources = Memory(), Sources(box.database)
    version = store.put_if_absent("sources/acme/dev", b"{}") or ""
    two = MINIMAL.decode().replace(
        '[{repo: acme/dev, owns: ["**"]}', "[{repo: acme/dev, owns: [y]}, {repo: acme/other, owns: [x]}"
    )
    both = load(small(two), catalog())
    other = one("o", repo="acme/other", repo_id=9, installation=7)
    found = sources.bind(both, store, [came(5, 7), other])
    assert found["acme/dev"].unknown.startswith("ENG193 ")
    assert found["acme/other"] == Bound("acme/other", 9, 7, "first delivery")
    assert [aside(each, found) for each in (came(5, 7), other)] == [Aside("waiting", found["acme/dev"].unknown), None]
    assert list(unreadable(store)) == ["sources/acme/dev"]
    assert sources.aside(came(5, 7)) is None, "it is taken, and waits"
    store.delete("sources/acme/dev", version)
    assert sources.bind(both, store, [came(5, 7)])["acme/dev"] == Bound("acme/dev", 5, 7, "first delivery")
    assert list(unreadable(store)) == []


def test_a_record_that_is_broken_later_lets_no_stranger_in(box):
    """Another process reads it anew: what the receiver knew of the source still holds."""
    Sources(box.database).bind(rules(), Memory(), [came(5, 7)])
    store, sources = Memory(), Sources(box.database)
    store.put_if_absent("sources/acme/dev", b"{}")
    assert sources.bind(rules(), store, [came(5, 7)])["acme/dev"].unknown
    assert sources.aside(came(5, 7)) is None
    assert sources.aside(came(6, 7)) == Aside("refused", "acme/DEV is repository 5, and this is 6")


def test_a_store_that_does_not_answer_keeps_all_waiting(box):
    class Gone(Memory):
        def get(self, key):
            raise failure("ENG592", store="x", what="get", reason="no answer")

    with pytest.raises(EngineError, match="ENG592"):
        Sources(box.database).bind(rules(), Gone(), [came(5, 7)])


def test_the_store_is_asked_once(box):
    asked: list[str] = []

    class Counting(Memory):
        def get(self, key):
            asked.append(key)
            return super().get(key)

    sources, store = Sources(box.database), Counting()
    for _ in range(5):
        sources.bind(rules(), store, [came(5, 7)])
    assert len(asked) == 2  # nothing there; and what is there by then
