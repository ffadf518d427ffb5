"""What stands before a branch on GitHub, and what somebody could do who goes past it.

Rulesets add up, and with a branch's own protection: what one of them forbids is forbidden, to whoever may not pass that
one. So a rule that one ruleset has which nobody may pass holds for everybody, whatever the others say.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from engine.core.doctor import UNSEEN, Finding, Level, fine
from engine.names import listing

_ROLES = {1: "read", 2: "maintain", 3: "triage", 4: "write", 5: "admin"}  # GitHub's numbers of its own roles
_WITHOUT = "pull_request"  # a mode: may merge what the rules do not let be merged, but not push

# Rule → what is wrong without it, how somebody uses that. `CHECK` is our own, bound to our App.
CHECK = "required_status_checks"
_REVIEW = "a review"  # of a pull request: no rule of its own
_LACKS: Mapping[str, tuple[str, str]] = {
    "pull_request": (
        "takes pushes without a pull request",
        "somebody who may write pushes what nobody has judged or approved, and the next apply carries it out",
    ),
    "non_fast_forward": (
        "takes forced pushes",
        "somebody who may write moves the branch back, and what runs in AWS is in no commit of it",
    ),
    "deletion": (
        "may be deleted",
        "somebody who may write deletes the branch, and makes it anew from a commit of their own",
    ),
}


class Passing(NamedTuple):
    """Somebody for whom a guard does not hold."""

    kind: str  # as GitHub's rulesets say it: Integration, User, Team, OrganizationAdmin, RepositoryRole, DeployKey
    who: str  # for people
    id: int | None = None
    mode: str = "always"  # always, exempt, pull_request


class Guard(NamedTuple):
    """A ruleset that holds for a branch, or the branch's own protection."""

    name: str
    rules: frozenset[str]  # as rulesets call them
    checks: tuple[tuple[str, int | None], ...] = ()  # (name, id of the App that has to set it; None: anybody)
    reviews: int = 0
    owners: bool = False  # have those of CODEOWNERS to review?
    passing: tuple[Passing, ...] | None = ()  # None: GitHub does not show it

    def has(self, rule: str, check: tuple[str, int | None]) -> bool:
        """Does it have the rule; of checks, this one?"""
        if rule == _REVIEW:
            return self.reviews > 0
        return check in self.checks if rule == CHECK else rule in self.rules


class Branch(NamedTuple):
    """One that is looked at."""

    repo: str
    name: str
    check: str = ""  # ours; empty: none is set there
    app: int | None = None  # ours
    reviewed: bool = False  # has GitHub to ask for a review? Where our check is, the rules ask

    def __str__(self) -> str:
        return f"{self.repo}, branch {self.name}"


def of_ruleset(rows: Sequence[Mapping[str, Any]], whole: Mapping[str, Any]) -> Guard:
    """A ruleset: its rules as those of a branch are listed, and itself, which says who may pass.

    Raises:
        LookupError, TypeError: it is not in GitHub's form.
    """
    asked = [row.get("parameters") or {} for row in rows if row["type"] == "pull_request"]
    checks = [
        (check["context"], check.get("integration_id"))
        for row in rows
        if row["type"] == CHECK
        for check in row["parameters"]["required_status_checks"]
    ]
    passing = whole.get("bypass_actors")
    return Guard(
        f"ruleset `{whole['name']}`",
        frozenset(row["type"] for row in rows),
        tuple(checks),
        max((wants.get("required_approving_review_count", 0) for wants in asked), default=0),
        any(wants.get("require_code_owner_review") for wants in asked),
        None if passing is None else tuple(map(_actor, passing)),
    )


def _actor(row: Mapping[str, Any]) -> Passing:
    kind, number = row["actor_type"], row.get("actor_id")
    who = {
        "OrganizationAdmin": "owners of the organisation",
        "DeployKey": "every deploy key",
        "RepositoryRole": f"role {_ROLES.get(number or 0, number)}",
        "Integration": f"App {number}",
    }.get(kind, f"{kind.lower()} {number}")
    return Passing(kind, who, number, row.get("bypass_mode") or "always")


def of_protection(said: Mapping[str, Any]) -> Guard:
    """A branch's own protection, as GitHub shows it.

    Raises:
        LookupError, TypeError: it is not in GitHub's form.
    """
    reviews, checks = said.get("required_pull_request_reviews"), said.get(CHECK)
    rules = [
        *(["pull_request"] if reviews is not None else []),
        *([CHECK] if checks is not None else []),
        *([] if _on(said, "allow_force_pushes") else ["non_fast_forward"]),
        *([] if _on(said, "allow_deletions") else ["deletion"]),
    ]
    passing = [] if _on(said, "enforce_admins") else [Passing("RepositoryRole", "role admin", 5)]
    excused = (reviews or {}).get("bypass_pull_request_allowances") or {}
    for field, kind, name in (("users", "User", "login"), ("teams", "Team", "slug"), ("apps", "Integration", "slug")):
        passing += [Passing(kind, f"{kind.lower()} {row[name]}", row["id"]) for row in excused.get(field) or ()]
    rows = (checks or {}).get("checks") or ()
    return Guard(
        "the branch's own protection",
        frozenset(rules),
        tuple((row["context"], None if row.get("app_id") in (None, -1) else row["app_id"]) for row in rows),
        (reviews or {}).get("required_approving_review_count", 0),
        bool((reviews or {}).get("require_code_owner_reviews")),
        tuple(passing),
    )


def _on(said: Mapping[str, Any], name: str) -> bool:
    return bool((said.get(name) or {}).get("enabled"))


def judged(branch: Branch, guards: Sequence[Guard]) -> list[Finding]:
    """What is wrong there; a single finding that all is well, where nothing is."""
    found = [*_missing(branch, guards), *_passed(branch, guards)]
    besides = [*([f"`{branch.check}` of our App"] if branch.check else []), *(["a review"] if branch.reviewed else [])]
    return found or [fine(str(branch), f"{' and '.join(['takes pull requests only', *besides])}; nobody is excused")]


def _missing(branch: Branch, guards: Sequence[Guard]) -> Iterator[Finding]:
    mend = made(branch)
    for rule, (what, attack) in _LACKS.items():
        if not any(rule in guard.rules for guard in guards):
            yield Finding(str(branch), False, what, attack, mend)
    if branch.check:
        yield from _unchecked(branch, guards, mend)
    if branch.reviewed and not any(guard.reviews for guard in guards):
        attack = "somebody merges a change of the rules that nobody else has read, and it decides what runs everywhere"
        yield Finding(str(branch), False, "takes pull requests that nobody has reviewed", attack, mend)
    elif branch.reviewed and not any(guard.owners for guard in guards):
        what = "asks no owner of CODEOWNERS: anybody's review is enough for a change of rules, policies or keys"
        attack = "two people of another team change who may approve"
        yield Finding(str(branch), False, what, attack, mend, "warning")


def _unchecked(branch: Branch, guards: Sequence[Guard], mend: str) -> Iterator[Finding]:
    apps = [app for guard in guards for name, app in guard.checks if name == branch.check]
    if branch.app is None:
        what = f"cannot be held to the check `{branch.check}` of our App: nobody says which App is ours"
        yield Finding(str(branch), False, what, UNSEEN, "set ENGINE_GITHUB_APP_ID to the id of the App that acts")
    elif not apps:
        attack = "somebody who may write presses GitHub's own button, and no gate of the rules is asked"
        yield Finding(str(branch), False, f"does not require the check `{branch.check}`", attack, mend)
    elif branch.app not in apps:
        others = listing({"anybody" if app is None else f"App {app}" for app in apps})
        what = f"takes the check `{branch.check}` of {others}, not of our App alone"
        attack = "somebody who may write sets a status of that name, and merges what no gate has let through"
        yield Finding(str(branch), False, what, attack, mend)


def _passed(branch: Branch, guards: Sequence[Guard]) -> Iterator[Finding]:
    """Whom no guard of some rule stops. What is not known of each counts as said by none."""
    check, found, hidden = (branch.check, branch.app), dict[Passing, str](), dict[str, None]()
    for rule in (*_LACKS, *([CHECK] if branch.check else []), *([_REVIEW] if branch.reviewed else [])):
        of = [guard for guard in guards if guard.has(rule, check)]
        if any(guard.passing == () for guard in of):
            continue
        for guard in of:
            for one in guard.passing or ():
                found.setdefault(one, guard.name)
            if guard.passing is None:
                hidden[guard.name] = None
    for name in hidden:
        what = f"GitHub does not show who may pass {name}"
        mend = (
            f"run it with GITHUB_TOKEN of somebody who may change it: an administrator of {branch.repo}, or its owner"
        )
        yield Finding(str(branch), False, what, UNSEEN, mend)
    for is_milder in (False, True):
        of_kind = {one: name for one, name in found.items() if (one.mode == _WITHOUT) is is_milder}
        if of_kind:
            yield _excused(branch, of_kind, is_milder=is_milder)


def _excused(branch: Branch, found: Mapping[Passing, str], *, is_milder: bool) -> Finding:
    def told(one: Passing) -> str:
        who = "our own App" if one.kind == "Integration" and one.id == branch.app is not None else one.who
        return f"{who} ({found[one]})"

    who = listing(map(told, found))
    level: Level = "warning" if is_milder and all(one.kind != "Integration" for one in found) else "error"
    if is_milder:
        what, attack = f"may be merged into past its rules by {who}", "one of them merges what no gate has let through"
    else:
        what = f"may be pushed to past its rules by {who}"
        attack = "whoever has the account or the key of one of them pushes what nobody has judged or approved"
    return Finding(str(branch), False, what, attack, made(branch), level)


def made(branch: Branch) -> str:
    """The command that protects the branch, as an administrator runs it: a ruleset that nobody may pass."""
    return post(f"repos/{branch.repo}/rulesets", ruleset(branch))


def ruleset(branch: Branch) -> dict[str, Any]:
    """The body of a request for a ruleset that holds all that the branch needs, for everybody."""
    reviews = {
        "required_approving_review_count": int(branch.reviewed),
        "dismiss_stale_reviews_on_push": branch.reviewed,
        "require_code_owner_review": branch.reviewed,
        "require_last_push_approval": branch.reviewed,
        "required_review_thread_resolution": False,
    }
    rules: list[dict[str, Any]] = [{"type": "deletion"}, {"type": "non_fast_forward"}]
    rules.append({"type": "pull_request", "parameters": reviews})
    if branch.check and branch.app is not None:  # one that is bound to nobody would be anybody's
        bound = {"context": branch.check, "integration_id": branch.app}
        wants = {"strict_required_status_checks_policy": False, "required_status_checks": [bound]}
        rules.append({"type": CHECK, "parameters": wants})
    return {
        "name": f"interlock: {branch.name}",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch.name}"], "exclude": []}},
        "rules": rules,
        "bypass_actors": [],
    }


def post(path: str, body: Mapping[str, Any], verb: str = "POST") -> str:
    """A request to GitHub, as somebody types it who has its command line."""
    return f"gh api --method {verb} {path} --input - <<< {shlex.quote(json.dumps(body))}"


def both(*commands: str) -> str:
    """Several commands, one after the other."""
    return " && ".join(commands)


def said(rows: Iterable[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """The rules of a branch, by the ruleset that each is from.

    Raises:
        LookupError, TypeError: they are not in GitHub's form.
    """
    found: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(int(row["ruleset_id"]), []).append(row)
    return found
