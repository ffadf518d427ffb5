"""Who Terraform is in the account of an environment: by a profile of AWS's configuration, or by a role of the job's.

Whatever is chosen is all that Terraform and its backend are told of who they are: keys, roles and tokens of our own
process stay behind. What a profile may build on (a container's role, the machine's) is its own configuration's choice.
"""

import os
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from engine.core.rules.model import Environment, Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from engine.adapters.job_identity import Keys

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
# And instead of keys, or beside them.
_FILES = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
_MACHINES = ("AWS_PROFILE", "AWS_CONTAINER_")


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


class ByRoles(NamedTuple):
    """By the roles that the rules name, as far as they do; the keys are in that one environment, and in no other place.

    They are asked for anew for each command that starts more than five minutes later, so that one which works for long
    has nearly the whole session: no program that is at work can be given other keys.
    """

    named: Mapping[str, Environment]  # those with roles
    keys: "Callable[[str, str | None, int], Keys]"  # of a role, by a region's AWS, for so many seconds: `Exchange.keys`
    others: Profiles  # where the rules name no role

    def env(self, given: Mapping[str, str], environment: str, account: str, role: Role) -> Mapping[str, str]:
        """See `Accounts`.

        Raises:
            EngineError: as `keys`.
        """
        to = self.named.get(environment)
        if to is None or to.roles is None:
            return self.others.env(given, environment, account, role)
        keys = self.keys(to.roles.plan if role == "plan" else to.roles.apply, to.region, to.roles.session_s)
        kept = {name: value for name, value in given.items() if name not in _OTHERS and not name.startswith(_MACHINES)}
        said = {"AWS_ACCESS_KEY_ID": keys.id, "AWS_SECRET_ACCESS_KEY": keys.secret, "AWS_SESSION_TOKEN": keys.token}
        return {**kept, **_FILES, **said}
