"""How many files a resource and a change may have: counted before anything is read."""

from engine import data
from engine.core.resources.discover import MOST_CHANGES, discover
from engine.core.resources.locate import MOST_DOCUMENTS, blobs_wanted
from engine.core.resources.model import Discovery
from engine.core.resources.services import read
from engine.run.module import read_module
from tests.support.resources import contents, rules, source

SERVICES = read(read_module(data.path("terraform")))
TFVARS = 'environment = "development"\ns3_buckets = { a = {} }\n'


def find(files: dict[str, str]) -> Discovery:
    return discover(contents({}, files), SERVICES, rules(), source())


def test_documents_of_a_resource():
    files = {"S3/a/a.tfvars": TFVARS} | {f"S3/a/{i}.json": "{}" for i in range(MOST_DOCUMENTS + 1)}
    found = find(files)
    assert [(p.code, str(p.place)) for p in found.refused] == [("ENG347", "S3/a")]
    assert found.resources == ()
    assert len(blobs_wanted(contents({}, files), SERVICES)) <= 2, "its documents are not read"


def test_as_many_as_may_be_are_looked_at_one_by_one():
    files = {"S3/a/a.tfvars": TFVARS} | {f"S3/a/{i}.json": "{}" for i in range(MOST_DOCUMENTS)}
    assert {p.code for p in find(files).refused} == {"ENG318"}


def test_changed_paths_of_a_change():
    files = {f"S3/a{i}.tfvars": TFVARS for i in range(MOST_CHANGES + 1)}
    found = find(files)
    assert [(p.code, p.message) for p in found.refused] == [("ENG348", "10,001 paths changed; the limit is 10,000")]
    assert found.resources == ()
