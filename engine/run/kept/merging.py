"""What a run is about to merge, signed before it asks for that: what is then found merged can be accounted for.

A run may be killed between GitHub's merge and its own last word. Whoever comes after it finds here what was decided.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.core.canonical import canonical
from engine.core.kept import keys, record
from engine.core.repository import same_repository
from engine.core.signature import Signer, TrustedKeys, authentic, sign
from engine.core.source import load_json
from engine.errors import EngineError, failure
from engine.run.kept.write import put as put_once

if TYPE_CHECKING:
    from engine.adapters.storage.port import Store

KIND = "application/vnd.interlock.merging+json"


def put(store: "Store", run: str, said: Mapping[str, Any], signer: Signer) -> None:
    """From now on this is what is about to be merged, whatever was before.

    Only for whoever has the claim to merge there. `said`: the merge decision, as far as it can be before the merge.

    Raises:
        EngineError: ENG621, another run has said something else meanwhile; the store fails.
    """
    key = keys.merging(said["repository"]["name"], said["pr"])
    item = store.get(key)
    envelope = sign(canonical(dict(said)), signer, KIND)
    if not put_once(
        store, key, record.encode("merging", run=run, envelope=json.loads(envelope)), item.version if item else None
    ):
        raise failure("ENG621", what=key)


def get(store: "Store", repo: str, pr: int, trusted: TrustedKeys) -> Mapping[str, Any] | None:
    """What was about to be merged last; None where nothing ever was.

    Raises:
        EngineError: ENG193, ENG194, ENG196, what stands there was not signed for that place; the store fails.
    """
    key = keys.merging(repo, pr)
    item = store.get(key)
    if item is None:
        return None
    envelope = canonical(record.decode("merging", item.data, key)["envelope"])
    try:
        payload, _ = authentic(envelope, trusted, purpose="merge", kind=KIND, file=key)
        said: Mapping[str, Any] = load_json(payload, key).data
    except EngineError as error:
        raise failure("ENG193", key=key, reason=error.problems[0].message, hint=record.WAY_OUT["merging"]) from None
    if not same_repository(said["repository"]["name"], repo) or said["pr"] != pr:
        raise failure("ENG193", key=key, reason="it was signed for another place", hint=record.WAY_OUT["merging"])
    return said
