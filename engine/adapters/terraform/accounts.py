"""Who Terraform is in the account of an environment: one port, so that roles by OIDC can stand where profiles are.

Whatever is chosen is all that Terraform and its backend are told of who they are: keys, roles and tokens of our own
process stay behind. What a profile may build on (a container's role, the machine's) is its own configuration's choice.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol, TypeAlias

from engine.core.rules.model import Profile

Role: TypeAlias = Literal["plan", "apply"]  # reads the account and its state; writes both

# What would be taken instead of a profile, or beside it.
_OTHERS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_ROLE_ARN",
        "AWS_ROLE_SESSION_NAME",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    }
)


class Accounts(Protocol):
    """Chooses who Terraform is."""

    def env(self, given: Mapping[str, str], environment: str, account: str, role: Role) -> Mapping[str, str]:
        """`given`, the environment of a Terraform process, for this account and what is done there."""


class Profiles(NamedTuple):
    """By profiles of AWS's configuration. Where none is named: as our own process is, which the account checks."""

    default: str | None = None  # for every environment; `{environment}` and `{account}` stand for the resource's
    named: Mapping[str, Profile] = MappingProxyType({})  # by the environment's name, as the rules have them

    def name(self, environment: str, account: str, role: Role) -> str | None:
        """The profile's name."""
        if environment in self.named:
            profile = self.named[environment]
            return profile.plan if role == "plan" else profile.apply
        return self.default and self.default.replace("{environment}", environment).replace("{account}", account)

    def env(self, given: Mapping[str, str], environment: str, account: str, role: Role) -> Mapping[str, str]:
        """See `Accounts`."""
        profile = self.name(environment, account, role)
        if profile is None:
            return given
        return {**{key: value for key, value in given.items() if key not in _OTHERS}, "AWS_PROFILE": profile}
