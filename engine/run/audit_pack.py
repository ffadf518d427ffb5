"""Makes the pack of a pull request from a store."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from engine import __version__
from engine.core.audit import chain, pack, page, record, vsa
from engine.core.audit.record import Record
from engine.core.canonical import canonical
from engine.core.kept import keys
from engine.core.kept import record as kept_record
from engine.core.repository import same_repository
from engine.core.signature import Signer, TrustedKeys, sign
from engine.core.verdict.trust import to_json
from engine.errors import EngineError, failure
from engine.run import audit_read
from engine.run.kept import decisions, ledger, merges

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store


class Made(NamedTuple):
    """A pack, and what is in it."""

    data: bytes
    records: int
    statements: int
    decisions: int
    lacks: tuple[str, ...]  # what should be in it, and is not


def made(
    store: "Store", repository: str | None, pr: int, trusted: TrustedKeys, now: str, signer: Signer | None
) -> Made:
    """All that the store has of it.

    Raises:
        EngineError: ENG725, the trail has no such pull request; ENG726, it has one of several
            repositories; what is there cannot be believed; the store fails.
    """
    segment, records = _segment(store, repository, pr)
    name = records[0].said.repository
    lacks: list[str] = []
    files = {"chain.jsonl": segment, "keys.json": canonical([to_json(key) for _, key in sorted(trusted.items())])}
    statements = dict(_statements(store, name, pr))
    files |= statements
    if not statements:
        lacks.append("a signed verdict: none is kept about it")
    merged = merges.get(store, name, pr, trusted)
    if merged is None:
        lacks.append("a signed merge decision: we have merged none")
    else:
        files["merge.json"] = _envelope(store, "merge", keys.merge(name, pr))
        if signer is None:
            lacks.append("a SLSA verification summary: this process has no key of the purpose audit")
        else:
            verdict = merged.said["verdict"]["digest"]
            summary = vsa.statement(merged.said, merged.digest, verdict, __version__, now)
            files["vsa.json"] = sign(canonical(summary), signer)
    entries = ledger.of_pull(store, pr, trusted)
    tried = {entry.key for entry in entries if same_repository(entry.said["repository"]["name"], name)}
    for state_key in sorted(tried | set(merged.said["keys"] if merged else ())):
        files |= dict(_entries(store, state_key))
    decided = dict(_decisions(store, records, lacks))
    files |= decided
    files["page.html"] = page.render(name, pr, now, records, lacks)
    about = {"repository": name, "pr": pr, "made_at": now, "engine": __version__, "lacks": lacks}
    count = sum(path.startswith("decisions/") for path in decided)
    return Made(pack.packed(about, files), len(records), len(statements), count, tuple(lacks))


def _segment(store: "Store", repository: str | None, pr: int) -> tuple[bytes, list[Record]]:
    """The chain from the first batch that speaks of it on, and its records."""
    end = f"#{pr}"
    parts: list[bytes] = []
    found: dict[str, list[Record]] = {}
    for head, data in audit_read.heads(audit_read.batches(store)):
        about = [one for one in head.subjects if one.endswith(end) and _is(one, repository, end)]
        if about:
            parts.append(data)
            for line in data.split(b"\n")[:-2]:
                one = record.read(line)
                if one.said.subject in about:
                    found.setdefault(one.said.subject, []).append(one)
        elif parts:
            parts.append(head.line + b"\n")
    if not found:
        raise failure("ENG725", subject=f"{repository or ''}#{pr}")
    if len(found) > 1:
        raise failure("ENG726", pr=pr, known=", ".join(sorted(one.removesuffix(end) for one in found)))
    return b"".join(parts), next(iter(found.values()))


def _is(subject: str, repository: str | None, end: str) -> bool:
    return repository is None or subject == f"{repository.lower()}{end}"


def _statements(store: "Store", name: str, pr: int) -> Iterator[tuple[str, bytes]]:
    for origin in ("github", "local"):
        prefix = keys.statements(origin, name, pr)
        folder = "statements" if origin == "github" else "statements-local"
        for key in list(store.list(prefix)):
            yield f"{folder}/{key.removeprefix(prefix)}.json", _envelope(store, "statement", key)


def _entries(store: "Store", state_key: str) -> Iterator[tuple[str, bytes]]:
    for key in list(store.list(keys.ledger(state_key))):
        yield f"{key}.json", _envelope(store, "ledger", key)


def _envelope(store: "Store", kind: str, key: str) -> bytes:
    item = store.get(key)
    if item is None:
        raise failure("ENG193", key=key, reason="it was taken away just now")
    return canonical(kept_record.decode(kind, item.data, key)["envelope"])


def _decisions(store: "Store", records: Sequence[Record], lacks: list[str]) -> Iterator[tuple[str, bytes]]:
    """Each that the trail names, with its rules; what is gone from the store is said."""
    for run, digest in named(records):
        try:
            data, rules = decisions.one(store, run, digest)
        except EngineError as error:
            lacks.append(f"the decision {digest} of the run {run}: {error.problems[0].message}")
            continue
        yield f"decisions/{digest.removeprefix('sha256:')}.json", data
        yield f"rules/{chain.digest(rules)}.json", rules


def named(records: Sequence[Record]) -> Mapping[tuple[str, str], None]:
    """The decisions that records of the trail name: run and digest, each once, in their order."""
    found = ((one.run, one.said.details.get("kept")) for one in records if one.said.what == "decision")
    return {(run, digest): None for run, digest in found if isinstance(digest, str)}
