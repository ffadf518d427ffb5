"""From the paths that a change touches to resources that can be planned, and to everything that must be refused.

A resource with a refusal is not listed; a change with any refusal is refused as a whole by its gate, yet the good
resources are listed, so that one look tells all.
"""

from collections.abc import Collection, Iterator, Mapping

from engine.core.alone import alone
from engine.core.canonical import digest
from engine.core.resources import tfvars as tfvars_files
from engine.core.resources.changes import refuse
from engine.core.resources.environment import Environments, Target
from engine.core.resources.locate import MOST_DOCUMENTS, TFVARS, Id, Layout, candidates, layout, locate
from engine.core.resources.model import EMPTY_TREE, Discovery, Resource
from engine.core.resources.paths import Paths
from engine.core.resources.services import COMMON, Services
from engine.core.resources.tfvars import Json, Tfvars
from engine.core.resources.tree import LARGEST_FILE, Contents, Edit, change_digest
from engine.core.resources.unlikely import Actions
from engine.core.resources.values import Fitted, fit
from engine.core.rules.model import Rules, Source
from engine.core.source import load_json
from engine.errors import EngineError, Errors, Place, Problem, problem
from engine.names import closest, either, listing
from engine.printable import in_line

__all__ = ["Discovery", "Resource", "discover"]

MOST_CHANGES = 10_000  # paths of one change

_DESTROY, _MOVE = "--allow-destroy", "--allow-move"


def discover(
    contents: Contents,
    services: Services,
    rules: Rules,
    source: Source,
    *,
    allow_destroy: Collection[str] = (),
    allow_move: Collection[str] = (),
    actions: Actions | None = None,
) -> Discovery:
    """Make resources of a change. `allow_…` name resources by path; one that fits nothing is refused too.

    `actions` knows which AWS has: without it, nothing is warned of in documents.
    """
    allowed = {
        option: {p.rstrip("/") for p in paths} for option, paths in ((_DESTROY, allow_destroy), (_MOVE, allow_move))
    }
    if contents.is_one_change and len(contents.changes) > MOST_CHANGES:
        many = problem("ENG348", Place("."), number=len(contents.changes), limit=MOST_CHANGES)
        return Discovery(None, None, (), (many,), change_digest(contents.changes))
    work = _Work(contents, services, rules, source, allowed, actions)
    resources = work.resources()
    work.unused_permissions()
    environment = work.environments.one(contents.everything or not contents.is_one_change)
    return Discovery(
        environment.name if environment else None,
        environment.branch if environment else None,
        tuple(sorted(resources, key=lambda r: r.path)),
        work.errors.problems,
        change_digest(contents.changes),
        environment is not None and environment.applies,
    )


class _Work:
    """One discovery: its inputs, and the refusals so far."""

    def __init__(
        self,
        contents: Contents,
        services: Services,
        rules: Rules,
        source: Source,
        allowed: Mapping[str, set[str]],
        actions: Actions | None,
    ) -> None:
        self.errors = Errors()
        self.environments = Environments(rules, self.errors)
        self._paths = Paths(contents, services, source, self.errors)
        self._contents = contents._replace(changes=tuple(sorted(contents.changes, key=lambda c: c.path)))
        self._services, self._actions = services, actions
        self._allowed = allowed
        self._asked: dict[str, set[str]] = {option: set() for option in allowed}

    def resources(self) -> list[Resource]:
        """All resources that nothing speaks against."""
        self._paths.judge()
        found = []
        for resource, changes in candidates(self._contents, self._services).items():
            refused = self.errors.watch()
            one = self._alone(resource, changes)
            if one is not None and not refused and not any(map(self._paths.is_refused, changes)):
                found.append(one)
        return found

    def _alone(self, resource: Id, changes: list[Edit]) -> Resource | None:
        stem = f"{resource.directory}/{resource.name}"
        try:
            with alone(in_line(stem), Place(in_line(stem))):
                return self._resource(resource, changes)
        except EngineError as error:
            self.errors.extend(error.problems)
            return None

    def _resource(self, resource: Id, changes: list[Edit]) -> Resource | None:
        here = layout(resource, self._contents.directories, self._services)
        before = [c for c in changes if c.old and _former_path(c).endswith(TFVARS) and self._is_of(c, resource)]
        return self._present(here, changes, before) if here.tfvars else self._absent(here, before)

    def _absent(self, here: Layout, before: list[Edit]) -> Resource | None:
        """No .tfvars at the head: destroyed, moved away, or never a resource."""
        is_flat = here.path.endswith(TFVARS)
        told = any(refuse(path, entry) for path, entry in here.documents.items())
        if here.documents and (before or not is_flat) and not told:
            expected = here.path if is_flat else f"{here.path}/{here.id.name}{TFVARS}"
            names = listing(map(in_line, here.documents))
            self.errors.add("ENG314", Place(here.path), path=here.path, expected=expected, names=names)
        gone = next((c for c in before if not self._arrives(c)), None)
        if gone is None:
            return None
        file = _former_path(gone)
        path = _path_of(file, here.id)
        # Named in any case: its pull request goes to the branch where somebody can ask for it.
        to = self.environments.of(self._former(gone), lambda: Place(file))
        if not self._may(_DESTROY, path):
            self.errors.add("ENG345", Place(file), path=path)
            return None
        if to is None:
            return None
        key = here.id.state_key(to.branch)
        variables: dict[str, Json] = {COMMON: to.name}
        return Resource(
            here.id.service, here.id.name, path, key, "deleted", to.name, file, {}, EMPTY_TREE, variables, {}
        )

    def _present(self, here: Layout, changes: list[Edit], before: list[Edit]) -> Resource | None:
        if len(here.documents) > MOST_DOCUMENTS:
            place, number = Place(here.path), len(here.documents)
            self.errors.add("ENG347", place, path=here.path, number=number, limit=MOST_DOCUMENTS)
            return None
        sound = self._sound(here)
        (path, entry), *more = here.tfvars.items()
        if here.is_twice or more or path not in sound:
            return None  # refused above
        try:
            file = tfvars_files.read(self._contents.blobs[entry.id], path)
        except EngineError as error:
            self.errors.extend(error.problems)
            return None
        fitted = self._variables(file, here, sound)
        if not file.values:
            return None  # an empty file: that is refused, and nothing is missing in it
        if COMMON not in file.values and any(closest(name, (COMMON,)) for name in file.values):
            return None  # it is there by another name, which is refused
        to = self.environments.of(file.values.get(COMMON), lambda: file.place(COMMON))
        if to is None or fitted is None:
            return None
        files = {p: e.id for p, e in sorted({**here.tfvars, **here.documents}.items())}
        top = len(here.id.directory if here.path.endswith(TFVARS) else here.path) + 1
        return Resource(
            service=here.id.service,
            name=here.id.name,
            path=here.path,
            state_key=here.id.state_key(to.branch),
            change=self._change(here, file, to, changes, before),
            environment=to.name,
            tfvars=path,
            files=files,
            tree=digest({p[top:]: object_id for p, object_id in files.items()}),
            variables=fitted.variables,
            lines=file.lines,
            warned=(*file.warned, *self._warned(here, sound), *fitted.warned),
            texts={p: self._contents.blobs[object_id] for p, object_id in files.items() if p in sound},
            waits_for=fitted.waits_for,
        )

    def _warned(self, here: Layout, sound: set[str]) -> Iterator[Problem]:
        """What is odd about documents that are good."""
        for path, entry in here.documents.items():
            data = self._contents.blobs[entry.id] if path in sound else b""
            if not data.isascii():
                yield from load_json(data, path, reviewed=True).warned

    def _sound(self, here: Layout) -> set[str]:
        """The files that may be read; what does not belong there is refused, whether this change brought it or not."""
        sound: set[str] = set()
        place = Place(here.path)
        stem = f"{here.id.directory}/{here.id.name}"
        if here.is_twice:
            self.errors.add("ENG315", place, name=here.id.name, path=stem)
        if len(here.tfvars) > 1:
            names = listing(map(in_line, here.tfvars))
            self.errors.add("ENG313", place, path=here.path, number=len(here.tfvars), names=names)
        for path, entry in (*here.tfvars.items(), *here.documents.items(), *here.others.items()):
            problem = refuse(path, entry)
            if path in here.others and (problem is None or problem.code == "ENG300"):
                self.errors.add("ENG319", Place(in_line(path)), path=in_line(path))
            elif problem is not None:
                self.errors.extend([problem])
            elif entry.id in self._contents.oversized:
                size = self._contents.oversized[entry.id]
                self.errors.add("ENG309", Place(path), path=path, size=size, limit=LARGEST_FILE)
            else:
                sound.add(path)
            self._paths.owned(path)
        parts = stem.split("/")
        for i, part in enumerate(parts):
            twins = self._contents.directories["/".join(parts[:i])].folded.get(part.casefold(), ())
            other = next((t for t in twins if t.removesuffix(TFVARS) != part), None)
            if other is not None:
                self.errors.add("ENG316", place, path=part, other=in_line(other))
        return sound

    def _variables(self, file: Tfvars, here: Layout, sound: set[str]) -> Fitted | None:
        blobs = self._contents.blobs
        beside = {p.rpartition("/")[2]: blobs[e.id] for p, e in here.documents.items() if p in sound}
        try:
            fitted = fit(file, here.id.service, self._services, beside, self._actions)
        except EngineError as error:
            self.errors.extend(error.problems)
            return None
        for path in here.documents:
            name = path.rpartition("/")[2]
            if name in beside and name not in fitted.used:
                self.errors.add("ENG318", Place(path), path=path, name=name)
        return fitted

    def _change(self, here: Layout, file: Tfvars, to: Target, changes: list[Edit], before: list[Edit]) -> str:
        """`added`, `modified`, `moved` or `unchanged`. A move that nobody asked for is refused, and yet one."""
        arrival = next((c for c in changes if c.path == file.file and c.old_path), None)
        if before:
            was = to.name if _begins_alike(file, self._contents.blobs, before[0]) else self._former(before[0])
            if was is None or was == to.name:
                return "modified"
            if not self._may(_MOVE, here.path):
                self.errors.add("ENG343", file.place(COMMON), path=here.path, old=was, new=to.name)
            return "moved"
        old = self._id(_former_path(arrival)) if arrival is not None else None
        if arrival is None or old is None:
            is_new = any(c.path == file.file for c in changes)
            return "added" if is_new else "modified" if changes else "unchanged"
        if not self._may(_MOVE, here.path):
            key, path = old.state_key(to.branch), _path_of(_former_path(arrival), old)
            self.errors.add("ENG344", Place(file.file), path=here.path, old=in_line(path), state_key=in_line(key))
        return "moved"

    def _former(self, change: Edit) -> str | None:
        """The environment in the base's version of a file; None where it names none, so that it was never applied."""
        data = self._contents.blobs.get(change.old.id) if change.old else None
        if data is None:  # too large, a link or a submodule: it was refused when it came
            return None
        try:
            value = tfvars_files.read(data, _former_path(change)).values.get(COMMON)
        except EngineError:
            return None
        return value if isinstance(value, str) else None

    def _may(self, option: str, path: str) -> bool:
        self._asked[option].add(path)
        return path in self._allowed[option]

    def unused_permissions(self) -> None:
        """Refuse a permission that fits nothing: it is a typo, or an answer to another change."""
        for option, paths in self._allowed.items():
            for path in sorted(paths - self._asked[option]):
                known = either(self._asked[option])
                self.errors.add("ENG346", Place(in_line(path)), option=option, path=in_line(path), known=known)

    def _id(self, path: str) -> Id | None:
        location = locate(path, self._services)
        return location.id if location else None

    def _is_of(self, change: Edit, resource: Id) -> bool:
        return self._id(_former_path(change)) == resource

    def _arrives(self, change: Edit) -> bool:
        """Has a removed .tfvars only been renamed, to where it describes a resource again?"""
        return change.new is not None and change.path.endswith(TFVARS) and self._id(change.path) is not None


def _former_path(change: Edit) -> str:
    return change.old_path or change.path


def _path_of(file: str, resource: Id) -> str:
    """The resource's path, in the form that this file of it shows."""
    stem = f"{resource.directory}/{resource.name}"
    return stem if file.startswith(f"{stem}/") else f"{stem}{TFVARS}"


def _begins_alike(file: Tfvars, blobs: Mapping[str, bytes], former: Edit) -> bool:
    """Are the bytes up to the end of the `environment` line the same? Then so is its value; no need to parse."""
    assert former.old is not None
    end = file.ends.get(COMMON, 0)
    return end > 0 and blobs.get(former.old.id, b"")[: end + 1] == file.data[: end + 1]
