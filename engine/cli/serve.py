"""`engine serve`: webhooks in, work done, pages to look at, until it is ended."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from engine.cli.files import rules_option
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from engine.cli.console import Console

HELP = "take GitHub's webhooks, do the work, show what waits for whom"
_NEEDED = ("concurrent_log_handler", "dbos", "jinja2", "sqlalchemy", "starlette", "uvicorn", "github")
_DAY_S = 86_400


def arguments(parser: ArgumentParser) -> None:
    """Where the rules and its state are, where it listens, and whom it believes."""
    rules_option(parser, whole=True)
    parser.add_argument(
        "--state", metavar="DIR", help="keep deliveries, queue and logs here (default: ENGINE_STATE_DIR)"
    )
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="listen there (default: %(default)s)")
    parser.add_argument(
        "--port",
        metavar="N",
        type=_number(0, 2**16 - 1),
        default=8080,
        help="0 takes a free one (default: %(default)s)",
    )
    parser.add_argument(
        "--host-name",
        metavar="NAME",
        action="append",
        default=[],
        help="a name that browsers call it by; several times",
    )
    parser.add_argument("--root-path", metavar="PATH", default="", help="where a proxy shows it: /interlock")
    parser.add_argument(
        "--proxy", metavar="ADDRESS", action="append", default=[], help="whose forwarded headers are believed"
    )
    parser.add_argument("--tokens", metavar="FILE", help="who may look and who may do something: `name:sha256hex` each")
    parser.add_argument(
        "--parallelism", metavar="N", type=_number(1, 64), default=4, help="runs at once (default: %(default)s)"
    )
    parser.add_argument(
        "--per-hour",
        metavar="N",
        type=_number(1, 1_000_000),
        default=3600,
        help="runs that the deliveries of one source begin in an hour; others wait (default: %(default)s)",
    )
    parser.add_argument(
        "--keep", metavar="DAYS", type=_number(1, 3650), default=30, help="deliveries, runs (default: %(default)s)"
    )
    parser.add_argument(
        "--grace",
        metavar="SECONDS",
        type=_number(0, 3600),
        default=20,
        help="for what goes when SIGTERM comes; then it is cut off, and the next one goes on (default: %(default)s)",
    )
    parser.add_argument(
        "--silent",
        metavar="SECONDS",
        type=_number(5, 86_400),
        default=300,
        help="a worker whose loop stands still for so long is ended and started again (default: %(default)s)",
    )
    parser.add_argument("--without-clock", action="store_true", help="start no `every:` row: a schedule elsewhere does")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info", help="default: %(default)s"
    )
    parser.add_argument("--json", action="store_true", help="for machines: one line, once it is ready")


def _number(least: int, most: int) -> "type[int]":
    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise ArgumentTypeError(f"say a number from {least} to {most}")
        return int(text)

    return read  # type: ignore[return-value] # argparse calls it


def run(options: Namespace, console: "Console") -> int:
    """Serve until SIGTERM or Ctrl-C; a second one does not wait for anything."""
    _check()
    from engine.adapters.signals import ending
    from engine.service import log
    from engine.service.processes import Supervisor
    from engine.service.settings import serving
    from engine.service.web import listening
    from engine.service.worker import Working

    os.umask(0o077)
    told = serving(
        os.path.abspath(options.controller),
        state_dir=options.state,
        host=options.host,
        port=options.port,
        root_path=options.root_path,
        proxies=options.proxy,
        host_names=options.host_name,
        tokens_file=options.tokens,
        parallelism=options.parallelism,
        retention_s=options.keep * _DAY_S,
        environ=os.environ,
    )
    readable = console.is_seen
    secrets = [one.decode("utf-8", "replace") for one in told.secrets]
    log.start(told.state_dir, "web", os.environ, level=options.log_level, readable=readable, secrets=secrets)
    working = Working(
        told.controller,
        told.state_dir,
        told.parallelism,
        told.retention_s,
        grace_s=options.grace,
        strikes=not options.without_clock,
        level=options.log_level,
        per_hour=options.per_hour,
    )
    worker = Supervisor(working, os.environ, readable=readable, silent_s=options.silent)
    # Two signals that come close together are one to who has not heard the first: the second word is another one.
    with ending(worker.end, worker.kill) as asked:
        with listening(told, os.environ, worker.wake) as web:
            try:
                worker.start()
                _tell(options, console, web.url, told.state_dir, worker.pid)
                asked.wait()
                log.info("it ends, as it was told")
            except BaseException:
                worker.kill()
                raise
        worker.wait()
    return ExitCode.DONE


def _tell(options: Namespace, console: "Console", url: str, state: str, worker: int | None) -> None:
    webhook = f"{url}/webhooks"
    if options.json:
        said = {"version": 1, "status": "ready", "url": url, "webhook_url": webhook, "state": state}
        console.json({**said, "pid": os.getpid(), "worker": worker}, in_one_line=True)
    else:
        console.out(f"pages     {url}/\nwebhooks  {webhook}\nstate     {state}\nCtrl-C ends it")
    console.flush()


def _check() -> None:
    """What it is made of is here.

    Raises:
        EngineError: ENG793, the `serve` extra is not installed.
    """
    from importlib.util import find_spec

    from engine.names import listing

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise failure("ENG793", names=listing(missing), verb="is" if len(missing) == 1 else "are")
