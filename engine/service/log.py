"""What serve says of itself: JSON lines in files that both processes write and that are rotated, and on standard error.

Each line has the ids of what it is about: `request` of the web process, `delivery` and `run` of the worker. What looks
like a secret does not get into one: the values of this environment, what its key files hold, and GitHub's and AWS's own
forms of tokens. A line that cannot be written, as the disk is full, is lost, and nothing else is.
"""

import json
import logging
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from engine.adapters import files
from engine.core.redact import HIDDEN, Redactor, credentials
from engine.errors import EngineError
from engine.printable import COLOURS, PLAIN, harmless, in_json

FOLDER, FILE = "log", "serve.log"
LEVELS = ("debug", "info", "warning", "error")
_MOST_BYTES, _MOST_FILES = 20 * 1024 * 1024, 10
_LONGEST = 8_000  # characters of one value
_LOOKED_AT = 200_000  # of one that is longer
_NAME = "interlock"
# Somebody else's, which say what we need to hear as well. Which requests there were, `guard` says.
_ALSO: Mapping[str, int] = {"dbos": logging.WARNING, "uvicorn.error": logging.WARNING, "alembic": logging.WARNING}
_TOKENS = re.compile(
    r"gh[pousr]_[A-Za-z0-9_.-]{20,}|github_pat_[A-Za-z0-9_]{20,}|(?:AKIA|ASIA)[A-Z0-9]{16}|interlock_[A-Za-z0-9_-]{20,}"
    r"|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?|(?<=[Bb]earer )[A-Za-z0-9._~+/=-]{16,}"
    r"|(?<=[Bb]asic )[A-Za-z0-9+/=_-]{8,}|(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/=]{20,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
)
_COLOUR = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}

_about: ContextVar[Mapping[str, str]] = ContextVar("about", default=MappingProxyType({}))
_logger = logging.getLogger(_NAME)
_hide = Redactor(())  # of this process, once it has started


def debug(message: str, **fields: object) -> None:
    """What helps whoever looks for a fault."""
    _logger.debug(message, extra={"fields": fields})


def info(message: str, **fields: object) -> None:
    """What happens."""
    _logger.info(message, extra={"fields": fields})


def warning(message: str, **fields: object) -> None:
    """What somebody should look at, some day."""
    _logger.warning(message, extra={"fields": fields})


def error(message: str, **fields: object) -> None:
    """What somebody has to look at. Of an exception that is being handled, where it was raised is told as well."""
    _logger.error(message, extra={"fields": fields}, exc_info=sys.exc_info()[0] is not None)


def said(value: object) -> str:
    """The same of an error as of anything else: a text."""
    if isinstance(value, EngineError):
        return "; ".join(f"{one.code} {one.message}" for one in value.problems)
    return str(value)


def plain(text: str) -> str:
    """`text`, with nothing secret in it that is known here."""
    return _TOKENS.sub(HIDDEN, _hide.text(text))


@contextmanager
def about(**ids: str) -> Iterator[None]:
    """Lines of this thread, or task, have these ids until the end of the block."""
    token = _about.set({**_about.get(), **{name: value for name, value in ids.items() if value}})
    try:
        yield
    finally:
        _about.reset(token)


def start(
    state_dir: str,
    process: str,
    environ: Mapping[str, str],
    *,
    level: str = "info",
    readable: bool | None = None,
    secrets: Iterable[str] = (),
) -> None:
    """From here on lines are written, of this `process` (`web`, `worker`). `secrets` are hidden with those known.

    `readable`: on standard error for people; where nobody says, as it is a terminal or not.

    Raises:
        EngineError: ENG002, ENG008, there is no place for them.
    """
    from concurrent_log_handler import ConcurrentRotatingFileHandler

    folder = os.path.join(state_dir, FOLDER)
    files.make_directory(folder)
    global _hide  # noqa: PLW0603 - a process has one environment, and one log
    _hide = Redactor([*_known(environ), *secrets])
    with files.failing("ENG002", os.path.join(folder, FILE)):
        file = ConcurrentRotatingFileHandler(
            os.path.join(folder, FILE), "a", _MOST_BYTES, _MOST_FILES, encoding="utf-8", chmod=0o600, umask=0o077
        )
    file.setFormatter(_Lines(process))
    handlers: list[logging.Handler] = [file]
    if sys.stderr is not None:
        shown = logging.StreamHandler(sys.stderr)
        for_people = sys.stderr.isatty() if readable is None else readable
        shown.setFormatter(_Readable(process) if for_people else _Lines(process))
        handlers.append(shown)
    logging.raiseExceptions = False  # the line is lost; what it tells of goes on
    for name, least in {_NAME: logging.DEBUG, **_ALSO}.items():
        logger = logging.getLogger(name)
        for old in list(logger.handlers):
            logger.removeHandler(old)
        for handler in handlers:
            logger.addHandler(handler)
        logger.setLevel(max(least, getattr(logging, level.upper())))
        logger.propagate = False
    threading.excepthook = _in_a_thread  # Python's own would write it as it is


def stop() -> None:
    """Nothing is written any more."""
    threading.excepthook = threading.__excepthook__
    for name in (_NAME, *_ALSO):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            handler.close()


def _in_a_thread(args: threading.ExceptHookArgs) -> None:
    what = (args.exc_type, args.exc_value or args.exc_type(), args.exc_traceback)
    _logger.error(
        "a bug has ended a thread", exc_info=what, extra={"fields": {"thread": getattr(args.thread, "name", "")}}
    )


def _known(environ: Mapping[str, str]) -> frozenset[str]:
    """What this environment has of secrets, and what the files that it names for them hold."""
    found = set(credentials(environ))
    for name, value in environ.items():
        if name.startswith("ENGINE_") and name.endswith("_FILE"):
            try:
                found.add(files.fetch(value, 65536).decode("utf-8", "replace").strip())
            except (OSError, ValueError):
                continue  # whoever needs it will say so
    lines = {line.strip() for value in found for line in value.splitlines() if len(line.strip()) >= 16}
    return frozenset(found | {line for line in lines if not line.startswith("-----")})


class _Lines(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        return in_json(json.dumps(self.parts(record), ensure_ascii=False))

    def parts(self, record: logging.LogRecord) -> dict[str, Any]:
        """What it says, with nothing secret in it."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z"
        same = {"at": moment, "level": record.levelname.lower(), "process": self._process}
        if record.name != _NAME:
            same["of"] = record.name
        said = {**_about.get(), **getattr(record, "fields", {})}
        if record.exc_info and record.exc_info[0] is not None:
            said["traceback"] = "".join(traceback.format_exception(*record.exc_info))
        return {**same, "message": self._plain(record.getMessage()), **{k: self._value(v) for k, v in said.items()}}

    def _value(self, value: object) -> object:
        if value is None or isinstance(value, bool | int | float):
            return value
        return self._plain(said(value))

    def _plain(self, text: str) -> str:
        """Hidden first, then cut: half of a secret would not be known. What is cut before is not shown at all."""
        return _ends(plain(_ends(text, _LOOKED_AT)), _LONGEST)


def _ends(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most // 2]} … {text[-most // 2 :]}"


class _Readable(_Lines):
    """One line for a person, with its traceback below it."""

    def format(self, record: logging.LogRecord) -> str:
        parts = self.parts(record)
        at, level, process, message = (str(parts.pop(name)) for name in ("at", "level", "process", "message"))
        parts.pop("of", None)
        below = str(parts.pop("traceback", ""))
        rest = "  ".join(f"{name}={value}" for name, value in parts.items())
        colour = COLOURS.get(_COLOUR.get(record.levelname, ""), "")
        marked = f"{colour}{level:<7}{PLAIN}" if colour else f"{level:<7}"
        line = f"{at[11:19]} {marked} {process:<6} {message}{'  ' if rest else ''}{rest}".replace("\n", "⏎ ")
        return harmless(f"{line}\n{below}".rstrip(), coloured=True)
