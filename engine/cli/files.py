"""What several commands read alike: the event, the rules, the store."""

from typing import TYPE_CHECKING, NamedTuple

from engine.errors import failure

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from engine.adapters.storage.port import Store


class Given(NamedTuple):
    """An event as somebody handed it over."""

    data: bytes
    name: str | None  # None: it has to tell by itself
    file: str


def read_event_file(file: str | None, name: str | None) -> Given:
    """The event of `--event` and `--event-name`, or that of the GitHub Actions job we run in.

    Raises:
        EngineError: there is none, or it cannot be read.
    """
    from engine.adapters import files
    from engine.core.events.body import LIMIT

    if file is None:
        from engine.adapters.settings import actions_event

        file, known = actions_event()
        name = name or known
    if file is None:
        raise failure("ENG202")
    return Given(files.read(file, LIMIT), name, file)


def open_store(uses: str) -> "Store":
    """The store that ENGINE_STORE names, for the command `uses`.

    Raises:
        EngineError: ENG203, it names none; or it cannot be used.
    """
    from engine.adapters import settings
    from engine.adapters.storage.named import opened

    place = settings.read().store
    if place is None:
        raise failure("ENG203", uses=uses, reason="ENGINE_STORE names none")
    return opened(place)


def rules_option(parser: "ArgumentParser", *, whole: bool = False, default: str | None = ".") -> None:
    """`--rules`, in every command the same. `whole`: more is read there than the rules."""
    said = "the rules: their directory or first file; module and policies stand beside it (default: .)"
    if whole:
        parser.add_argument("--rules", metavar="PATH", default=default, dest="controller", help=said)
    else:
        parser.add_argument("--rules", metavar="PATH", default=default, help=said)


def shipped_option(parser: "ArgumentParser") -> None:
    """`--shipped`: nobody gets what comes with the engine without asking for it."""
    said = "the module and the policies that come with the engine, where none stand beside the rules"
    parser.add_argument("--shipped", action="store_true", help=said)
