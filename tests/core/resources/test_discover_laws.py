"""What holds for every repository, whatever the case tables forgot."""

import json
import random
from unicodedata import normalize

from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.core.resources import documents, services, tfvars
from engine.core.resources.discover import discover
from engine.core.resources.kinds import KINDS
from engine.core.resources.tree import Contents, Directory
from engine.errors import EngineError
from engine.unseen import unseen
from tests.support.resources import contents, rules, source

SERVICES = services.read(
    {
        "s3.tf": b"""variable "s3_buckets" {
          type = map(object({
            policy_json = optional(string), # document: s3-bucket-policy
            tags = optional(map(string))
          }))
        }""",
        "sns.tf": b'variable "sns_topics" { type = any }',
    }
)
NAMES = st.sampled_from(["lake", "pond", "sea", "Lake"])
BUCKET = 'environment = "development"\ns3_buckets = {{ "{name}" = {{ tags = {{ n = "{n}" }} {policy} }} }}\n'
POLICY = '{{"Id": "{n}", "Statement": {{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}}}}'


@st.composite
def resources(draw, names=NAMES):
    """Files of one resource, in either form."""
    name, n, flat, policy = draw(names), draw(st.integers(0, 3)), draw(st.booleans()), draw(st.booleans())
    stem = f"S3/{name}" if flat else f"S3/{name}/{name}"
    text = BUCKET.format(name=name, n=n, policy=f', policy_file = "{name}.json"' if policy else "")
    return {f"{stem}.tfvars": text, **({f"{stem}.json": POLICY.format(n=n)} if policy else {})}


@st.composite
def repositories(draw):
    """Files of a few resources, which may be in each other's way."""
    return {path: text for files in draw(st.lists(resources(), max_size=4)) for path, text in files.items()}


def _discover(base, head, order: int | None = None):
    seen = contents(base, head)
    if order is not None:
        shuffled = list(seen.changes)
        random.Random(order).shuffle(shuffled)
        directories = {
            path: Directory.of(dict(sorted(d.items(), key=lambda row: hash((row[0], order)))))
            for path, d in seen.directories.items()
        }
        seen = Contents(tuple(shuffled), directories, seen.blobs)
    return discover(seen, SERVICES, rules(), source())


@given(repositories(), repositories(), st.integers())
def test_the_order_of_files_does_not_matter(base, head, order):
    assert _discover(base, head) == _discover(base, head, order)


PARTS = ["S3", "s3", "SNS", "a", "a.tfvars", "b.tfvars", "a.json", "a.b.json", "x.tf", "é", "a\n", "\udcff.json"]
PATHS = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map("/".join)
MODES = st.sampled_from(["100644", "100644", "100644", "100755", "100664", "120000", "160000"])
BYTES = st.sampled_from([BUCKET.format(name="a", n=1, policy=""), "{}", "="])
FILES = st.dictionaries(PATHS, st.fixed_dictionaries({"mode": MODES, "text": BYTES}), max_size=6)


def _is_a_tree(files) -> bool:
    """No file is a directory as well."""
    return not any(other.startswith(f"{path}/") for path in files for other in files)


@settings(max_examples=500)
@example(  # what was moved had a name that is no UTF-8
    {"S3/\udcff.json": {"mode": "100644", "text": BUCKET.format(name="a", n=1, policy="")}},
    {"S3/a.tfvars": {"mode": "100644", "text": BUCKET.format(name="a", n=1, policy="")}},
    False,
)
@given(FILES.filter(_is_a_tree), FILES.filter(_is_a_tree), st.booleans())
def test_any_tree_is_discovered_or_refused(base, head, everything):
    found = discover(contents(base, head, everything=everything), SERVICES, rules(), source())
    json.dumps(found.to_json(), ensure_ascii=False).encode()
    assert all(p.place and p.hint for p in found.refused)
    assert all(path in head for r in found.resources for path in r.files)


@given(resources(), resources())
def test_a_tree_changes_exactly_when_a_file_does(one, other):
    first, second = (_discover({}, files).resources for files in (one, other))
    if len(first) == len(second) == 1 and first[0].path == second[0].path:
        assert (first[0].tree == second[0].tree) == (one == other)


@given(repositories(), resources(), st.text("abc", min_size=1))
def test_an_unrelated_resource_changes_nothing(head, unrelated, name):
    moved = {path.replace("S3/", f"other-{name}/S3/"): text for path, text in unrelated.items()}
    before, after = _discover({}, head), _discover({}, {**head, **moved})
    assert before.resources == tuple(r for r in after.resources if not r.path.startswith("other-"))
    assert before.refused == tuple(p for p in after.refused if p.place and not p.place.file.startswith("other-"))


@given(repositories(), repositories())
def test_what_is_listed_has_one_state_each_and_is_refused_nowhere(base, head):
    found = _discover(base, head)
    keys = [r.state_key.casefold() for r in found.resources]
    assert len(set(keys)) == len(keys)
    refused = {p.place.file for p in found.refused if p.place}
    assert not refused & {file for r in found.resources for file in (r.path, *r.files)}


@given(repositories(), repositories())
def test_every_changed_resource_is_listed_or_refused(base, head):
    found = _discover(base, head)
    for path in {*base, *head}:
        if path.endswith(".tfvars") and base.get(path) != head.get(path):
            name = path.split("/")[1].removesuffix(".tfvars")
            listed = any(r.name == name for r in found.resources)
            refused = any(
                p.place and p.place.file.casefold().startswith(f"s3/{name.casefold()}") for p in found.refused
            )
            assert listed or refused


HCL = st.text(st.sampled_from(list('ab_-"\\${}%[]()=:,.#/*<>!?+0123456789 \n\t\r\0é\ufeff')), max_size=60)
WORDS = [*"={}[],:?#", "a", '"x"', '"${a}"', "1", "-1", "null", "true", "f(", ")", "for", '"\\u0061"', "$${", "%%{"]
WORDS += ["a.b", "==", "/*", "*/", "<<E", "<<-E"]
PIECES = st.sampled_from([*WORDS, "\n", "\r\n", "\nE\n"])
TEXTS = st.one_of(
    st.binary(max_size=80), HCL.map(str.encode), st.lists(PIECES, max_size=30).map(" ".join).map(str.encode)
)


def _read_or_refuse(call, *arguments):
    """The result, or None where it is refused with a place that can be shown."""
    try:
        return call(*arguments)
    except EngineError as error:
        problems = error.problems
    assert all(p.place for p in problems)
    json.dumps([p.text() for p in problems]).encode()
    return None


@settings(max_examples=300)
@given(TEXTS)
def test_any_bytes_are_read_or_refused(data):
    read = _read_or_refuse(tfvars.read, data, "S3/a/a.tfvars")
    if read is not None:
        assert _is_literal(read.values)
        assert all(read.place(name).line > 0 for name in read.values)


def _is_literal(value) -> bool:
    if isinstance(value, dict):
        return all(isinstance(k, str) and _is_literal(v) for k, v in value.items())
    return all(map(_is_literal, value)) if isinstance(value, list) else True


NAME = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
TEXT = (
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")))
    .map(lambda t: normalize("NFC", t))
    .filter(lambda t: not [*unseen(t, ordinary=False)])
)
LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=12,
)


@given(LITERALS)
def test_a_literal_is_read_as_it_was_written(value):
    assert tfvars.read(f"a = {_hcl(value)}\n".encode(), "x").values == {"a": value}


def _hcl(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{k}" = {_hcl(v)}' for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_hcl, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(_escaped(c) for c in value).replace("${", "$${").replace("%{", "%%{") + '"'
    return json.dumps(value)


def _escaped(character: str) -> str:
    if character in '\\"':
        return "\\" + character
    return character if character.isprintable() else f"\\U{ord(character):08x}"


KEYS = st.sampled_from(["Statement", "statement", "Effect", "Action", "Principal", "AWS", "Condition", "Resource", "x"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["Allow", "*", "s3:*"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=300)
@given(st.one_of(st.binary(max_size=80), DOCUMENTS.map(json.dumps).map(str.encode)))
def test_any_bytes_are_a_document_or_refused(data):
    for kind in KINDS:
        text = _read_or_refuse(documents.read, data, "S3/a/a.json", kind)
        if text is not None:
            assert documents.read(text.encode(), "again", kind) == text, "normal form stays as it is"
