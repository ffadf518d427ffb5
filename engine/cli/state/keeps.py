"""`engine state pull|backup|reseal|tidy`, and the rehearsal of a restore: copies of a state, which stays as it is."""

import os
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from engine.cli.state.common import opened_store
from engine.errors import ExitCode, failure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from engine.adapters.sealed import SealingKey
    from engine.cli.console import Console
    from engine.run.mending.copies import Hand


def run(options: Namespace, console: "Console") -> int:
    """Carry out one of them."""
    return _VERBS[options.verb](options, console)


def _pull(options: Namespace, console: "Console") -> int:
    from engine.cli import asked
    from engine.run.mending.copies import pull

    with asked.hand(options.key, "state pull", options.reason, claim=False) as hand, asked.ground(options) as ground:
        made = pull(hand, ground, options.out)
    if options.json:
        console.json({"key": options.key, **made})
    else:
        console.out(f"written: {made['file']} (mode 0600), lineage {made['lineage']}, serial {made['serial']}")
        console.progress("What Terraform keeps in a state is in it, passwords among them: delete it when it is read.")
    return ExitCode.DONE


def _backup(options: Namespace, console: "Console") -> int:
    from engine.cli import asked
    from engine.run.mending.copies import keep

    sealing = _sealing()
    with asked.hand(options.key, "state backup", options.reason) as hand, asked.ground(options) as ground:
        made = keep(hand, ground, sealing[0])
    if options.json:
        console.json({"key": options.key, **made})
    else:
        console.out(
            f"kept: backup {made['backup']} of {options.key}, lineage {made['lineage']}, serial {made['serial']}"
        )
    return ExitCode.DONE


def rehearse(options: Namespace, console: "Console") -> int:
    """What a restore would come to."""
    from engine.cli import asked
    from engine.run import trusted
    from engine.run.mending.copies import rehearse as tried

    if not options.repo:
        raise failure("ENG579", option="--rehearse", needed="--repo DIR, a clone of the source")
    sealing, known = _sealing(), trusted.keys(opened_store()[1].trusted_keys)
    with asked.hand(options.key, "state restore", options.reason or "") as hand, asked.ground(options) as ground:
        made = tried(hand, ground, sealing, known, options.number)
    if options.json:
        console.json({"key": options.key, **made})
        return ExitCode.DONE
    there, plan = made["state"], made["plan"]
    console.out(f"backup {made['backup']} of {options.key} opens: serial {made['serial']}, of {made['time']}")
    console.out(f"lineage {made['lineage']}: it is of this state{'' if there else ', of which there is none now'}")
    if there:
        console.out(f"what is there now has serial {there['serial']}")
    if plan["problem"]:
        console.out(f"what the branch would make of it cannot be planned: {plan['problem']}")
    else:
        counts = ", ".join(f"{number} to {verb}" for verb, number in plan["counts"].items() if number)
        console.out(f"what the branch would make of it: {counts or 'no change'}")
    for address in plan["addresses"]:
        console.out(f"  {address}")
    console.progress("Nothing was changed, and the scratch copy is deleted.")
    return ExitCode.DONE


def _tidy(options: Namespace, console: "Console") -> int:
    from engine.run import trusted
    from engine.run.mending import tidying
    from engine.run.trusted import load_rules

    kept = load_rules(options.controller).limits.backups
    if kept is None:
        reason, hint = "the rules keep all", "say in them how many are kept: limits: {backups: {newest: 30, for: 400d}}"
        raise failure("ENG876", reason=reason, hint=hint)
    store, values = opened_store()
    tidying.check(store)
    known, sealing = trusted.keys(values.trusted_keys), _sealing()
    rows = _each(options, lambda hand: tidying.tidy(hand, sealing, known, kept, only_look=options.dry_run))
    if options.json:
        console.json(rows)
        return ExitCode.DONE
    verb = "would drop" if options.dry_run else "dropped"
    for row in rows:
        console.out(f"{row['key']}: {verb} {len(row['dropped'])}, {row['kept']} are kept")
    return ExitCode.DONE


def _reseal(options: Namespace, console: "Console") -> int:
    from engine.run.mending import tidying

    sealing = _sealing()
    rows = _each(options, lambda hand: tidying.reseal(hand, sealing))
    if options.json:
        console.json({"sealed_with": sealing[0].id, "keys": rows})
        return ExitCode.DONE
    for row in rows:
        console.out(f"{row['key']}: {len(row['resealed'])} sealed anew")
    console.progress(f"All that is named above is sealed with {sealing[0].id}.")
    return ExitCode.DONE


def _each(options: Namespace, work: "Callable[[Hand], dict[str, Any]]") -> "list[dict[str, Any]]":
    from engine.cli import asked
    from engine.run.kept import backups

    rows = []
    for key in [options.key] if options.key else list(backups.every(opened_store()[0])):
        with asked.hand(key, f"state {options.verb}", options.reason) as hand:
            rows.append(work(hand))
    return rows


def _sealing() -> "Sequence[SealingKey]":
    from engine.adapters.keys import Keyring

    return Keyring(os.environ).backup_keys()


_VERBS = {"pull": _pull, "backup": _backup, "reseal": _reseal, "tidy": _tidy}
