"""What people tell `engine serve`: rows of `Deed`, each a form of the pages and an operation of the API in one.

A deed is the word of whoever's token it is; it calls what the command of the same name calls, and what that refuses is
refused here. Who asks twice at once has asked once: what is done is looked at by whoever does it, under its own lock.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from engine.errors import failure
from engine.run import freezing
from engine.run.kept.freezes import Said
from engine.run.kept.owner import owner
from engine.service import asking

if TYPE_CHECKING:
    from engine.adapters.settings import Settings
    from engine.adapters.storage.port import Store
    from engine.run.audit import Trail
    from engine.run.ports import Secrets
    from engine.service.inbox import Inbox
    from engine.service.runs import Runs
    from engine.service.views import Sources

Json = Mapping[str, Any]


class Hands(NamedTuple):
    """What deeds are done with."""

    inbox: "Inbox"
    runs: "Runs"
    store: "Store"
    trail: "Callable[[str, str], Trail]"  # of what is said by a run's id at a moment
    environments: Callable[[], Iterable[str]]  # that the rules name now
    now: Callable[[], str]

    @property
    def say(self) -> asking.Say:
        """Something in the trail."""
        return asking.saying(self.store, self.trail, self.now)


def hands(sources: "Sources", settings: "Settings", secrets: "Secrets") -> Hands:
    """Those of a service: `sources` with an inbox and runs; the trail is the one of the store that is set."""
    assert sources.inbox, "nothing is done where nothing is served"
    assert sources.runs, "nothing is done where nothing is served"
    trail = asking.trails(sources.store, secrets, settings)
    return Hands(sources.inbox, sources.runs, sources.store, trail, sources.environments, sources.now)


class Field(NamedTuple):
    """One field of a form, a text of the body in the API."""

    about: str
    among: tuple[str, ...] = ()  # what it may be; empty: any text
    default: str | None = None  # None: it has to be there
    longest: int = freezing.LONGEST_REASON


class Deed(NamedTuple):
    """One thing to do. What its path names is handed to `do` with the fields."""

    name: str  # operationId
    path: str  # below the root, and below /api/v1
    about: str
    do: Callable[[Hands, str, Mapping[str, str]], Json]  # (with what, the name of who asks, path and fields)
    back: str  # where a browser goes then
    answers: str  # the name of the answer's schema
    fields: Mapping[str, Field] = {}


def asked(deed: Deed, given: Mapping[str, Any]) -> dict[str, str]:
    """The deed's fields, of a form or of a body.

    Raises:
        EngineError: ENG803, one is missing, is no text, or not among what it may be.
    """
    found = {}
    for name, field in deed.fields.items():
        value = given.get(name, field.default)
        if not isinstance(value, str) or len(value) > field.longest or (field.among and value not in field.among):
            wanted = (
                f"one of {', '.join(field.among)}" if field.among else f"a text of at most {field.longest} characters"
            )
            raise failure("ENG803", field=name, reason=f"it has to be {wanted}")
        found[name] = value
    return found


def _redeliver(hands: Hands, who: str, given: Mapping[str, str]) -> Json:
    return asking.redeliver(hands.inbox, given["delivery"], who, hands.say).to_json()


def _cancel(hands: Hands, who: str, given: Mapping[str, str]) -> Json:
    return asking.cancel(hands.runs, given["run"], who, hands.say).to_json()


def _resume(hands: Hands, who: str, given: Mapping[str, str]) -> Json:
    return asking.resume(hands.runs, given["run"], who, hands.say).to_json()


def _freeze(hands: Hands, who: str, given: Mapping[str, str]) -> Json:
    if not hands.store.durable:
        raise failure("ENG203", uses="freeze", reason="this one is of this process alone")
    environment = None if given["environment"] == freezing.ALL else given["environment"]
    try:
        why = freezing.reason(given["reason"])
    except ValueError as error:
        raise failure("ENG803", field="reason", reason=error) from None
    freezing.check(hands.store, environment, hands.environments)
    with owner(None) as me:
        said = Said(me.id, environment, given["state"] == "on", who, hands.now(), why)
    freezing.say(hands.store, hands.trail(said.run, said.at), said)
    return {"active": said.active, **freezing.told(said)}


DEEDS = (
    Deed(
        "redeliver",
        "/deliveries/{delivery}/redeliver",
        "Handle a delivery again, from its kept body.",
        _redeliver,
        "/deliveries",
        "Delivery",
    ),
    Deed("cancel", "/runs/{run}/cancel", "End a run, as soon as that harms nothing.", _cancel, "/runs/{run}", "Run"),
    Deed("resume", "/runs/{run}/resume", "Let a run go on that has not ended well.", _resume, "/runs/{run}", "Run"),
    Deed(
        "freeze",
        "/freeze",
        "Freeze an environment or all of them, or end that.",
        _freeze,
        "/freeze",
        "Frozen",
        {
            "state": Field("Freeze it, or end that.", ("on", "off")),
            "environment": Field("Which one; `all` for all of them.", default=freezing.ALL),
            "reason": Field("Why, in one line; whoever waits is told."),
        },
    ),
)
