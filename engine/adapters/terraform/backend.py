"""The S3 backend of a resource's state: bucket, key, lock file, encryption."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Value: TypeAlias = str | bool | list[str]

# Checks that only real AWS can answer.
_EMULATOR = (
    "use_path_style",
    "skip_metadata_api_check",
    "skip_region_validation",
)


class Backend(NamedTuple):
    """Where states are kept; `{account}` in `bucket` and `dynamodb_table` stands for the environment's account."""

    bucket: str
    region: str | None = None  # the environment's own, unless given
    emulator: bool = False
    dynamodb_table: str | None = None  # instead of the lock file

    def settings(self, state_key: str, account: str, region: str) -> Mapping[str, Value]:
        """The backend's configuration for one state."""
        table = self.dynamodb_table and self.dynamodb_table.replace("{account}", account)
        return {
            "bucket": self.bucket.replace("{account}", account),
            "key": state_key,
            "region": self.region or region,
            "encrypt": True,
            "use_lockfile": not table,
            **({"dynamodb_table": table} if table else {}),
            "allowed_account_ids": [account],  # another account's credentials are refused before it is locked
            **dict.fromkeys(_EMULATOR if self.emulator else (), True),
        }
