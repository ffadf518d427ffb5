"""Policy sets: what is read, what is data, what counts for the digest."""

import os

import pytest

from engine.adapters.policy.bundle import policy_set, read_directory
from engine.errors import EngineError
from tests.support.policy import judge, policies, rego


def test_files_are_sorted_by_their_names():
    found = policy_set(
        {
            "a.rego": b"package a",
            "a_test.rego": b"package a_test",
            "data.json": b'{"x": 1}',
            "team/data.yaml": b"y: 2\n",
            "team/limits.json": b'{"z": {"a": 1}}',
            "team/more.yml": b"z:\n  b: 2\n",
            "team/mock.json": b"not even JSON",
            "testdata/rows.json": b"[]",
            ".regal.yaml": b"[]",
            "checkov/check.yaml": b"[]",
            "checkov/names.py": b"",
        }
    )
    assert list(found.modules) == ["policies/a.rego"]
    assert list(found.tests) == ["policies/a_test.rego"]
    assert list(found.checks) == ["policies/checkov/names.py"]
    assert found.data == {"x": 1, "team": {"y": 2, "z": {"a": 1, "b": 2}}}


@pytest.mark.parametrize(
    ("why", "files", "code"),
    [
        ("text in another encoding", {"a.rego": b"# gr\xfcn"}, "ENG021"),
        ("data that is no object", {"data.json": b"[]"}, "ENG503"),
        ("data that is no JSON", {"data.json": b"{"}, "ENG035"),
        ("a key twice in one file", {"data.json": b'{"a": 1, "a": 2}'}, "ENG027"),
        ("a key twice in two files", {"data.json": b'{"a": 1}', "data.yaml": b"a: 2\n"}, "ENG504"),
        ("a value twice, deep in two files", {"a.json": b'{"a": {"b": 1}}', "b.json": b'{"a": {"b": 1}}'}, "ENG504"),
        ("data of any name that is no object", {"ports.yaml": b"- 22\n"}, "ENG503"),
        (
            "data that is nested deeper than it is read",
            {"a.json": b'{"a": ' + b"[" * 120 + b"]" * 120 + b"}"},
            "ENG032",
        ),
        ("data below a value", {"data.json": b'{"team": 1}', "team/data.json": b'{"a": 1}'}, "ENG504"),
        (
            "a deny rule in a test file would never be asked",
            {"a_test.rego": b'package a\ndeny contains "x" if true\n'},
            "ENG531",
        ),
        ("a line that reads differently from what it does", {"a.rego": "package a # \u202e\n".encode()}, "ENG023"),
        ("a line end that only some see", {"a.rego": b"package a # \rdeny := 1\n"}, "ENG023"),
        ("tags in a check", {"a.py": "# \U000e0041\n".encode()}, "ENG023"),
        ("the same in data, as an escape", {"data.json": b'{"a": "\\u202e"}'}, "ENG023"),
        ("with a suffix as well", {"a_test.rego": b'package a\nviolation_x contains "x"\n'}, "ENG531"),
    ],
)
def test_what_does_not_load(why, files, code):
    with pytest.raises(EngineError) as caught:
        policy_set(files)
    assert caught.value.problems[0].code == code, why


@pytest.mark.parametrize("text", ['test_x if deny["a"] with input as {}', "denied := 1", "test_deny if true"])
def test_test_files_may_speak_of_rules(text):
    policy_set({"a_test.rego": f"package a\n{text}\n".encode()})


def test_the_digest_is_of_what_takes_part():
    files = {"a.rego": b"package a", "data.json": b"{}", "team/x.yaml": b"a: 1\n", "checkov/a.py": b""}
    digest = policy_set(files).digest
    assert policy_set({**files, "README.md": b"text", "a_test.rego": b"package t", "mock.json": b"{}"}).digest == digest
    assert policy_set(files, "elsewhere").digest == digest
    others = [{**files, name: files[name] + b" "} for name in files] + [
        {**files, "b.rego": b""},
        {"a.rego": b"package a"},
    ]
    assert len({policy_set(other).digest for other in others} | {digest}) == len(others) + 1


def test_a_byte_order_mark_is_passed_over():
    found = policy_set(
        {"a.rego": b"\xef\xbb\xbfpackage a", "b.json": b'\xef\xbb\xbf{"x": 1}', "c.yaml": b"\xef\xbb\xbfy: 2\n"}
    )
    assert (found.modules["policies/a.rego"], found.data) == ("package a", {"x": 1, "y": 2})


@pytest.mark.parametrize(
    ("why", "text", "kept"),
    [
        (
            "beside rego.v1",
            "import rego.v1\nimport future.keywords.if # x\nx := 1",
            "import rego.v1\n# future.keywords.if # x\nx := 1",
        ),
        ("alone", "import future.keywords\nx := 1", "import future.keywords\nx := 1"),
        ("another import", "import rego.v1\nimport future.keywordsx", "import rego.v1\nimport future.keywordsx"),
    ],
)
def test_keywords_that_are_imported_twice(why, text, kept):
    found = policy_set({"a.rego": f"package a\n{text}\n".encode()})
    assert found.modules["policies/a.rego"] == f"package a\n{kept}\n", why


def test_reading_a_directory(tmp_path):
    (tmp_path / "team").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("a.rego", "team/b.rego", "data.json", "notes.md", ".hidden/c.rego"):
        (tmp_path / name).write_bytes(b"{}")
    assert read_directory(str(tmp_path)) == {"a.rego": b"{}", "data.json": b"{}", "team/b.rego": b"{}"}


def test_a_directory_that_is_not_there(tmp_path):
    with pytest.raises(EngineError, match="ENG001"):
        read_directory(str(tmp_path / "nowhere"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "a.rego").touch(mode=0)
    with pytest.raises(EngineError, match="ENG001"):
        read_directory(str(tmp_path))


@pytest.mark.parametrize(
    ("why", "put", "said"),
    [
        ("policies behind it would be missing", lambda d: (d / "team").symlink_to(d.parent), "team.*not followed"),
        ("so would those inside", lambda d: (d / "team").symlink_to("real"), "team.*not followed"),
        ("a link to nothing", lambda d: (d / "a.rego").symlink_to("nowhere"), "a.rego.*No such file"),
        ("a pipe, at which one would wait", lambda d: os.mkfifo(d / "a.json"), "a.json.*it is no file"),
    ],
)
def test_nothing_is_passed_over_in_silence(tmp_path, why, put, said):
    place = tmp_path / "policies"
    (place / "real").mkdir(parents=True)
    put(place)
    with pytest.raises(EngineError, match=f"ENG001.*{said}"):
        read_directory(str(place))


def test_links_to_files_and_hidden_directories_are_as_kubernetes_mounts_them(tmp_path):
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026/a.rego").write_text("x")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "a.rego").symlink_to("..data/a.rego")
    assert read_directory(str(tmp_path)) == {"a.rego": b"x"}


def test_data_is_seen_by_policies():
    chosen = policies(rego("deny contains data.team.word"), data={"team": {"word": "hello"}})
    assert [finding.message for finding in judge(chosen)] == ["hello"]
