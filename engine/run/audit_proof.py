"""Checks a pack with nothing but the pack: no store, no settings, no network."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.analysis.replay import replay
from engine.core.audit import chain, pack, page, record, verify, vsa
from engine.core.audit.chain import Head, Tip
from engine.core.audit.decided import decode, digest_of, rules_in
from engine.core.audit.record import Record
from engine.core.canonical import canonical, digest_bytes
from engine.core.holding import DONE
from engine.core.kept import ledger, merge
from engine.core.rules.model import Rules
from engine.core.signature import TrustedKey, TrustedKeys, authentic, key_id
from engine.core.verdict import check
from engine.errors import EngineError
from engine.names import plural
from engine.run.audit_pack import named
from engine.run.catalog import catalog

OWN_KEYS = (
    "the keys are the pack's own: this shows that its parts agree with one another, and not who has signed them; "
    "whoever made the pack could have made the keys. Say --trusted-keys FILE with keys that you had from elsewhere"
)


class Proof(NamedTuple):
    """What a pack proves."""

    repository: str
    pr: int
    holds: tuple[str, ...]
    faults: tuple[str, ...]
    unknown: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """For machines."""
        lists = {name: list(getattr(self, name)) for name in ("holds", "faults", "unknown")}
        return {"valid": not self.faults, "repository": self.repository, "pr": self.pr, **lists}


class _Pack(NamedTuple):
    """An opened pack, while it is checked."""

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]
    trusted: TrustedKeys
    records: list[Record]  # that the chain has of its pull request

    def of(self, folder: str) -> Iterator[tuple[str, bytes]]:
        return ((name, data) for name, data in self.files.items() if name.startswith(f"{folder}/"))

    @property
    def subject(self) -> str:
        return f"{self.manifest['repository'].lower()}#{self.manifest['pr']}"


def proof(data: bytes, trusted: TrustedKeys | None, file: str) -> Proof:
    """What it proves by these keys; None: by its own, which proves less, and that is said.

    Raises:
        EngineError: ENG727, it is no pack.
    """
    manifest, files = pack.unpacked(data, file)
    known = _own(files.get("keys.json", b"[]")) if trusted is None else trusted
    opened = _Pack(manifest, files, known, [])
    holds: list[str] = []
    faults: list[str] = []
    unknown: list[str] = [f"not in it: {text}" for text in manifest["lacks"]]
    if trusted is None:
        unknown.append(OWN_KEYS)
    for look in _CHECKS:
        try:
            holds += look(opened, unknown)
        except EngineError as error:
            faults.append(f"{error.problems[0].code} {error.problems[0].message}")
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
            # Whoever made it may have put anything anywhere: what cannot be read is not believed.
            faults.append(f"{look.__name__.strip('_')}: {error}")
    return Proof(manifest["repository"], manifest["pr"], tuple(holds), tuple(faults), tuple(unknown))


def _own(data: bytes) -> TrustedKeys:
    found = {}
    for row in json.loads(data):
        public = b64decode(row["public"], validate=True)
        if key_id(public) != row["id"]:
            raise ValueError(f"the key {row['id']} has another id")
        found[row["id"]] = TrustedKey(row["id"], public, tuple(row["purposes"]), row["expires"], row["revoked"])
    return found


def _chain(one: _Pack, unknown: list[str]) -> Iterator[str]:
    """Heads without a gap; each batch that speaks of it is there; the newest signature is believed."""
    before: Head | None = None
    batch = b""
    heads: list[Head] = []
    first = last = 0
    for line in one.files["chain.jsonl"].splitlines(keepends=True):
        batch += line
        if not chain.is_head(line):
            continue
        head = chain.head(line[:-1])
        _follows(before, head)
        if batch != line:
            tip = before.tip if before else Tip(head.number - 1, head.records - batch.count(b"\n") + 1, head.before)
            lines, _ = chain.opened(batch, tip)
            found = [record.read(each) for each in lines]
            if {each.said.subject for each in found if each.said.subject} != set(head.subjects):
                raise ValueError(f"head {head.number} names other pull requests than its records")
            one.records.extend(each for each in found if each.said.subject == one.subject)
            first = first or head.number
        elif one.subject in head.subjects:
            raise ValueError(f"batch {head.number} speaks of {one.subject}, and is not in the pack")
        heads.append(head)
        before, batch, last = head, b"", head.number
    if batch or not one.records:
        raise ValueError("it does not end with a head, or says nothing of the pull request")
    covered, key, doubts = verify.signatures(heads, one.trusted)
    if doubts:
        head, reason = doubts[0]
        raise ValueError(f"head {head.number} is not believed: {reason}")
    if key is None:
        raise ValueError("no head is signed, so anybody could have written this chain")
    yield f"the chain: {plural(len(one.records), 'record')} in batches {first} to {last}, signed with {key}"
    if uncovered := [each.seq for each in one.records if each.seq > covered]:
        raise ValueError(f"records from {uncovered[0]} on are covered by no signature")
    unknown.append(f"what was said after head {last}, which is the last in the pack")
    if first > 1:
        unknown.append(f"what batches 1 to {first - 1} say: none of them is in the pack")


def _follows(before: Head | None, head: Head) -> None:
    if before is not None and (head.before, head.number) != (before.tip.digest, before.number + 1):
        raise ValueError(f"head {head.number} does not follow on head {before.number}")


def _statements(one: _Pack, _: list[str]) -> Iterator[str]:
    """Verdicts of exactly this pull request, numbered without a gap."""
    digests = set()
    for folder, origin in (("statements", "github"), ("statements-local", "local")):
        for number, (name, data) in enumerate(sorted(one.of(folder)), 1):
            found = check.once_believed(data, one.trusted, name)
            verdict = found.verdict
            place = (verdict["origin"], f"{verdict['repo'].lower()}#{verdict['pr']}", verdict["sequence"])
            if place != (origin, one.subject, number):
                raise ValueError(f"{name} was signed for another place")
            digests.add(found.digest)
    for each in one.records:
        said = each.said.details.get("verdict") if each.said.what == "plan" else None
        if said and said["digest"] not in digests:
            raise ValueError(f"record {each.seq} names verdict {said['sequence']}, which is not in the pack")
    if digests:
        yield f"{len(digests)} signed verdicts, numbered without a gap"


def _merge(one: _Pack, _: list[str]) -> Iterator[str]:
    """The merge decision is about this, by a verdict that is here, and the trail names it."""
    completed = [each for each in one.records if (each.said.what, each.said.outcome) == ("merge", "completed")]
    data = one.files.get("merge.json")
    if data is None:
        if completed:
            raise ValueError(f"record {completed[0].seq} says that it was merged, and its decision is not in the pack")
        return
    merged = merge.read(data, one.trusted, "merge.json")
    said = merged.said
    if f"{said['repository']['name'].lower()}#{said['pr']}" != one.subject:
        raise ValueError("merge.json was signed for another pull request")
    verdicts = {check.once_believed(each, one.trusted, name).digest for name, each in one.of("statements")}
    if said["verdict"]["digest"] not in verdicts:
        raise ValueError("the verdict that it was merged by is not in the pack")
    if merged.digest not in {each.said.details.get("merge") for each in completed}:
        raise ValueError("the chain does not name this merge decision")
    counted = {
        (each.said.key, (each.said.actor or {}).get("id")) for each in one.records if each.said.what == "approval"
    }
    if missing := {(each["gate"], each["id"]) for each in said["people"]} - counted:
        raise ValueError(f"the chain does not count the approval of {min(map(str, missing))}")
    people = ", ".join(sorted({each["login"] for each in said["people"]})) or "nobody, as the rules ask"
    yield f"merged as {said['commit']} by verdict {said['verdict']['sequence']}; approved by {people}"
    for used in said["overrides"]:
        yield f"overridden by {used['login']}: {used['reason']}"


def _ledger(one: _Pack, _: list[str]) -> Iterator[str]:
    """What became of its resources: an entry of all that the chain says was done to them, and of nothing else."""
    before: dict[str, ledger.Entry] = {}
    entries: set[tuple[str | None, str, str]] = set()
    for name, data in sorted(one.of("ledger")):
        entry = ledger.read(data, one.trusted, name)
        if reason := ledger.out_of_place(entry, entry.key, before.get(entry.key)):
            raise ValueError(f"{name}: {reason}")
        before[entry.key] = entry
        said = entry.said
        if f"{said['repository']['name'].lower()}#{said['pr']}" == one.subject:
            entries.add((entry.key, said["run"], _told(said["outcome"])))
            yield f"{entry.key}: {entry.outcome} (entry {entry.number})"
    told = [(each.said.key, each.run, each.said.outcome) for each in _applies(one)]
    for key, run, outcome in {each[0]: each for each in told if each[2] in map(_told, ledger.ATTEMPTS)}.values():
        # What was said before the last one may have been said again: an entry that could not be kept, say.
        if (key, run, outcome) not in entries:
            raise ValueError(f"the chain says of {key}: {outcome}, by the run {run}; that entry is not in the pack")
    for key, run, outcome in sorted(entries - set(told), key=str):
        if outcome in map(_told, ledger.RAN):  # by Terraform, which is said in the chain before and after
            raise ValueError(f"an entry says of {key}: {outcome}, by the run {run}; the chain does not")


def _told(outcome: str) -> str:
    """What the chain calls it."""
    return "completed" if outcome in DONE else outcome


def _applies(one: _Pack) -> Iterator[Record]:
    return (each for each in one.records if each.said.what == "apply")


def _decisions(one: _Pack, unknown: list[str]) -> Iterator[str]:
    """Each that the trail names is here, and comes out the same when it is decided again."""
    lacking = "\n".join(one.manifest["lacks"])
    count = 0
    loaded: dict[str, Rules] = {}  # by digest: the decisions of one pull request have few rules between them
    for _, digest in named(one.records):
        name = f"decisions/{digest.removeprefix('sha256:')}.json"
        if name not in one.files:
            if digest in lacking:
                continue
            raise ValueError(f"the decision {digest}, which the chain names, is not in the pack")
        data = one.files[name]
        if digest_bytes(data) != digest:
            raise ValueError(f"{name} is another decision")
        found = decode(data, name)
        rules = one.files[f"rules/{found.rules.removeprefix('sha256:')}.json"]
        if f"sha256:{digest_of(rules)}" != found.rules:
            raise ValueError(f"{name} was made by other rules")
        if found.rules not in loaded:
            loaded[found.rules] = rules_in(rules, name, catalog())
        again = replay(found, loaded[found.rules], catalog())
        count += again.is_same
        if not again.is_same:
            unknown.append(
                f"{name} comes out otherwise with this release ({found.engine} made it): {again.differences[0]}"
            )
    yield f"{plural(count, 'decision')}, decided again with the same bytes"


def _summary(one: _Pack, _: list[str]) -> Iterator[str]:
    """The summary for other tools says what the merge decision says."""
    data = one.files.get("vsa.json")
    if data is None:
        return
    payload, _key = authentic(data, one.trusted, purpose="audit", file="vsa.json")
    value = json.loads(payload)
    merged = merge.read(one.files["merge.json"], one.trusted, "merge.json")
    made_at, version = value["predicate"]["timeVerified"], value["predicate"]["verifier"]["version"]["interlock"]
    right = vsa.statement(merged.said, merged.digest, merged.said["verdict"]["digest"], version, made_at)
    if canonical(value) != canonical(right):
        raise ValueError("vsa.json says another thing than the merge decision")
    yield "the SLSA verification summary says what the merge decision says"


def _page(one: _Pack, _: list[str]) -> Iterator[str]:
    """The page for people is made of the chain, and of nothing else."""
    manifest = one.manifest
    lacks: Sequence[str] = manifest["lacks"]
    right = page.render(manifest["repository"], manifest["pr"], manifest["made_at"], one.records, lacks)
    if one.files["page.html"] != right:
        raise ValueError("page.html shows another thing than the chain says")
    yield "the page shows what the chain says"


_CHECKS: tuple[Callable[[_Pack, list[str]], Iterator[str]], ...] = (
    _chain,
    _statements,
    _merge,
    _ledger,
    _decisions,
    _summary,
    _page,
)
