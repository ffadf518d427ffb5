"""What Terraform is given: on this machine, for a resource, and by whom it is in an account."""

from typing import TYPE_CHECKING

from engine.errors import failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from engine.adapters.settings import Settings
    from engine.adapters.terraform.accounts import Accounts, Profiles, Role
    from engine.adapters.terraform.template import Setup
    from engine.adapters.terraform.workspace import Job
    from engine.core.resources.discover import Resource
    from engine.core.rules.model import Rules


def setup(values: "Settings", module: str, rules: "Rules | None", *, nowhere: bool = False) -> "Setup":
    """What Terraform is run with on this machine. `nowhere`: it needs no account, so it gets no credentials of one."""
    from engine.adapters.terraform import environment
    from engine.adapters.terraform.accounts import Profiles
    from engine.adapters.terraform.backend import Backend
    from engine.adapters.terraform.template import Setup

    return Setup(
        module=module,
        cache_dir=values.cache_dir,
        backend=Backend(
            values.state_bucket, values.state_region, values.emulator, rules.backend.dynamodb_table if rules else None
        ),
        credentials=environment.downloading(values.credentials) if nowhere else values.credentials,
        path=values.path,
        home=values.home,
        program=values.terraform,
        mirror=values.mirror,
        cli_config=values.cli_config,
        tofu_lock=values.tofu_lock,
        accounts=Profiles() if nowhere else _accounts(values, rules),
    )


def job(resource: "Resource", rules: "Rules", *, nowhere: bool = False) -> "Job":
    """What Terraform is given for a resource. `nowhere`: as if no environment had an account."""
    from engine.adapters.terraform.nowhere import ACCOUNT, REGION
    from engine.adapters.terraform.workspace import Job

    to = rules.environments.get(resource.environment, rules.otherwise)
    return Job(
        resource.path,
        resource.state_key,
        resource.variables,
        resource.environment,
        to.account or ACCOUNT,
        to.region or REGION,
        nowhere=nowhere or not to.applies,
    )


def apart_from_the_store(values: "Settings", rules: "Rules", jobs: "Sequence[Job]") -> None:
    """Nothing, if no profile or role that Terraform works by, whatever it does, is the store's.

    Raises:
        EngineError: ENG469, ENG943.
    """
    of_store, stores_role = (getattr(values.store, name, None) for name in ("profile", "role"))
    profiles = _profiles(values, rules)
    roles: tuple[Role, ...] = ("plan", "apply")
    for one in jobs:
        for role in roles:
            profile = profiles.name(one.environment, one.account, role)
            if profile and profile == of_store:
                raise failure("ENG469", profile=profile, environment=one.environment)
        to = rules.environments.get(one.environment)
        if to and to.roles and stores_role in (to.roles.plan, to.roles.apply):
            raise failure("ENG943", role=stores_role, environment=one.environment)


def _profiles(values: "Settings", rules: "Rules | None") -> "Profiles":
    """What the rules say of an environment stands above what the machine says of all."""
    from engine.adapters.terraform.accounts import Profiles

    environments = rules.environments if rules else {}
    return Profiles(values.aws_profile, {name: one.profile for name, one in environments.items() if one.profile})


def _accounts(values: "Settings", rules: "Rules | None") -> "Accounts":
    """Roles are for whoever has an identity of its own, which a job has; elsewhere a machine may say by what profile.

    In a job that setting does not count: it is not given another way in by what anybody sets beside the rules.
    """
    from engine.adapters.job_identity import Exchange
    from engine.adapters.terraform.accounts import ByRoles

    profiles = _profiles(values, rules)
    roles = {name: one for name, one in (rules.environments if rules else {}).items() if one.roles}
    if not roles or (values.aws_profile and values.identity is None and not values.in_actions):
        return profiles
    return ByRoles(roles, Exchange(values.identity).keys, profiles)
