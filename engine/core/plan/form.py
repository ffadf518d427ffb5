"""What a plan has to be before any of its changes is believed: whole, and of a form in which nothing is new.

The form is that of Terraform 1.10 to 1.17 and of OpenTofu to 1.12, which call it 1.2. Within 1.x they add keys that a
reader may pass over; one that decides may not. A change with a key that is not known is refused, and so is a plan with
one that holds rows, as `deferred_changes` does; a flag, a text or a few of them beside the changes does nothing.
"""

from collections.abc import Callable, Mapping

from engine.core import exact
from engine.core.exact import Json
from engine.errors import EngineError, problem

SHOW = "make it with `terraform show -json PLAN`, by Terraform 1.10 to 1.17"
NEWER = "plan with Terraform 1.10 to 1.17, or use a release of the engine that knows it"
# Any of these says that it is a plan; a state (`terraform show -json` without a plan) has none of them.
_PLAN = ("resource_changes", "planned_values", "output_changes", "configuration")
_KNOWN = frozenset([
    "format_version", "terraform_version", "variables", "planned_values", "resource_drift", "resource_changes",
    "output_changes", "prior_state", "configuration", "relevant_attributes", "checks", "timestamp", "applyable",
    "complete", "errored",
])  # fmt: skip
# What does something beside the resource changes, and nothing here judges: which Terraform brings it, and the way out.
_REFUSED = {
    "deferred_changes": (
        "changes that are put off to a later plan, which Terraform does with -allow-deferral (an experiment since 1.9)",
        "plan without -allow-deferral",
    ),
    "deferred_action_invocations": (
        "actions that are put off to a later plan (Terraform 1.14 with -allow-deferral)",
        "plan without -allow-deferral",
    ),
    "action_invocations": (
        "actions of a provider (`action` blocks, since Terraform 1.14), which no policy judges",
        "remove `action_trigger` from the resources of the module, and plan without -invoke",
    ),
}


class RefusedPlanError(EngineError):
    """A plan that is not understood, or not whole: why, and what to do."""

    def __init__(self, reason: str, mend: str = "") -> None:
        self.reason, self.mend = reason, mend or SHOW
        super().__init__(problem("ENG430", reason=reason, mend=self.mend))


def read(data: bytes, broken: Callable[[str], EngineError]) -> dict[str, Json]:
    """The object in `data`, its numbers exact. Whether it is a plan says `model.check`.

    Raises:
        EngineError: what `broken` makes of the reason: no JSON, or no object.
        RefusedPlanError: too deep, or with a number that nobody could pass on.
    """
    try:
        found = exact.loads(data)
    except exact.TooMuchError as error:
        raise RefusedPlanError(str(error)) from error
    except ValueError as error:
        raise broken("it is not JSON") from error
    if not isinstance(found, dict):
        raise broken("it is no JSON object")
    return found


def check_form(plan: Mapping[str, Json]) -> None:
    """The plan as a whole.

    Raises:
        RefusedPlanError: no plan, of another format, not complete, or with more than is known.
    """
    version = plan.get("format_version")
    if "serial" in plan or "lineage" in plan or "values" in plan:
        raise RefusedPlanError("it is a state, and no plan")
    if not isinstance(version, str):
        raise RefusedPlanError("it is no plan: it has no format_version")
    if version.split(".")[0] != "1":
        raise RefusedPlanError(f"its format_version is {version!r}, not 1.x", NEWER)
    if not any(name in plan for name in _PLAN):
        raise RefusedPlanError("it is no plan: it has neither changes nor planned values (a state has none)")
    if plan.get("errored", False) is not False:
        raise RefusedPlanError("it is not complete: Terraform had errors while planning", "mend them, and plan again")
    if plan.get("complete", True) is not True:
        raise RefusedPlanError("it is not complete", "plan everything: without -target, and without -allow-deferral")
    for name, (what, mend) in _REFUSED.items():
        if plan.get(name):
            raise RefusedPlanError(f"it has `{name}`: {what}", mend)
    known_keys({name: value for name, value in plan.items() if _holds_rows(value)}, _KNOWN, "it")


def _holds_rows(value: Json) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(isinstance(item, dict) for item in items)


def known_keys(found: Mapping[str, Json], known: frozenset[str], whose: str) -> None:
    """Every key that says something is one that is read, or passed over on purpose.

    Raises:
        RefusedPlanError: one is not.
    """
    for name, value in found.items():
        if name not in known and value not in (None, False, "", [], {}):
            raise RefusedPlanError(f"{whose} has `{name}`, which this release does not know", NEWER)
