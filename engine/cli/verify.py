"""`engine verify FILE`: who signed a verdict, what it is about, whether it is believed; and what a pack proves."""

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from engine.columns import wrapped
from engine.errors import EngineError, ExitCode
from engine.printable import in_line

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.core.signature import TrustedKeys
    from engine.core.verdict.check import Believed

HELP = "check a signed verdict or a pack: who signed it, what it is about, whether it holds"


def arguments(parser: ArgumentParser) -> None:
    """Declare the file and the keys."""
    parser.add_argument(
        "file", metavar="FILE", help="the signed statement, as `engine run --out DIR` keeps it; or a pack"
    )
    parser.add_argument(
        "--keys",
        "--trusted-keys",
        metavar="FILE",
        help="the trusted keys (default: ENGINE_TRUSTED_KEYS, an absolute path; of a pack: its own, which proves less)",
    )
    parser.add_argument("--verbose", "-v", action="store_true", help="what it was made from, too: every digest whole")
    parser.add_argument("--json", action="store_true", help="for machines")


def run(options: Namespace, console: "Console") -> int:
    """0: believed; 1: not, with the reason."""
    from engine.adapters import files
    from engine.adapters.clock import now
    from engine.core.audit import pack
    from engine.core.signature import LARGEST
    from engine.core.verdict.check import current, read

    if files.read(options.file, len(pack.MAGIC)).startswith(pack.MAGIC):
        return _pack(options, console)
    trusted, moment = read_trusted(options.keys), now()
    envelope = files.read(options.file, LARGEST)
    try:
        believed = read(envelope, trusted, moment, options.file)
        current(believed, moment, options.file)
    except EngineError as error:
        if not options.json or error.exit_code is not ExitCode.NEGATIVE:
            raise
        problem = error.problems[0]
        console.json({"valid": False, "reason": problem.message, **problem.to_json()})
        return ExitCode.NEGATIVE
    if options.json:
        console.json(
            {
                "valid": True,
                "key": believed.key_id,
                "digest": believed.digest,
                "verdict": believed.verdict,
                "made_from": believed.made_from,
            }
        )
    else:
        console.out(_text(believed, console, verbose=options.verbose))
    return ExitCode.DONE


def read_trusted(file: str | None) -> "TrustedKeys":
    """The trusted keys of `file`, or of the one that the settings name; never of one that happens to lie here.

    Raises:
        EngineError: none is named (ENG010); it cannot be read or is not right.
    """
    from engine.adapters import settings
    from engine.run import trusted

    return trusted.keys(file or settings.read().trusted_keys)


def _pack(options: Namespace, console: "Console") -> int:
    """The same of what `engine audit pack` has written."""
    from engine.adapters import files, settings
    from engine.core.audit import pack
    from engine.run import audit_proof

    named = options.keys or settings.read().trusted_keys
    found = audit_proof.proof(
        files.read(options.file, pack.LARGEST), read_trusted(named) if named else None, options.file
    )
    if options.json:
        console.json(found.to_json())
    else:
        said = ("not proven", "red") if found.faults else ("proven", "green")
        console.out(f"{found.repository}#{found.pr}: {console.colour(*said)}")
        for lead, texts in (("wrong", found.faults), ("holds", found.holds), ("cannot be known", found.unknown)):
            for text in texts:
                console.out(f"  {lead}: {text}")
    return ExitCode.NEGATIVE if found.faults else ExitCode.DONE


_COLOURS = {"passed": "green", "failed": "red", "error": "red"}


def _text(believed: "Believed", console: "Console", *, verbose: bool) -> str:
    verdict, made_from = believed.verdict, believed.made_from
    number = verdict.get("pr")
    subject = verdict["repo"] if number is None else f"{verdict['repo']}#{number}"
    result = console.colour(verdict["result"], _COLOURS[verdict["result"]])
    local = " (a local run: only such runs believe it)" if verdict["origin"] == "local" else ""
    denials = [finding for finding in verdict["findings"] if finding["effect"] == "deny"]
    receipts = (made_from["receipts"] or {}).get("digest", "none")
    long = (
        ("sequence", str(verdict["sequence"])),
        ("statement", believed.digest),
        ("rules", verdict["rules"]),
        *((name.replace("_", " "), value or "none") for name, value in made_from.items() if name != "receipts"),
        ("receipts", receipts),
    )
    rows = [
        ("about", f"{subject} at {verdict['head_sha']}"),
        ("goes to", f"{verdict['environment'] or 'nowhere'}, branch {verdict['branch'] or '(none)'}"),
        ("signed", f"{verdict['confirmed_at']} with {believed.key_id}"),
        ("says so", f"since {verdict['signed_at']}"),
        ("expires", verdict["expires_at"]),
        *(long if verbose else ()),
        *(("resource", f"{r['path']}  {r['tree']}" if verbose else r["path"]) for r in verdict["resources"]),
        ("findings", f"{len(verdict['findings'])}, of which {len(denials)} deny"),
    ]
    lines = [f"valid signature, verdict: {result}{local}"]
    for name, value in rows:
        lines += wrapped(in_line(value), console.width, f"  {name:<11}", " " * 13)
    for finding in denials:
        head = f"{finding['severity']}  {finding['rule']}  {finding['address'] or finding['resource']}"
        lines += [f"  {console.colour('✗', 'red')} {in_line(head)}"]
        lines += wrapped(in_line(finding["message"]), console.width, "    ")
    return "\n".join(lines)
