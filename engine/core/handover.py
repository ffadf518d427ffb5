"""What one job hands to the next so that it can go on with a run: journals, and a code over all of it.

Whoever carries it from job to job (an artefact store, a cache) may read it, and is believed nothing: the code is made
under a key of its own, which only jobs that plan and jobs that decide hold, and it is checked before anything is read.
It covers which run this is of, and how far that had come; what it is to be of, the next job says by itself.

The form is one line (what this is, the key's id, the code) and canonical JSON behind it.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine.core.canonical import canonical
from engine.errors import failure

VERSION = 1
LIMIT = 64 * 1024 * 1024  # bytes of a hand-over

_MAGIC = "interlock-handover"
_DOMAIN = b"interlock hand-over 1\n"


class Binding(NamedTuple):
    """What a hand-over is of. `run` to `attempt` are for the next job to compare with what it knows by itself."""

    run: str
    attempt: str  # of the workflow; empty where nobody counts
    repository: str
    pull_request: int | None
    head: str
    base: str
    pipeline: str  # whose action is next
    action: str  # that it stopped before
    line: int  # the last one of that pipeline's journal
    turn: int = 1  # of that pipeline (`kept.journal.Identity`)


class Handover(NamedTuple):
    """One that was opened: nobody has altered it."""

    of: Binding
    journals: Mapping[str, tuple[bytes, ...]]  # by the key of a run: its lines, from the first


def mac(domain: bytes, data: bytes, key: bytes) -> str:
    """The code of `data` under `key`, in hexadecimal; `domain` keeps a code of one use from passing for another's."""
    return hmac.new(key, domain + data, "sha256").hexdigest()


def key_id(key: bytes) -> str:
    """Says which key a code was made with, and nothing of the key."""
    return mac(b"interlock hand-over key id\n", b"", key)[:16]


def close(handover: Handover, key: bytes) -> bytes:
    """The file.

    Raises:
        EngineError: ENG576, nobody would open it.
    """
    payload = canonical(
        {
            "version": VERSION,
            "of": handover.of._asdict(),
            "journals": {run: [line.decode() for line in lines] for run, lines in handover.journals.items()},
        }
    )
    return _small(f"{_MAGIC} {key_id(key)} {_code(payload, key)}\n".encode() + payload)


def open_(data: bytes, key: bytes) -> Handover:
    """The same again, if it is whole, ours and of a form that is known.

    Raises:
        EngineError: ENG576.
    """
    head, _, payload = _small(data).partition(b"\n")
    words = head.split(b" ")
    if len(words) != 3 or words[0] != _MAGIC.encode():
        raise failure("ENG576", reason="it is no hand-over, or not all of one")
    if not hmac.compare_digest(words[1], key_id(key).encode()):
        raise failure("ENG576", reason="it was made with another key than the one of this job")
    if not hmac.compare_digest(words[2], _code(payload, key).encode()):
        raise failure("ENG576", reason="it was altered or cut after it was written")
    found: Any = json.loads(payload)  # ours: nobody else could have made the code
    if found["version"] != VERSION:
        raise failure("ENG576", reason="a newer engine has written it")
    journals = {run: tuple(line.encode() for line in lines) for run, lines in found["journals"].items()}
    return Handover(Binding(**found["of"]), journals)


def compare(found: Binding, expected: Mapping[str, object]) -> None:
    """Nothing, if the hand-over is of what the next job knows that it is to go on with.

    Raises:
        EngineError: ENG576, the first field of `expected` that differs.
    """
    for name, value in expected.items():
        if getattr(found, name) != value:
            what = name.replace("_", " ")
            raise failure("ENG576", reason=f"it is of the {what} {getattr(found, name)!s}, not {value!s}")


def _small(data: bytes) -> bytes:
    if len(data) > LIMIT:
        raise failure("ENG576", reason=f"it is larger than {LIMIT // 1024 // 1024} MiB")
    return data


def _code(payload: bytes, key: bytes) -> str:
    return mac(_DOMAIN + key_id(key).encode() + b"\n", payload, key)
