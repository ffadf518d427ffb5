"""What a run reaches the world through, as values: a store, keys by their purpose, the time. Nobody looks elsewhere."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

if TYPE_CHECKING:
    from engine.adapters.github.port import Forge
    from engine.adapters.sealed import SealingKey
    from engine.adapters.storage.port import Store
    from engine.core.declare import Secret
    from engine.core.signature import Signer
    from engine.run.audit import Trail

Purpose: TypeAlias = Literal["verdict", "merge", "audit"]  # what a signature is for


class Secrets(Protocol):
    """Keys, by what they are for."""

    def signer(self, purpose: Purpose) -> "Signer":
        """Signs statements of that purpose.

        Raises:
            EngineError: ENG550 there is no key, or it cannot be used.
        """

    def digest_keys(self) -> tuple[bytes, ...]:
        """The first one keys the digests of plans; those of before come after it, for what was digested with them.

        Raises:
            EngineError: ENG551 there is none, or one cannot be used.
        """

    def handover_key(self) -> bytes:
        """Keys what one job hands to the next. No action is given it: it is for the run as a whole.

        Raises:
            EngineError: ENG570 there is none, or it cannot be used.
        """

    def backup_keys(self) -> "tuple[SealingKey, ...]":
        """The first one seals backups of states, each opens what it has sealed: those of before come after it.

        Raises:
            EngineError: ENG719 there is none, or one cannot be used.
        """


class Opens(Protocol):
    """Opens GitHub for repositories of one owner, and no more than is needed there. Sends nothing yet."""

    def __call__(self, repos: Sequence[str], permissions: Iterable[str], installation: int | None) -> "Forge":
        """`permissions` as the rows of actions have them; `installation` of our App, where an event says it.

        Raises:
            EngineError: ENG004, ENG206, ENG593, there are no credentials, or none that can be used.
        """


class Ports(NamedTuple):
    """The world of one run."""

    store: "Store"  # `memory` where none is configured
    secrets: Secrets
    now: Callable[[], str]  # RFC 3339
    audit: "Trail"  # what is said there is durable before it is done; of this process alone where no store is
    forge: "Forge | None" = None  # None: a run on a clone
    github: Opens | None = None  # opens `forge` once it is known what for; None: a run on a clone


_ASK: "Mapping[Secret, Callable[[Secrets], object]]" = {
    "verdict": lambda secrets: secrets.signer("verdict"),
    "merge": lambda secrets: secrets.signer("merge"),
    "audit": lambda secrets: secrets.signer("audit"),
    "digest": lambda secrets: secrets.digest_keys(),
    "backup": lambda secrets: secrets.backup_keys(),
}


class Granted:
    """The keys that an action's row names. It holds nothing else, so nobody gets a signer out of it by accident."""

    __slots__ = ("_keys",)

    def __init__(self, names: "Iterable[Secret]", secrets: Secrets) -> None:
        """Asks for each of them once.

        Raises:
            EngineError: ENG550, ENG551, ENG719, one is not there.
        """
        self._keys: dict[str, Any] = {name: _ASK[name](secrets) for name in names}

    def signer(self, purpose: Purpose) -> "Signer":
        """The signer, where the row names its purpose."""
        signer: Signer = self._key(purpose)
        return signer

    def digest_keys(self) -> tuple[bytes, ...]:
        """The keys of plan digests, where the row names them."""
        keys: tuple[bytes, ...] = self._key("digest")
        return keys

    def handover_key(self) -> bytes:
        """No action has it."""
        key: bytes = self._key("handover")
        return key

    def backup_keys(self) -> "tuple[SealingKey, ...]":
        """The keys of backups, where the row names them."""
        keys: tuple[SealingKey, ...] = self._key("backup")
        return keys

    def _key(self, name: str) -> Any:
        if name not in self._keys:
            raise PermissionError(f"the action has not declared that it uses the key `{name}`")
        return self._keys[name]
