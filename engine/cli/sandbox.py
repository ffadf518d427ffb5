"""`engine sandbox`: GitHub, AWS and the engine on this machine, for trying things out, until it is ended."""

import os
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from threading import Event

    from engine.cli.console import Console

HELP = "GitHub, AWS and the engine on this machine, to try things with"
_TICK_S, _UNSAID = 60.0, -1.0
_NEEDED = (
    *("starlette", "uvicorn", "graphql", "jinja2", "jwt", "linkify_it", "markdown_it", "mdit_py_plugins", "nh3"),
    *("concurrent_log_handler", "dbos"),
)


def arguments(parser: ArgumentParser) -> None:
    """Where it keeps what it knows, where it listens, and what goes wrong in it."""
    parser.add_argument("--state", metavar="DIR", help="keep it here (default: nowhere, it is forgotten at the end)")
    parser.add_argument(
        "--port", metavar="N", type=_port, help="on 127.0.0.1 (default: that of last time, or a free one)"
    )
    parser.add_argument("--reset", action="store_true", help="forget what --state DIR has")
    parser.add_argument(
        "--tick",
        metavar="SECONDS",
        type=_tick,
        default=_UNSAID,
        help="how often its clock starts what is due, or `never` (default: 60; never in a scenario)",
    )
    parser.add_argument("--chaos", metavar="SEED", help="let answers and deliveries go wrong, by this seed")
    parser.add_argument(
        "--webhook", metavar="URL", type=_url, help="where the App's webhooks go, instead of to an engine here"
    )
    parser.add_argument(
        "--actions",
        action="store_true",
        help="start `engine run` for each event, as CI does, instead of one `engine serve`",
    )
    parser.add_argument("--without-engine", action="store_true", help="GitHub alone: its events start nothing")
    parser.add_argument("--scenario", metavar="NAME", help="play a story in it and end; `list` tells which there are")
    parser.add_argument("--json", action="store_true", help="for machines: one line, once it is ready")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) < 2**16):
        raise ArgumentTypeError("a port is a number up to 65535; 0 takes a free one")
    return int(text)


def _tick(text: str) -> float | None:
    if text == "never":
        return None
    try:
        found = float(text)
    except ValueError:
        found = 0
    if not 0.1 <= found <= 86400:
        raise ArgumentTypeError("say seconds, from 0.1 to 86400, or `never`")
    return found


def _url(text: str) -> str:
    from engine.sandbox.forge.urls import is_http

    if not is_http(text):
        raise ArgumentTypeError("a webhook goes to an http or https address")
    return text


def run(options: Namespace, console: "Console") -> int:
    """Serve until SIGTERM or Ctrl-C; both end it well."""
    if options.scenario == "list":
        return _list(console)
    if options.scenario is not None:
        from engine.sandbox.scenarios.stories import named

        named(options.scenario)
    _check()
    from engine.adapters import process, signals
    from engine.sandbox.forge.state import held
    from engine.sandbox.whole import SetUp, alone, whole

    if options.reset and options.state is None:
        raise failure("ENG544")
    os.umask(0o077)  # of what we and git make, nothing is anybody else's
    with ExitStack() as stack:
        ended = stack.enter_context(signals.ending())  # a second signal changes nothing: it ends already
        stack.callback(process.end_all)
        state = stack.enter_context(held(options.state, reset=options.reset))
        usual = None if options.scenario else _TICK_S  # a story says itself when the clock strikes
        tick_s = usual if options.tick == _UNSAID else options.tick
        set_up = SetUp(options.port, options.webhook or "", tick_s, options.chaos, options.actions)
        with_engine = not (options.webhook or options.without_engine)
        told = stack.enter_context(
            whole(state, set_up, lasting=options.state is not None) if with_engine else alone(state, set_up)
        )
        if options.json:
            console.json(told, in_one_line=True)
        elif options.scenario is not None:
            console.out(f"GitHub  {told['url']}  (sign in as anybody, with one click)")
            if "engine_url" in told:
                console.out(f"engine  {told['engine_url']}  (what each pull request waits for, and whom)")
        else:
            console.out(_friendly(told, console, kept=options.state is not None))
        console.flush()
        if options.scenario is not None:
            _play(options.scenario, told, console, ended)
            if options.state is not None:
                console.out(_to_try(told, options.state))
                console.flush()
        if options.scenario is None or console.is_watched:
            ended.wait()
        console.progress("the sandbox ends")
        process.end_all()  # and once more, when nobody can ask for anything any more
    return ExitCode.DONE


def _list(console: "Console") -> int:
    from engine.sandbox.scenarios.stories import STORIES

    width = max(map(len, STORIES))
    console.out("\n".join(f"  {name:<{width}}  {story.about}" for name, story in STORIES.items()))
    return ExitCode.DONE


def _play(name: str, told: dict[str, Any], console: "Console", ended: "Event") -> None:
    """Tell a story; on a terminal the sandbox stays as the story leaves it.

    Raises:
        EngineError: ENG640, it did not go as told.
        KeyboardInterrupt: `ended` was set before it was over.
    """
    import tempfile

    from engine.sandbox.scenarios.play import Play
    from engine.sandbox.scenarios.stories import named

    story = named(name)
    console.progress(f"── {name}: {story.about}")
    with tempfile.TemporaryDirectory(prefix="interlock-story-") as folder:
        story.tell(Play(told, console.progress, folder, ended))
    console.progress("── so it went" + (", and Ctrl-C ends it" if console.is_watched else ""))


def _to_try(told: dict[str, Any], state: str) -> str:
    """What one may do with a sandbox that is kept."""
    import shlex
    import sys

    # As it was called: of who says `make demo`, the engine is on no PATH.
    again = f"{shlex.quote(sys.argv[0])} sandbox --state {shlex.quote(state)}"
    lines = [
        f"Everything is kept in {state}. To go on, run",
        f"  {again}",
        "and in another terminal, while that runs, for example:",
        *(f"  {line}" for line in _first_steps(told, told["repositories"][0])),
        f"Rules, policies and module are in {told['controller']}: a change there counts from the next run on.",
    ]
    return "\n".join(lines)


def _check() -> None:
    """What the sandbox is made of is here.

    Raises:
        EngineError: ENG543 a library is missing, ENG369 git is too old, ENG450 there is none.
    """
    from importlib.util import find_spec

    from engine.adapters.git.command import version
    from engine.adapters.settings import search_path
    from engine.names import listing

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise failure("ENG543", names=listing(missing), verb="is" if len(missing) == 1 else "are")
    version(search_path())


def _friendly(told: dict[str, Any], console: "Console", *, kept: bool) -> str:
    """Where it is, who is there, and what to copy to begin."""
    source = next((row for row in told["repositories"] if row["kind"] == "source"), None)
    width = max(len(user["login"]) for user in told["users"])
    lines = [
        console.colour("A GitHub of your own, on this machine only. Nothing here is real.", "bold"),
        "",
        f"  pages    {told['url']}  (sign in as anybody, with one click)",
        f"  API      {told['api_url']}, GraphQL {told['graphql_url']}",
        *([f"  engine   {told['engine_url']}  (token: {told['engine_token']})"] if "engine_url" in told else []),
        *([f"  rules    {told['controller']}  (a change counts from the next run on)"] if "controller" in told else []),
        f"  state    {told['state']}{'' if kept else '  (removed at the end; --state DIR keeps it)'}",
        "",
        "People, what they may do, their teams and tokens:",
        *(
            f"  {user['login']:<{width}}  {user['role']:<5}  {user['token']}  {' '.join(user['teams'])}"
            for user in told["users"]
        ),
        "",
    ]
    if source is not None:
        lines += ["To begin, copy:", *(f"  {line}" for line in _first_steps(told, source)), ""]
    return "\n".join([*lines, "Ctrl-C ends it."])


def _first_steps(told: dict[str, Any], source: dict[str, Any]) -> list[str]:
    """Clone, change, push; where no engine does it, open a pull request as somebody who may."""
    who = next(user for user in told["users"] if user["role"] == "write" and not user["teams"])
    name = source["full_name"].rpartition("/")[2]
    place = told["git_url"].replace("://", f"://x-access-token:{who['token']}@", 1)
    commit = f"git -c user.name={who['login'].title()} -c user.email={who['email']} commit -m"
    if "controller" in told:
        return [
            f"git clone -b dev {place}/{source['full_name']}.git && cd {name}",
            f"git switch -c my-bucket && printf '{_BUCKET}' > S3/my-bucket.tfvars && git add S3",
            f"{commit} 'A bucket of mine' && git push origin my-bucket",
            f"# and then look: {told['url']}/{source['full_name']}/pulls",
        ]
    pull = f'{{"title": "My change", "head": "my-change", "base": "{source["default_branch"]}"}}'
    pulls = f"{told['api_url']}/repos/{source['full_name']}/pulls"
    return [
        f"git clone {place}/{source['full_name']}.git && cd {name}",
        "git switch -c my-change && date >> notes.txt && git add notes.txt",
        f"{commit} 'My change'",
        "git push origin my-change",
        f"curl -H 'Authorization: Bearer {who['token']}' -d '{pull}' {pulls}",
    ]


# A resource as people write it, in a line of the shell.
_BUCKET = 'environment = "development"\\n\\ns3_buckets = {\\n  "acme-dev-mine" = { tags = { Team = "mine" } }\\n}\\n'
