"""Who comes: the jobs of the controller's workflow, as GitHub's tokens name them, and what each may do.

https://docs.github.com/en/actions/reference/security/oidc: a job in an environment has the subject
`repo:OWNER/NAME:environment:ENVIRONMENT`, whatever branch it runs on; from which branch that environment may be used is
for GitHub to hold (`engine doctor --github` looks). Repositories made, renamed or moved since 2026-07-15 have ids in
it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from engine.errors import failure

AUDIENCE = "sts.amazonaws.com"
PUBLIC = "https://github.com"
OTHERWISE = "otherwise"
_OURS = "interlock-"  # environments of GitHub that begin so are those of our own jobs


class Controller(NamedTuple):
    """The repository whose jobs come."""

    repo: str  # owner/name
    ids: tuple[int, int] | None = None  # of the owner and of the repository, where they are known
    server: str = PUBLIC

    @property
    def provider(self) -> str:
        """Who signs its tokens, without `https://`: so AWS calls it."""
        if self.server == PUBLIC:
            return "token.actions.githubusercontent.com"
        return f"{self.server.removeprefix('https://')}/_services/token"

    def subjects(self, environments: Iterable[str]) -> list[str]:
        """What its jobs in these environments are called: in both forms, where the ids are known."""
        owner, _, name = self.repo.partition("/")
        names = [f"{owner}/{name}"]
        if self.ids:
            names.append(f"{owner}@{self.ids[0]}/{name}@{self.ids[1]}")
        return [f"repo:{repo}:environment:{_escaped(one)}" for one in environments for repo in names]


class Job(NamedTuple):
    """One of the workflow, as README.md of a new controller has it."""

    name: str
    environment: str  # of GitHub; `{}` stands for each of the rules, and for none of them
    store: str  # the column of docs/store.md


JOBS = (
    Job("route", "interlock-route", "decide"),
    Job("plan", "interlock-plan-{}", "plan"),
    Job("sign", "interlock-sign", "decide"),
    Job("apply", "{}", "apply"),
    Job("report", "interlock-report", "decide"),
)
_BY_NAME: Mapping[str, Job] = {one.name: one for one in JOBS}


def environment_of(job: str, environment: str) -> str:
    """GitHub's environment in which a job works on a change of that one."""
    return _BY_NAME[job].environment.replace("{}", environment)


def environments_of(job: Job, rules: Sequence[str]) -> list[str]:
    """All that it may be in."""
    return [job.environment.replace("{}", one) for one in (*rules, OTHERWISE)] if "{}" in job.environment else [
        job.environment
    ]  # fmt: skip


def check_apart(rules: Sequence[str]) -> None:
    """Nothing, if no environment of the rules would be one of another job's. GitHub knows no case in their names.

    Raises:
        EngineError: ENG953.
    """
    seen: dict[str, str] = {OTHERWISE: "where nothing is applied"}
    for name in rules:
        lower = name.lower()
        if lower.startswith(_OURS) or lower in seen:
            raise failure("ENG953", name=name, other="a job's own" if lower.startswith(_OURS) else seen[lower])
        seen[lower] = name


def _escaped(environment: str) -> str:
    return environment.replace("%", "%25").replace(":", "%3A")
