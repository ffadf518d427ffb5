"""Which commit a name stands for: a branch, a tag, the beginning of an id; and what to say where it stands for none."""

import re
from functools import cached_property

from engine.adapters.git import place
from engine.adapters.git.commits import History
from engine.adapters.git.objects import Objects
from engine.errors import failure
from engine.names import closest, listing

# What no ref may contain (git-check-ref-format), and no option, exclusion or path; then steps back, as git has them.
_REVISION = re.compile(r"([^-^:?*\[\\\s\0-\x1f\x7f~][^:?*\[\\\s\0-\x1f\x7f~^]*)((?:[~^][0-9]{0,4})*)(\^\{commit\})?")
_STEP = re.compile(r"([~^])([0-9]*)")
_ABBREVIATION = re.compile(r"[0-9a-f]{4,64}")
_TAGGED = re.compile(rb"object ([0-9a-f]{40,64})\ntype (commit|tag|tree|blob)\n")
_TAGS = 10  # of tags
_PLACES = ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/")  # where git looks for a name


class Names:
    """The names of one clone: `directory` as it was asked for, and what it says."""

    def __init__(
        self, directory: str, where: place.Place, settings: place.Settings, objects: Objects, history: History
    ) -> None:
        self._directory, self._place, self._settings = directory, where, settings
        self._objects, self._history = objects, history

    @cached_property
    def _refs(self) -> place.Refs:
        if self._settings.ref_storage != "files":
            raise failure("ENG361", path=self._directory, what="its refs", found=self._settings.ref_storage[:40])
        return place.Refs(self._place)

    def resolve(self, revision: str) -> str:
        """The commit that a name stands for: a branch, a tag, an id or its beginning, and `~` or `^` behind it.

        Raises:
            EngineError: not a revision, not known here, ambiguous, or this is no repository.
        """
        match = _REVISION.fullmatch(revision)
        if match is None or ".." in revision or "@{" in revision:
            raise failure("ENG352", name=revision)
        found = self._commit_of(self._named(match[1]), revision)
        for kind, count in _STEP.findall(match[2]):
            number = int(count or 1)
            for _ in range(number if kind == "~" else min(number, 1)):
                parents = self._history.commit(found).parents
                nth = number if kind == "^" else 1
                if len(parents) < nth:
                    hint = self._way_to(revision) or f"`{match[1]}` has fewer commits before it: name a later one"
                    raise failure("ENG351", name=revision, hint=hint)
                found = self._commit_of(parents[nth - 1], revision, found)
        return found

    def _named(self, name: str) -> str | None:
        if name == "@" or name in place.OWN:
            return self._refs.tip("HEAD" if name == "@" else name)
        if len(name) == self._settings.id_bytes * 2 and _ABBREVIATION.fullmatch(name):
            return name
        full = [name] if name.startswith("refs/") else [f"{above}{name}" for above in _PLACES]
        tips = {ref: tip for ref in full if place.is_name(ref) and (tip := self._refs.tip(ref)) is not None}
        if len(tips) > 1:
            raise failure("ENG362", name=name, names=listing(tips))
        if tips:
            return next(iter(tips.values()))
        (found,) = self._objects.about([name]) if _ABBREVIATION.fullmatch(name) else [None]
        return found.id if found else None

    def _commit_of(self, name: str | None, asked: str, child: str | None = None) -> str:
        """The commit that an object is, or that a tag leads to."""
        for _ in range(_TAGS):
            (found,) = self._objects.about([name]) if name is not None else [None]
            if found is None and child is not None:
                raise self._history.lacks(str(name), child)
            if found is None or found.kind not in ("commit", "tag"):
                break
            if found.kind == "commit":
                return found.id
            match = _TAGGED.match(self._objects.read([found.id], "tag")[found.id])
            name = match[1].decode() if match else None
        raise failure("ENG351", name=asked, hint=self._way_to(asked))

    def _way_to(self, name: str) -> str:
        """What brings a commit that is not here; empty where only fetching it can."""
        branch = name.removeprefix("origin/")
        tracked = f"refs/remotes/origin/{branch}"
        if branch == name and self.has(tracked):
            return f"say origin/{name}"
        if place.cut_off(self._place):
            return "this clone is shallow: fetch all branches with --unshallow (in Actions: fetch-depth: 0)"
        if branch != name:
            return f"git fetch origin +refs/heads/{branch}:{tracked}"
        near = closest(name, self._refs.branches())
        return f"{near} Otherwise fetch it: git fetch origin {name}" if near else ""

    def ref(self, name: str) -> str | None:
        """The commit that a ref of this full name leads to; None where there is none.

        Raises:
            EngineError: the ref names no commit that is here.
        """
        tip = self._refs.tip(name) if place.is_name(name) else None
        return None if tip is None else self._commit_of(tip, name)

    def has(self, ref: str) -> bool:
        """Is there a ref of this full name?

        Raises:
            EngineError: it holds something else than an id.
        """
        return place.is_name(ref) and self._refs.tip(ref) is not None
