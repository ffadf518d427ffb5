"""The files of the rules, from a directory that is trusted: the controller's checkout, never a pull request's head."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from engine.adapters import files
from engine.adapters.git.whose import is_bare, is_checkout, whose
from engine.core.expressions.globs import glob
from engine.core.rules.draft import APPROVERS, ENTRY, SPECIAL, document
from engine.errors import EngineError, Errors, Place, failure

if TYPE_CHECKING:
    from engine.core.rules.model import Rules
    from engine.core.signature import TrustedKeys

MAX_FILES = 10_000


def place_of(path: str) -> tuple[str, str]:
    """Directory and first file of the rules that `path` names: their directory, or that file."""
    if os.path.isfile(path) or (path.endswith((".yaml", ".yml")) and not os.path.isdir(path)):
        directory, entry = os.path.split(path)
        return directory or os.curdir, entry
    return path, ENTRY


def beside(path: str) -> str:
    """Where module and policies of the rules that `path` names stand."""
    return os.path.abspath(place_of(path)[0])


def load_rules(path: str) -> "Rules":
    """The rules of a directory, or those that begin in a file.

    Raises:
        EngineError: all that keeps them from loading.
    """
    return load_files(read_rules(*place_of(path)), path)


def load_files(found: Mapping[str, bytes], path: str) -> "Rules":
    """The same of files that have been read; once for the same ones.

    Raises:
        EngineError: they do not load.
    """
    return _loaded(tuple(found.items()), place_of(path)[1])


@lru_cache(maxsize=1)
def _loaded(found: tuple[tuple[str, bytes], ...], entry: str) -> "Rules":
    """A run asks for them before it begins, and once for each pipeline."""
    from engine.core.rules.load import load
    from engine.run.catalog import catalog

    return load(dict(found), catalog(), entry)


def read_rules(directory: str, entry: str = ENTRY) -> Mapping[str, bytes]:
    """The entry file, what its `include` matches, and the approvers, by their path inside `directory`.

    A file that is missing is left to `core.rules`, which knows what it is for.

    Raises:
        EngineError: a file that cannot be read, or that is a link out of the directory.
    """
    if not os.path.isdir(directory):
        raise failure("ENG001", file=directory, reason="there is no such directory")
    errors, found, root = Errors(), dict[str, bytes](), os.path.realpath(directory)

    def add(paths: Iterable[str]) -> None:
        for path in paths:
            try:
                found[path] = found[path] if path in found else _read(directory, root, path)
            except EngineError as error:
                errors.extend(error.problems)

    add(name for name in (entry, APPROVERS, SPECIAL) if os.path.lexists(os.path.join(directory, name)))
    if patterns := _patterns(found[entry], entry) if entry in found else ():
        add(_matching(directory, patterns))
    errors.check()
    return found


def keys(file: str | None) -> "TrustedKeys":
    """Whose statements are believed: the keys in `file`, never in one that happens to lie here.

    Raises:
        EngineError: none is named (ENG010); it cannot be read or is not right.
    """
    from engine.core.verdict.trust import load_trusted_keys

    if file is None:
        raise failure("ENG010")
    if not os.path.lexists(file):
        raise failure("ENG751", file=file)
    return load_trusted_keys(files.read(file), file)


def stand_apart(
    controller: str, repo: str | None, *names: str | None, commits: Iterable[str] = (), search_path: str
) -> None:
    """Nothing, if the rules in `controller` are not those of what they judge: the clone `repo`, or one of `names`.

    Another clone of it, another work tree and a submodule are no other repository: whoever can push there chooses what
    they hold. A clone that does not say what it is a clone of is known by the `commits` of the change, which git, found
    on `search_path`, is asked for.

    Raises:
        EngineError: ENG559, whoever can push there could change them.
    """
    mine = whose(controller, bare=False)
    judged = {name.casefold() for name in names if name}
    same = (repo is not None and mine.shares(whose(repo))) or bool(mine.origins & judged)
    if same or (mine.common and any(_holds(mine.top, commit, search_path) for commit in commits)):
        raise failure("ENG559", directory=controller)


def commit(controller: str, search_path: str) -> str | None:
    """Which commit the controller's checkout is at; None: it is no checkout, or that cannot be told.

    For people who look for the rules later. What was decided and made by goes by digests, never by this name.
    """
    from engine.adapters.git.repository import Repository

    if not whose(controller, bare=False).common:
        return None
    git = Repository(controller, path=search_path)
    try:
        return git.resolve("HEAD")
    except EngineError:
        return None
    finally:
        git.close()


def unnamed(directory: str, judged: str | None, commits: Iterable[str], search_path: str) -> None:
    """The same for rules that nobody has named, but that lie here. Git is asked only where the origin does not tell.

    Raises:
        EngineError: ENG559.
    """
    asked = () if whose(directory).hosted else commits
    stand_apart(directory, None, judged, commits=asked, search_path=search_path)


def _holds(checkout: str, commit: str, search_path: str) -> bool:
    from engine.adapters.git.repository import Repository

    try:
        return bool(Repository(checkout, path=search_path).resolve(commit))
    except EngineError as error:
        if error.problems[0].code in ("ENG350", "ENG351"):  # no repository at all, or without it
            return False
        raise


def _is_repository(folder: str) -> bool:
    return is_checkout(folder) or is_bare(folder)


def _patterns(content: bytes, entry: str) -> Sequence[str]:
    """`include` of the entry file, as far as it can be read; `core.rules` says what is wrong with it."""
    read = document(content, entry).document
    data = read.data if read else None
    include = data.get("include") if isinstance(data, dict) else None
    return [pattern for pattern in include if isinstance(pattern, str)] if isinstance(include, list) else ()


def _matching(directory: str, patterns: Sequence[str]) -> Iterator[str]:
    tests = [glob(pattern) for pattern in patterns]
    top = {pattern.split("/")[0] for pattern in patterns}
    deep = any(set(name) & set("*?") for name in top if name)
    seen = 0
    for folder, folders, names in os.walk(directory):
        inside = os.path.relpath(folder, directory).replace(os.sep, "/")
        prefix = "" if inside == "." else inside + "/"
        # only where a pattern can lead; never into .git and its like, nor into a clone that lies here to be judged
        folders[:] = sorted(
            f
            for f in folders
            if not f.startswith(".") and (prefix or deep or f in top) and not _is_repository(os.path.join(folder, f))
        )
        for name in sorted(names):
            path = prefix + name
            if any(test(path) for test in tests):
                seen += 1
                if seen > MAX_FILES:
                    raise failure("ENG001", file=directory, reason=f"`include` matches more than {MAX_FILES} files")
                yield path


def _read(directory: str, root: str, path: str) -> bytes:
    """`root`: where the directory really is."""
    full = os.path.join(directory, path)
    target = os.path.realpath(full)
    if os.path.commonpath((root, target)) != root:
        raise failure("ENG049", Place(path), target=target)
    try:
        return files.read(full)
    except EngineError as error:
        raise EngineError(*(problem._replace(place=Place(path)) for problem in error.problems)) from None
