"""`engine init`: a repository of rules, or one that changes come from, ready to be committed."""

import os
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError, ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.setup.answers import Answers
    from engine.setup.vendored import Change, Written

HELP = "write a new controller or source repository, or show what has become newer in one"
_COUNTS_S = 365 * 86_400  # how long a key counts
_VOID = "Every open verdict becomes void: these are in its digest."
# What is asked of an update, in a directory: `{}`.
_CHECKS = (
    ("lint", "--rules", "{}"),
    ("test", "{}/tests/specs", "--rules", "{}"),
    ("policy", "test", "{}/policies"),
)


def arguments(parser: ArgumentParser) -> None:
    """The kind of repository, where, and the answers."""
    from engine.setup.answers import ENVIRONMENTS, QUESTIONS
    from engine.setup.presets import PRESETS

    parser.epilog = (
        "What is not said is asked, on a terminal. Where one was written already, the command shows what has become "
        "newer and writes nothing (exit code 1 if there is something); --update writes it, but not over your changes."
    )
    parser.add_argument("kind", choices=("controller", "source"), help="of the rules, or of the changes")
    parser.add_argument("directory", metavar="DIR", nargs="?", default=".", help="where (default: here)")
    parser.add_argument(
        "--from", dest="file", metavar="FILE", help="YAML with the answers, as .engine/init.yaml has them"
    )
    told = "; ".join(f"{name}: {preset.says}" for name, preset in PRESETS.items())
    parser.add_argument("--preset", choices=tuple(PRESETS), default=SUPPRESS, help=f"{told} (default: standard)")
    for one in QUESTIONS:
        metavar = {"people": "LIST", "accounts": "ENV=ID,…"}.get(one.shape, "NAME")
        said = f"{one.asks}: {'=…, '.join(ENVIRONMENTS)}=…" if one.shape == "accounts" else one.asks
        parser.add_argument(f"--{one.key.replace('_', '-')}", metavar=metavar, default=SUPPRESS, help=said)
    parser.add_argument("--keys", metavar="DIR", help="private keys, outside every repository (default: DIR-keys)")
    parser.add_argument(
        "--wheel", metavar="FILE", help="this engine, for a controller's jobs: `make release` builds it"
    )
    parser.add_argument("--update", action="store_true", help="replace what nobody has changed since it was written")


def run(options: Namespace, console: "Console") -> int:
    """Write it, or show what is newer."""
    from engine.setup import place, vendored

    top = os.path.abspath(options.directory)
    if not os.path.isdir(top):
        return _first(options, top, console)
    with place.alone(top):
        if place.settle(top):
            console.progress("an update that was begun here, and killed, is complete now")
        was = vendored.read(top, options.kind)
        if was is None:
            return _first(options, top, console)
        return _again(options, top, _answers(options, top, again=True), was, console)


def _answers(options: Namespace, top: str, *, again: bool) -> "Answers":
    from engine.adapters import files
    from engine.setup import answers, place

    said: Mapping[str, Any] = {}
    if options.file is not None:
        said = answers.read(files.read(options.file), options.file)
    elif again and (kept := place.read(top, answers.FILE)) is not None:
        said = answers.read(kept, answers.FILE)
    flags = {one.key: getattr(options, one.key) for one in answers.QUESTIONS if one.key in options}
    for one in answers.QUESTIONS:
        if one.key in flags and one.shape == "people":
            flags[one.key] = answers.people(flags[one.key])
        elif one.key in flags and one.shape == "accounts":
            flags[one.key] = dict(row.partition("=")[::2] for row in flags[one.key].split(","))
    if "preset" in options:
        flags["preset"] = options.preset
    is_somebody = sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
    return answers.gathered(options.kind, said, flags, _ask if is_somebody else None)


def _ask(question: str, default: str) -> str:
    sys.stderr.write(f"{question}{f' [{default}]' if default else ''}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt  # whoever closes the terminal has said enough
    return line


def _first(options: Namespace, top: str, console: "Console") -> int:
    from engine.adapters import files
    from engine.setup import place, repository, vendored
    from engine.setup.answers import FILE

    if options.update:
        raise failure("ENG937", directory=options.directory, file=vendored.FILE)
    answers = _answers(options, top, again=False)
    found = sorted(set(os.listdir(top)) - {place.GIT}) if os.path.isdir(top) else []
    if os.path.lexists(top) and not os.path.isdir(top):
        raise failure("ENG931", directory=options.directory, found="a file")
    if found:
        raise failure("ENG931", directory=options.directory, found=", ".join(found[:5]))
    made, wheel = repository.made(answers), _wheel(options)
    _lint(made)
    folder = _keys(options, top) if options.kind == "controller" else None
    with files.failing("ENG002", options.directory):
        os.makedirs(top, exist_ok=True)
    written = {path: vendored.Written.of(text) for path, text in made.items()}
    own = {FILE: answers.file(), vendored.FILE: vendored.manifest(answers.kind, written)}
    if folder:
        own[repository.TRUSTED] = _trusted(folder)
    own |= wheel
    place.write(top, {**made, **own})
    console.out(f"{len(made) + len(own)} files are in {options.directory}, and nothing is committed. Next:")
    for number, step in enumerate(_steps(answers, folder), 1):
        console.out(f"{number}. {step}")
    return ExitCode.DONE


def _lint(made: Mapping[str, bytes]) -> None:
    """What answers make of the rules is right in form; here it is found out whether it makes sense.

    Raises:
        EngineError: all that the rules' own lint says.
    """
    from engine.core.rules.lint import lint
    from engine.run.catalog import catalog
    from engine.setup.repository import RULES

    rules = {path: text for path, text in made.items() if path.startswith(RULES)}
    if rules and (problems := lint(rules, catalog())):
        raise EngineError(*problems)


def _keys(options: Namespace, top: str) -> str:
    from engine.adapters import files
    from engine.adapters.git.whose import whose

    folder = os.path.abspath(options.keys or f"{top}-keys")
    there = whose(folder, bare=False)
    if there.common or os.path.commonpath((os.path.realpath(top), os.path.realpath(folder))) == os.path.realpath(top):
        raise failure("ENG935", directory=options.keys or folder)
    files.make_directory(folder, named=options.keys is not None)
    return folder


def _trusted(folder: str) -> bytes:
    from engine.adapters.clock import now
    from engine.adapters.keys import key_set
    from engine.core.moment import later

    return key_set(folder, None, later(now(), _COUNTS_S))


def _wheel(options: Namespace) -> Mapping[str, bytes]:
    from engine.setup.wheel import installed

    if options.wheel and options.kind != "controller":
        raise failure("ENG932", what=f"--wheel {options.wheel}", reason="no job of a source installs the engine")
    return installed(options.wheel) if options.wheel else {}


def _steps(answers: "Answers", keys: str | None) -> Sequence[str]:
    controller, source = answers.said["controller"], answers.said["source"]
    if keys is None:
        return (
            f"read README.md, commit, and push to {source}; `dispatch-to-controller` has to be on the default branch",
            f"install the App that may write to {controller} alone, and put its id and key into the environment "
            f"`dispatch` of {source}, open to the default branch only",
            "pre-commit install, in every clone, so that a change is checked before it is pushed",
        )
    return (
        f"move the private keys from {keys} to where your secrets are; README.md says which job gets which",
        f"commit, push to {controller}, protect its default branch, and have CODEOWNERS reviewed",
        f"engine init source DIR --controller {controller} --source {source} --reviewers …, and engine doctor",
    )


def _again(options: Namespace, top: str, answers: "Answers", was: "Mapping[str, Written]", console: "Console") -> int:
    from engine.adapters import settings
    from engine.setup import place, repository, vendored
    from engine.setup.answers import FILE
    from engine.setup.wheel import older

    made = repository.made(answers)
    found = vendored.changes(top, made, was)
    path = settings.read().path

    def base(change: "Change") -> bytes | None:
        return vendored.committed(top, was[change.path].blob, path) if change.path in was else None

    wheel = {path: data for path, data in _wheel(options).items() if place.read(top, path) != data}
    _show(found, base, console)
    for path in wheel:
        console.out(f"{path}: newer")
    if not options.update:
        return ExitCode.NEGATIVE if found or wheel else ExitCode.DONE
    new = {change.path: change.after for change in found if change.is_done and change.after is not None} | wheel
    gone = [change.path for change in found if change.how == "removed"] + (older(top) if options.wheel else [])
    kept = place.read(top, FILE)
    if kept is None or options.file or _differ(kept, answers):
        new[FILE] = answers.file()
    new[vendored.FILE] = vendored.manifest(answers.kind, vendored.kept(made, was, found))
    if options.kind == "controller":
        _try(top, new, gone, console)
    place.write(top, new, gone)
    console.out(f"{sum(change.is_done for change in found) + len(wheel)} files are newer; nothing is committed")
    return ExitCode.DONE


def _differ(kept: bytes, answers: "Answers") -> bool:
    from engine.setup.answers import FILE, read

    return read(kept, FILE) != answers.said


def _show(found: "Sequence[Change]", base: "Callable[[Change], bytes | None]", console: "Console") -> None:
    from functools import partial

    from engine.setup.vendored import told

    if not found:
        console.out("nothing is newer")
    if any(change.binds and change.is_done for change in found):
        console.out(f"{_VOID}\n")
    words = {
        "yours": "you have changed it, so it stays",
        "kept": "not written any more; you have changed it, so it stays",
    }
    for change in found:
        console.out(f"{change.path}: {words.get(change.how, change.how)}")
        console.out(told(change, partial(base, change)))


def _try(top: str, new: Mapping[str, bytes], gone: Sequence[str], console: "Console") -> None:
    """The engine's own checks of what would be there, in a copy.

    Raises:
        EngineError: ENG936, one of them says no.
    """
    import shutil
    import tempfile

    from engine.adapters import files
    from engine.cli.main import load, parser_of
    from engine.setup import place

    with tempfile.TemporaryDirectory(prefix="engine-init-") as folder:
        copy = os.path.join(folder, "controller")
        with files.failing("ENG001", top):
            shutil.copytree(top, copy, symlinks=True, ignore=shutil.ignore_patterns(place.GIT, ".terraform"))
        place.write(copy, new, gone)
        for name, *words in _CHECKS:
            asked = f"engine {name}{' test' if 'test' in words else ''}"
            console.progress(asked)
            command = load(name)
            code = command.run(parser_of(name, command).parse_args([word.format(copy) for word in words]), console)
            if code != ExitCode.DONE:
                raise failure("ENG936", command=asked, exit=int(code))
