"""A store in S3 when things go wrong: no way in, another place, a server that is busy, gone, or none of S3's."""

import os
import subprocess
import sys
from collections.abc import Callable
from itertools import islice

import pytest

from engine.adapters.places import BucketPlace
from engine.adapters.storage import s3 as adapter
from engine.adapters.storage import s3_door as door
from engine.adapters.storage.port import FORM, LARGEST, MARK
from engine.adapters.storage.s3 import Bucket
from engine.errors import EngineError, ExitCode
from engine.run.kept import write
from tests.support.emulator import put
from tests.support.http import GONE, Answer, Asked, Far, passed_on

SECRET = "S3cretKeyOfTheStore/0123456789abcdefghij"


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """Nobody waits long here."""
    monkeypatch.setattr(door, "pauses", lambda tries, _first, _longest: iter([0.001] * (tries - 1)))
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.001)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def between(s3, aws, monkeypatch):
    """Starts a far end between us and the emulator; its `answer` gets what the emulator says."""
    ended = []

    def start(answer: Callable[[Asked, Callable[[], Answer]], Answer]) -> Far:
        serving = Far(lambda asked: answer(asked, lambda: passed_on(asked, aws.url))).serving()
        far = serving.__enter__()
        ended.append(serving)
        monkeypatch.setenv("AWS_ENDPOINT_URL", far.url)
        return far

    yield start
    for serving in ended:
        serving.__exit__(None, None, None)


def _refused(code: str, act: Callable[[], object]) -> str:
    with pytest.raises(EngineError) as refused:
        act()
    (problem,) = refused.value.problems
    assert problem.code == code, problem.text()
    return problem.text()


def _says(code: str, status: int, message: str = "", **headers: str) -> Answer:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Answer(status, body.encode(), {"Content-Type": "application/xml", **headers})


# --- who may not, and where it is not


@pytest.mark.parametrize(
    ("why", "code", "status", "expected"),
    [
        ("nobody may", "AccessDenied", 403, "ENG590"),
        ("a key that was deleted", "InvalidAccessKeyId", 403, "ENG590"),
        ("another key's secret", "SignatureDoesNotMatch", 403, "ENG590"),
        ("keys that have expired", "ExpiredToken", 400, "ENG590"),
        ("a clock that goes wrong", "RequestTimeTooSkewed", 403, "ENG590"),
        ("no such bucket", "NoSuchBucket", 404, "ENG591"),
        ("sent on to nowhere", "PermanentRedirect", 301, "ENG591"),
        ("a signature for another region", "AuthorizationHeaderMalformed", 400, "ENG591"),
        ("a server that has no conditions", "NotImplemented", 501, "ENG592"),
        ("a code that is none", "<b>", 400, "ENG592"),
    ],
)
def test_s3_says_no(s3, between, why, code, status, expected):
    between(lambda asked, real: _says(code, status, f"the key {SECRET} …"))
    store = Bucket(s3)
    for act in (lambda: store.get("a"), lambda: store.put_if_absent("a", b"x"), lambda: list(store.list(""))):
        said = _refused(expected, act)
        assert str(s3) in said, why
        assert SECRET not in said


def test_a_bucket_of_another_region_is_found(s3, between):
    def answer(asked: Asked, real: Callable[[], Answer]) -> Answer:
        if "/eu-central-1/s3/" in asked.headers["authorization"]:
            return real()
        return _says("PermanentRedirect", 301, **{"x-amz-bucket-region": "eu-central-1"})

    between(answer)
    assert Bucket(s3).put_if_absent("a", b"x")


def test_a_bucket_that_nobody_made(s3):
    assert "NoSuchBucket" in _refused("ENG591", lambda: Bucket(s3._replace(bucket="nobodys")).get("a"))


@pytest.mark.parametrize(
    ("why", "profile", "config", "said"),
    [
        ("no keys at all", None, "", "there are no keys"),
        ("no such profile", "nobody", "", "ProfileNotFound, with the profile nobody"),
        ("a profile without keys", "store", "[profile store]\nregion = r\n", "the profile store has no keys"),
        ("half a pair of keys", "store", "[profile store]\naws_access_key_id = AKIA\n", "PartialCredentialsError"),
        (
            "a program that says its secret when it fails", "store",
            f"[profile store]\ncredential_process = sh -c 'echo {SECRET} >&2; exit 1'\n", "CredentialRetrievalError",
        ),
    ],
)  # fmt: skip
def test_without_keys(s3, tmp_path, monkeypatch, why, profile, config, said):
    (tmp_path / "config").write_text(config)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    if profile is None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    text = _refused("ENG590", lambda: Bucket(s3._replace(profile=profile)).get("a"))
    assert said in text, why
    assert SECRET not in text


def test_a_profile_is_used_whatever_else_there_is(s3, between, tmp_path, monkeypatch):
    (tmp_path / "keys").write_text(f"[store]\naws_access_key_id = AKIASTORE\naws_secret_access_key = {SECRET}\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATERRAFORM")
    far = between(lambda asked, real: real())
    store = Bucket(s3._replace(profile="store", region="eu-central-1"))
    assert store.put_if_absent("a", b"x")
    used = {asked.headers["authorization"].partition(",")[0] for asked in far.asked}
    assert len(used) == 1
    (scope,) = used
    assert "Credential=AKIASTORE/" in scope
    assert "/eu-central-1/s3/" in scope


def test_an_endpoint_that_is_none(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nowhere")
    assert "AWS_ENDPOINT_URL" in _refused("ENG592", lambda: Bucket(s3).get("a"))


def test_a_server_that_is_not_there(s3, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "EndpointConnectionError" in _refused("ENG592", lambda: Bucket(s3).get("a"))


_HEAD = """
import sys
from engine.adapters.places import BucketPlace
from engine.adapters.storage.named import opened
store = opened(BucketPlace('bbb', '', None, None))
"""


def _python(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", _HEAD + program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_it_is_asked_nothing_before_it_is_used():
    assert _python("print(store.durable, *{'boto3', 'botocore'} & {*sys.modules})") == "True"


def test_the_library_is_not_installed():
    program = (
        "from engine.errors import EngineError\nsys.modules['boto3'] = None\n"
        "try: store.get('a')\n"
        "except EngineError as error: print(error.problems[0].text())\n"
    )
    said = _python(program)
    assert "ENG206" in said
    assert "interlock-engine[s3]" in said


# --- a server that is busy, or lost on the way


def _first(times: int, said: Answer) -> Callable[[Asked, Callable[[], Answer]], Answer]:
    """So often this, to writes; then what the emulator says."""
    left = iter(range(times))
    return lambda asked, real: said if asked.method != "GET" and next(left, None) is not None else real()


BUSY = _says("SlowDown", 503)
CONFLICT = _says("ConditionalRequestConflict", 409)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("why", "said", "times", "writes"),
    [
        ("throttled", BUSY, 2, 3),
        ("an error of the server", _says("InternalError", 500), 2, 3),
        ("another write was under way", CONFLICT, 5, 6),
        ("a connection that was lost before", GONE, 2, 3),
    ],
)
def test_it_is_asked_again(s3, between, why, said, times, writes):
    Bucket(s3).get("a")
    far = between(_first(times, said))
    store = Bucket(s3)
    version = store.put_if_absent("a", b"x")
    assert version, why
    assert len([asked for asked in far.asked if asked.method == "PUT"]) == writes
    assert store.replace("a", b"y", version), why


@pytest.mark.slow
@pytest.mark.parametrize(
    ("why", "said", "writes"), [("throttled", BUSY, 4), ("another write, always", CONFLICT, 6), ("lost", GONE, 4)]
)
def test_and_not_for_ever(s3, between, why, said, writes):
    version = Bucket(s3).put_if_absent("a", b"x")
    assert version
    far = between(_first(10**6, said))
    store = Bucket(s3)
    for act in (
        lambda: store.put_if_absent("b", b"x"),
        lambda: store.replace("a", b"y", version),
        lambda: store.delete("a", version),
    ):
        far.asked.clear()
        _refused("ENG592", act)
        assert len([asked for asked in far.asked if asked.method != "GET"]) == writes, why
    assert list(Bucket(s3).list("")) == ["a"]


def test_a_server_that_does_not_end(s3, between, monkeypatch):
    monkeypatch.setattr(door, "_PATIENCE", {"read_timeout": 0.1, "retries": {"total_max_attempts": 2}})
    far = between(lambda asked, real: Answer(wait_s=0.5))
    assert "ReadTimeoutError" in _refused("ENG592", lambda: Bucket(s3).get("a"))
    assert len(far.asked) == 2


@pytest.mark.slow
def test_a_write_whose_answer_is_lost_was_done_once(s3, between):
    """The library asks again and is told that something stands there: it is ours, and who has to know looks."""
    assert Bucket(s3).get("a") is None
    lost = iter([True, True, True, False])

    def answer(asked: Asked, real: Callable[[], Answer]) -> Answer:
        said = real()
        return GONE if asked.method == "PUT" and next(lost) else said

    between(answer)
    store = Bucket(s3)
    assert write.put(store, "a", b"mine") is True
    lost = iter([True, False])
    assert write.put(store, "a", b"mine again", store.get("a").version) is True  # type: ignore[union-attr]
    lost = iter([True, False])
    assert write.put(store, "a", b"another's") is False
    assert store.get("a").data == b"mine again"  # type: ignore[union-attr]


@pytest.mark.slow
def test_a_write_of_which_no_answer_comes_was_done_once(s3, between):
    assert Bucket(s3).get("a") is None

    def answer(asked: Asked, real: Callable[[], Answer]) -> Answer:
        said = real()
        return GONE if asked.method == "PUT" else said

    between(answer)
    assert write.put(Bucket(s3), "a", b"mine") is True


def test_a_body_that_is_cut_off_is_read_again(s3, between):
    Bucket(s3).put_if_absent("a", b"0123456789")
    left = iter(range(2))

    def answer(asked: Asked, real: Callable[[], Answer]) -> Answer:
        said = real()
        return said._replace(cut=5) if "/a" in asked.path and next(left, None) is not None else said

    far = between(answer)
    item = Bucket(s3).get("a")
    assert item is not None
    assert item.data == b"0123456789"
    assert len([asked for asked in far.asked if asked.path.endswith("/a")]) == 3


def test_a_body_that_is_always_cut_off(s3, between):
    Bucket(s3).put_if_absent("a", b"0123456789")
    between(lambda asked, real: real()._replace(cut=5) if asked.path.endswith("/a") else real())
    _refused("ENG592", lambda: Bucket(s3).get("a"))


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("a portal's page", Answer(body=b"<html>Please sign in</html>", headers={"Content-Type": "text/html"})),
        ("no body", Answer()),
        ("no XML", Answer(body=b"\x00\xff", headers={"ETag": '"x"'})),
    ],
)
def test_what_is_no_answer_of_s3(s3, between, why, said):
    Bucket(s3).get("a")
    between(lambda asked, real: real() if MARK in asked.path else said)
    store = Bucket(s3)
    _refused("ENG592", lambda: list(store.list("")))
    if why != "no XML":
        _refused("ENG592", lambda: store.get("a"))
        _refused("ENG592", lambda: store.put_if_absent("a", b"x"))


def test_what_is_too_large_is_not_read(s3, aws, between):
    Bucket(s3).get("a")
    far = between(
        lambda asked, real: (
            Answer(headers={"ETag": '"x"', "Content-Length": str(LARGEST + 1)}) if asked.path.endswith("/a") else real()
        )
    )
    _refused("ENG196", lambda: Bucket(s3).get("a"))
    assert len(far.asked) == 2


# --- a server that writes blindly


@pytest.mark.parametrize("passed_over", ["if-none-match", "if-match"])
def test_a_server_that_passes_over_conditions_has_no_store(s3, aws, between, passed_over):
    def answer(asked: Asked, real: Callable[[], Answer]) -> Answer:
        asked.headers.pop(passed_over, None)  # type: ignore[attr-defined]
        return real()

    between(answer)
    assert "conditions" in _refused("ENG190", lambda: Bucket(s3).put_if_absent("a", b"x"))


# --- lists


def test_lists_of_many_pages(s3, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 2)
    store = Bucket(s3)
    keys = [f"n/{number:04}" for number in range(7)]
    for key in keys:
        store.put_if_absent(key, b"")
    assert list(store.list("")) == list(store.list("n/")) == keys
    assert list(store.list("n/", after=keys[3])) == keys[4:]


def test_a_list_is_asked_for_as_far_as_it_is_read(s3, between, monkeypatch):
    monkeypatch.setattr(adapter, "PAGE", 2)
    store = Bucket(s3)
    for number in range(7):
        store.put_if_absent(f"n/{number}", b"")
    far = between(lambda asked, real: real())
    assert list(islice(Bucket(s3).list("n/"), 2)) == ["n/0", "n/1"]
    assert len([asked for asked in far.asked if "list-type" in asked.path]) == 1


@pytest.mark.parametrize(
    ("why", "names"),
    [("out of order", ["n/2", "n/1"]), ("a name twice", ["n/1", "n/1"]), ("what was not asked for", ["m/1"])],
)
def test_a_list_that_is_not_believed(s3, between, why, names):
    Bucket(s3).get("a")
    rows = "".join(f"<Contents><Key>{s3.prefix}{name}</Key></Contents>" for name in names)
    body = f"<ListBucketResult><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>".encode()
    between(lambda asked, real: Answer(body=body) if "list-type" in asked.path else real())
    _refused("ENG592", lambda: list(Bucket(s3).list("n/")))


# --- others in the bucket


def test_two_places_in_one_bucket_know_nothing_of_each_other(s3):
    one, other = Bucket(s3._replace(prefix=f"{s3.prefix}p/")), Bucket(s3._replace(prefix=f"{s3.prefix}p2/"))
    one.put_if_absent("a", b"one")
    assert other.get("a") is None
    assert other.put_if_absent("a", b"other")
    assert list(one.list("")) == ["a"]
    with pytest.raises(EngineError, match="ENG190"):
        Bucket(s3).get("a")


def test_a_place_of_something_else_is_left_alone(s3, aws):
    put(aws, f"/{aws.bucket}/{s3.prefix}letter.txt", b"dear")
    assert "letter.txt" in _refused("ENG190", lambda: Bucket(s3).put_if_absent("a", b"x"))
    assert "letter.txt" in _refused("ENG190", lambda: Bucket(s3).get("a")), "nor was it marked"


def test_what_is_not_ours_is_passed_over(s3, aws):
    store = Bucket(s3)
    store.put_if_absent("a/b", b"x")
    for name in ("README", "a/", "A", "a//b", ".x"):
        put(aws, f"/{aws.bucket}/{s3.prefix}{name}", b"foreign")
    assert list(store.list("")) == ["a/b"]


def test_a_store_of_a_newer_release_is_left_alone(s3, aws):
    put(aws, f"/{aws.bucket}/{s3.prefix}{MARK}", FORM.replace(b"1", b"2"))
    assert "`interlock store 2`" in _refused("ENG191", lambda: Bucket(s3).put_if_absent("a", b"x"))


def test_who_may_not_in_exits_as_who_is_not_known(s3, between):
    between(lambda asked, real: _says("AccessDenied", 403))
    with pytest.raises(EngineError) as refused:
        Bucket(s3).get("a")
    assert refused.value.exit_code is ExitCode.AUTH


def test_a_place_is_told_as_it_is_set():
    assert str(BucketPlace("b", "p/q/", None, None)) == "s3:b/p/q"
    assert str(BucketPlace("b", "", None, None)) == "s3:b"
