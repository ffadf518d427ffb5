"""The S3 backend of a resource's state: bucket, key, lock file, encryption."""

from collections.abc import Mapping
from typing import NamedTuple

# Checks that only real AWS can answer.
_EMULATOR = (
    "use_path_style",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_requesting_account_id",
    "skip_region_validation",
)


class Backend(NamedTuple):
    """Where states are kept; `{account}` in `bucket` stands for the environment's account."""

    bucket: str
    region: str | None = None  # the environment's own, unless given
    emulator: bool = False

    def settings(self, state_key: str, account: str, region: str) -> Mapping[str, str | bool]:
        """The backend's configuration for one state."""
        return {
            "bucket": self.bucket.replace("{account}", account),
            "key": state_key,
            "region": self.region or region,
            "encrypt": True,
            "use_lockfile": True,
            **dict.fromkeys(_EMULATOR if self.emulator else (), True),
        }
