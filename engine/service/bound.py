"""Which repositories may send: names that the rules declare, bound to the ids that GitHub gives.

A name can be given up and taken by somebody else, and whoever installs our App gets its webhooks signed by our secret.
So a source is bound to the repository's id and the installation's: by `id` and `installation` of the rules, or by
what its first delivery said, which the store remembers. Whatever names others later is refused, and shown.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from engine.adapters.storage.port import Store
from engine.core.kept.record import DISBELIEVED
from engine.core.rules.model import Rules, Source
from engine.errors import EngineError
from engine.run.kept import sources as kept
from engine.run.kept.sources import Ids
from engine.service.database import Database
from engine.service.delivery import Delivery

SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    repo TEXT PRIMARY KEY, repo_id INTEGER, installation INTEGER, said_by TEXT NOT NULL)
"""


class Bound(NamedTuple):
    """A source, and what it is bound to."""

    repo: str  # owner/name in small letters
    repo_id: int | None  # None: nothing of it has come yet
    installation: int | None  # None: that, or its webhook is none of an App
    said_by: str  # `rules`, `first delivery`, or nothing
    unknown: str = ""  # why nobody can tell what it is bound to: then what it sends waits


class Aside(NamedTuple):
    """Why a delivery leads to nothing, whatever the rules say of its event."""

    state: Literal["kept", "refused", "waiting"]
    reason: str


def aside(delivery: Delivery, sources: Mapping[str, Bound]) -> Aside | None:
    """None where it is from a source.

    What is no source is kept as seen where the source's own installation sees it, and refused from anywhere else.
    """
    if not delivery.repo:
        return Aside("kept", "it is of no repository")
    found = sources.get(delivery.repo.lower())
    if found is None:
        ours = {one.installation for one in sources.values()} - {None}
        return Aside("kept" if delivery.installation in ours else "refused", f"{delivery.repo} is no source")
    if found.unknown:
        return Aside("waiting", found.unknown)
    if delivery.repo_id is None:
        return Aside("refused", f"it does not say which repository {delivery.repo} is")
    if found.repo_id is not None and found.repo_id != delivery.repo_id:
        return Aside("refused", f"{delivery.repo} is repository {found.repo_id}, and this is {delivery.repo_id}")
    if found.installation is not None and found.installation != delivery.installation:
        named = "none" if delivery.installation is None else str(delivery.installation)
        why = f"{delivery.repo} is of installation {found.installation}, and this names {named}"
        return Aside("refused", why)
    return None


class Sources:
    """The table of them: the worker writes what the rules and the store say, the receiver reads it."""

    def __init__(self, database: Database) -> None:
        """`database` is the inbox's. Raises sqlite3.Error."""
        self._database = database
        self._first: dict[str, Ids] = {}  # as the store has said it to this process
        with database.writing() as tables:
            tables.execute(SCHEMA)

    def bind(self, rules: Rules, store: Store, deliveries: Iterable[Delivery]) -> Mapping[str, Bound]:
        """The sources of now; those that had no ids are bound by what came first among `deliveries`.

        Raises:
            EngineError: the store fails. What it says of one source and cannot be believed is for that source alone.
        """
        arrived = sorted((one for one in deliveries if one.repo_id is not None), key=lambda one: one.number)
        found = {source.repo.lower(): self._bound(source, store, arrived) for source in rules.sources}
        before = self.all()
        # What was known of one that nobody can tell just now goes on keeping strangers out.
        known = {
            name: before.get(name, bound._replace(unknown="")) if bound.unknown else bound
            for name, bound in found.items()
        }
        if known != before:
            with self._database.writing() as tables:
                tables.execute("DELETE FROM sources")
                tables.executemany("INSERT INTO sources VALUES (?, ?, ?, ?)", [one[:-1] for one in known.values()])
        return found

    def all(self) -> Mapping[str, Bound]:
        """By name. Empty where no worker has looked at the rules yet: then nobody can tell."""
        return {row["repo"]: Bound(*row) for row in self._database.rows("SELECT * FROM sources")}

    def aside(self, delivery: Delivery) -> Aside | None:
        """As the function of that name, as far as it can be told yet."""
        found = self._database.rows("SELECT * FROM sources WHERE repo = ?", [delivery.repo.lower()])
        known = {row["repo"]: Bound(*row) for row in found} or self.all()
        return aside(delivery, known) if known else None

    def _bound(self, source: Source, store: Store, arrived: Iterable[Delivery]) -> Bound:
        name = source.repo.lower()
        if source.id is not None and source.installation is not None:
            return Bound(name, source.id, source.installation, "rules")
        if name not in self._first:
            fits = (one for one in arrived if one.repo.lower() == name and source.id in (None, one.repo_id))
            new = next((Ids(one.repo_id, one.installation) for one in fits if one.repo_id is not None), None)
            try:
                found = kept.first(store, name, new)
            except EngineError as error:
                first_problem = error.problems[0]
                if first_problem.code not in DISBELIEVED:
                    raise
                return Bound(name, None, None, "", f"{first_problem.code} {first_problem.message}")
            if found:
                self._first[name] = found
        first = self._first.get(name)
        if first is not None and source.id not in (None, first.repo_id):
            first = None  # the rules have the last word
        said_by = "rules" if source.id is not None else "first delivery" if first else ""
        return Bound(
            name,
            source.id or (first.repo_id if first else None),
            source.installation or (first.installation if first else None),
            said_by,
        )
