"""What discovery is handed from real git, and what it makes of it."""

import json
from typing import Any

import pytest

from engine.adapters.git import contents
from engine.adapters.git.repository import Repository
from engine.core.resources import services
from engine.core.resources.discover import Discovery, discover
from engine.core.resources.tree import change_digest
from tests.support.cases import cases
from tests.support.git import Clone, Counted
from tests.support.resources import rules, source

TABLE = cases("discovery")
SERVICES = services.read({name: text.encode() for name, text in TABLE["module"].items()})
BUCKET = 'environment = "{environment}"\ns3_buckets = {{ "{name}" = {{ policy_file = "{name}.json" }} }}\n'
POLICY = '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}}'


def _bucket(name: str, environment: str = "development") -> dict[str, str]:
    text = BUCKET.format(name=name, environment=environment)
    return {f"S3/{name}/{name}.tfvars": text, f"S3/{name}/{name}.json": POLICY}


def _discover(clone: Clone, everything: bool = False, **allowed: Any) -> Discovery:
    repository = clone.open()
    found = repository.range("dev", "feature")
    seen = (
        contents.of_everything(repository, found.head, SERVICES, found)
        if everything
        else contents.of_range(repository, found, SERVICES)
    )
    return discover(seen, SERVICES, rules(), source(), **allowed)


@pytest.mark.parametrize("case", [c for c in TABLE["cases"] if "owns" not in c], ids=lambda case: case["why"])
def test_each_case_of_the_table_is_the_same_in_git(case, tmp_path):
    clone = Clone(tmp_path)
    clone.import_commit("dev", case.get("base", {}))
    clone.import_commit("feature", case.get("head", {}), "dev")
    found = _discover(
        clone,
        case.get("all", False),
        allow_destroy=tuple(case.get("allow-destroy", ())),
        allow_move=tuple(case.get("allow-move", ())),
    )
    assert [f"{p.place}: {p.code}" for p in found.refused] == case.get("refused", [])
    assert [f"{r.path} {r.change} {r.state_key}" for r in found.resources] == case.get("resources", [])


@pytest.fixture
def clone(tmp_path):
    made = Clone(tmp_path)
    made.commit({**_bucket("lake"), "README.md": "hello\n"}, "base")
    made.branch("feature")
    return made


def test_no_changes(clone):
    assert _discover(clone) == Discovery(None, None, (), (), change_digest(()))


@pytest.mark.slow
def test_a_thousand_resources(clone):
    clone.commit({path: text for i in range(1000) for path, text in _bucket(f"b{i}").items()})
    found = _discover(clone)
    assert len(found.resources) == 1000
    assert not found.refused
    assert len({r.state_key for r in found.resources}) == 1000
    assert len(_discover(clone, everything=True).resources) == 1001


@pytest.mark.parametrize(("resources", "commits"), [(1, 1), (40, 1), (40, 150)])
def test_git_is_started_five_times_at_most_however_much_changes(tmp_path, resources, commits):
    """Its version, the clone's settings, objects, a long history, and a merge: the base has gone on, too."""
    clone, git = Clone(tmp_path / "clone"), Counted(tmp_path / "bin")
    base = {path: text for n in range(resources) for path, text in _bucket(f"bucket-{n}").items()}
    clone.import_commit("dev", base)
    clone.import_commit("feature", {path: text.replace("Deny", "Allow") for path, text in base.items()}, "dev")
    clone.import_commit("dev", {**base, "README.md": "the base has gone on"}, "dev^0")
    more = "commit refs/heads/feature\ncommitter A <a@example.com> 1 +0000\ndata 0\n"
    clone.git("fast-import", "--quiet", stdin=(f"{more}from refs/heads/feature^0\n" + more * (commits - 1)).encode())
    repository = Repository(clone.directory, path=git.path)
    merged = repository.merge(repository.range("dev", "feature"))
    found = discover(contents.of_range(repository, merged, SERVICES), SERVICES, rules(), source())
    assert len(found.resources) == resources, found.refused
    expected = ["version", "config", "cat-file", *(["rev-list"] if commits > 100 else []), "merge-tree"]
    assert git.started == expected


def test_a_document_that_did_not_change_is_read_too(clone):
    clone.commit({"S3/lake/lake.tfvars": _bucket("lake")["S3/lake/lake.tfvars"] + "# why\n"})
    (lake,) = _discover(clone).resources
    assert set(lake.files) == {"S3/lake/lake.tfvars", "S3/lake/lake.json"}
    assert '"policy_json": "{\\"Statement\\":[' in json.dumps(lake.variables)


def test_a_range_and_the_whole_tree_agree_on_a_resource(clone):
    clone.commit({**_bucket("pond"), "S3/lake/lake.json": POLICY + "\n"})
    (lake, pond) = _discover(clone).resources
    assert _discover(clone, everything=True).resources == (lake, pond)


def test_two_environments_in_one_change(clone):
    clone.commit({**_bucket("pond"), **_bucket("sea", "staging")})
    found = _discover(clone)
    assert [p.code for p in found.refused] == ["ENG342"]
    assert found.environment is None


def test_line_ends_and_byte_order_marks_of_windows(clone):
    text = "\ufeff" + BUCKET.format(name="pond", environment="development").replace("\n", "\r\n")
    clone.commit({"S3/pond.tfvars": text, "S3/pond.json": "\ufeff" + POLICY.replace(" ", "\r\n")})
    (pond,) = _discover(clone).resources
    assert pond.path == "S3/pond.tfvars"


def test_the_working_directory_is_not_looked_at(clone):
    clone.commit(_bucket("pond"))
    clone.write({"S3/pond/pond.tfvars": "not committed", "S3/pond/main.tf": "not committed"})
    assert [r.path for r in _discover(clone).resources] == ["S3/pond"]


def test_sha256_repositories(tmp_path):
    clone = Clone(tmp_path, object_format="sha256")
    clone.commit(_bucket("lake"))
    clone.branch("feature")
    clone.commit(_bucket("pond"))
    assert [r.path for r in _discover(clone).resources] == ["S3/pond"]
