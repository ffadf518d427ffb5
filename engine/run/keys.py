"""The two keys of a run, or what to do about one that is missing."""

from typing import TYPE_CHECKING

from engine.errors import failure

if TYPE_CHECKING:
    from engine.adapters.keys import FileSigner


def signer() -> "FileSigner":
    """Signs verdicts.

    Raises:
        EngineError: ENG550 there is no key, or it cannot be used.
    """
    from engine.adapters import settings
    from engine.adapters.keys import load_signer

    pem = settings.signing_key()
    if pem is None:
        raise failure("ENG550")
    return load_signer(pem)


def digest_key() -> bytes:
    """Keys the digests of plans.

    Raises:
        EngineError: ENG551 there is none, or it cannot be used.
    """
    from engine.adapters import settings

    key = settings.digest_key()
    if key is None:
        raise failure("ENG551")
    return key
