"""`engine state adopt|restore`: what two people have asked for, or one alone of a store of their own."""

import os
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.cli.console import Console


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    if options.verb == "restore" and options.rehearse:
        from engine.cli.state import keeps

        return keeps.rehearse(options, console)
    from engine.cli import asked

    words = f"{options.verb} {options.key}" + (f" {options.number}" if options.verb == "restore" else "")
    if options.asked:
        return asked.carry_out(options, words, console)
    if not options.repo:
        raise failure("ENG579", option="engine state", needed="--asked URL, or --repo DIR with a store of your own")
    with asked.alone(options, words) as one, asked.ground(options) as ground:
        made = _made(options, one.last(), ground)
    if options.json:
        console.json({"key": options.key, **made})
    else:
        state = made["state"]
        said = f"{options.verb}ed".replace("eed", "ed")
        where = f"lineage {state['lineage']}, serial {state['serial']} (number {made['entry']} of its ledger)"
        console.out(f"{said}: {options.key}, {where}")
        for address in made.get("addresses") or (made.get("plan") or {}).get("addresses", ()):
            console.out(f"  {address}")
    return ExitCode.DONE


def _made(options: Namespace, mending: Any, ground: Any) -> "Mapping[str, Any]":
    if options.verb == "adopt":
        from engine.run.mending.adopt import adopt

        return adopt(mending, ground)
    from engine.adapters.keys import Keyring
    from engine.run.mending.restore import restore

    return restore(mending, ground, Keyring(os.environ).backup_keys(), options.number)
