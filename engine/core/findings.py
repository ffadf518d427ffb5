"""Finding and Severity: one form for what policy (and later lint and drift) has to say."""

from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple


class Severity(Enum):
    """How bad a finding is, worst first; the order is written here once."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Effect(Enum):
    """What a finding does to the verdict."""

    DENY = "deny"  # `deny` and `violation` rules: the verdict fails
    WARN = "warn"  # reported, blocks nothing
    EXCEPTION = "exception"  # denied, but excused: by a policy's own `exception` rule, or by the controller's settings


class Finding(NamedTuple):
    """One statement of a policy about one resource. Texts have been through `redact`."""

    rule: str  # id, e.g. `S3-ENC-001`, or `<package>.<rule>` where the policy names none
    severity: Severity
    effect: Effect
    message: str
    resource: str  # path of our resource: `S3/data-lake`
    address: str = ""  # Terraform address inside it: `aws_s3_bucket.this["data-lake"]`
    remediation: str = ""
    file: str = ""  # configuration file that the finding is about, with its line when known
    line: int = 0
    policy: str = ""  # file of the policy, `policies/encryption.rego`
    engine: str = "rego"
    value: str = ""  # what it is about in one word, for exceptions: an action, an account
    until: str = ""  # moment when the exception that excuses it runs out
    attribute: str = ""  # of the address, where the policy names one: `kms_key_arn`
    sid: str = ""  # of the statement of a document that it is about, where that is known

    def to_json(self) -> dict[str, Any]:
        """For machines: `$defs/finding` of `schemas/report.schema.json`."""
        return {**self._asdict(), "severity": self.severity.value, "effect": self.effect.value}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Finding":
        """The finding again; a statement keeps the first six fields only."""
        return cls(**{**value, "severity": Severity(value["severity"]), "effect": Effect(value["effect"])})
