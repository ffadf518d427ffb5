"""What discovery finds, as frozen values, and the two forms in which others read it."""

import re
from collections.abc import Mapping
from typing import NamedTuple

from engine.core.canonical import digest
from engine.core.resources.tfvars import Json
from engine.core.schedule.graph import Graph
from engine.errors import Problem

EMPTY_TREE = digest({})
_KEY = re.compile(r'\["([^"\\]*)"\]')


class Resource(NamedTuple):
    """One Terraform state, and what Terraform will be given for it."""

    service: str
    name: str
    path: str  # S3/data-lake, or S3/data-lake.tfvars in the flat form
    state_key: str
    change: str  # added, modified, deleted, moved; unchanged when all resources were asked for
    environment: str
    tfvars: str  # path of the file; of the removed one when deleted
    files: Mapping[str, str]  # path → blob id
    tree: str  # digest of just these files, by their names in the resource
    variables: Mapping[str, Json]  # literals, with documents put in; only `environment` when deleted
    lines: Mapping[str, int]  # name of each AWS resource → its line in the tfvars; empty when deleted
    warned: tuple[Problem, ...] = ()  # what is accepted and odd
    texts: Mapping[str, bytes] = {}  # path → what stands in the file; none when deleted
    waits_for: tuple[str, ...] = ()  # paths that `depends_on` names

    def names(self, address: str) -> tuple[str, ...]:
        """What a Terraform address may be called in the tfvars: `role/policy` is a part of what is named `role`."""
        match = _KEY.search(address)
        return (match[1], match[1].partition("/")[0]) if match else ()

    def line_of(self, address: str) -> int:
        """The line that a Terraform address comes from: `aws_s3_bucket.this["lake"]` is where `lake` stands; else 0."""
        return next((self.lines[name] for name in self.names(address) if name in self.lines), 0)


class Discovery(NamedTuple):
    """What a change consists of."""

    environment: str | None  # None: nothing changed, or no single one can be named
    branch: str | None
    resources: tuple[Resource, ...]
    refused: tuple[Problem, ...]
    change: str | None = None  # digest of the whole change; None where nobody could tell
    applies: bool = False  # is there an account that it could be applied in?
    order: Graph[str] = Graph((), {})  # of the state keys of a whole source, those of `resources` among them

    @property
    def graph(self) -> Graph[str]:
        """What of `resources` waits for what, by state key. Without a cycle: one is refused."""
        order = self.order
        known = set(order.nodes)
        keys = [resource.state_key for resource in self.resources]
        return Graph((*order.nodes, *(key for key in keys if key not in known)), order.after).restricted(keys)

    def fact(self) -> dict[str, Json]:
        """The fact `resources`."""
        return {**self._rows("service", "name", "path", "state_key", "change", "tree"), "applies": self.applies}

    def to_json(self) -> dict[str, Json]:
        """What `engine discover --json` prints."""
        return self._rows("service", "name", "path", "state_key", "change")

    def _rows(self, *fields: str) -> dict[str, Json]:
        return {
            "environment": self.environment,
            "branch": self.branch,
            "resources": [{field: getattr(r, field) for field in fields} for r in self.resources],
            "refused": [_refusal(p) for p in self.refused],
        }


def _refusal(problem: Problem) -> Json:
    file, line = (problem.place.file, problem.place.line) if problem.place else ("", 0)
    message = f"{problem.message} ({problem.hint})" if problem.hint else problem.message
    return {"path": file, "line": line, "code": problem.code, "message": message}
