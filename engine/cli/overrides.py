"""`engine overrides`: each override that was used is a debt until what it covered is gone."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.errors import ExitCode
from engine.names import plural

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.kept.debts import Debt

HELP = "list the overrides that are still owed: who has used them, since when, for what"


def arguments(parser: ArgumentParser) -> None:
    """How it is printed."""
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """Read the store that ENGINE_STORE names; nothing owed is no failure, and neither is something."""
    from engine.adapters import settings
    from engine.adapters.clock import now
    from engine.cli.files import open_store
    from engine.run import trusted
    from engine.run.debts import owed

    found = owed(open_store("engine overrides"), trusted.keys(settings.read().trusted_keys))
    today = now()
    if options.json:
        console.json([{**one.to_json(), "age_days": _days(one.since, today)} for one in found])
        return ExitCode.DONE
    if not found:
        console.out("nothing is owed: no override was used, or what it covered is gone")
    for one in found:
        _show(one, today, console)
    return ExitCode.DONE


def _show(debt: "Debt", today: str, console: "Console") -> None:
    days = plural(_days(debt.since, today), "day")
    console.out(f"{debt.repo}#{debt.pr}  {days}  {debt.login}: {debt.reason}")
    for row in debt.findings:
        where = f" {row['address']}" if row["address"] else ""
        console.out(f"  {row['severity']:<8}  {row['rule']}  {row['resource']}{where}")


def _days(since: str, today: str) -> int:
    """Whole days; a clock that is behind makes none negative."""
    from datetime import datetime

    return max(0, (datetime.fromisoformat(today) - datetime.fromisoformat(since)).days)
