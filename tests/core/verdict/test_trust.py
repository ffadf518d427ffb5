import base64

import pytest

from engine.core.signature import key_id
from engine.core.verdict.trust import entry, load_trusted_keys
from engine.errors import EngineError
from tests.support.signing import LATER, signer, trusted

ID = signer().id
PUBLIC = base64.b64encode(signer().public).decode()


def file(**changes: str | None) -> bytes:
    fields = {"id": ID, "public": PUBLIC, "purposes": "[verdict]", "expires": LATER, **changes}
    row = "\n".join(f"    {name}: {value}" for name, value in fields.items() if value is not None)
    return f"version: 1\nkeys:\n  -{row[3:]}\n".encode()


def of(public: bytes) -> bytes:
    return file(id=key_id(public), public=base64.b64encode(public).decode())


def test_what_keys_new_prints_is_the_file() -> None:
    (key,) = trusted().values()
    assert load_trusted_keys(entry(key).encode()) == trusted()


def test_json_is_yaml() -> None:
    import json

    row = {"id": ID, "public": PUBLIC, "purposes": ["verdict"], "expires": LATER}
    assert load_trusted_keys(json.dumps({"version": 1, "keys": [row]}).encode()) == trusted()


def test_revoked() -> None:
    keys = load_trusted_keys(file(revoked="2026-11-01T00:00:00Z", comment="a laptop was lost"))
    assert keys[ID].revoked == "2026-11-01T00:00:00Z"


@pytest.mark.parametrize(
    ("why", "data", "said"),
    [
        ("empty", b"", "empty"),
        ("no keys", b"version: 1\nkeys: []\n", "keys"),
        ("another version", file().replace(b"version: 1", b"version: 2"), "version"),
        ("a public key that is no base64", file(public="'***'"), "not a public Ed25519 key"),
        ("a public key of another length", file(public="AAAA"), "not a public Ed25519 key"),
        ("a key with which everybody can sign", of(bytes([1]) + bytes(31)), "small order"),
        ("another one", of(bytes(32)), "small order"),
        ("a second spelling of it", of(b"\xee" + b"\xff" * 30 + b"\x7f"), "one spelling"),
        ("no point of the curve", of(bytes([2]) + bytes(31)), "not a point"),
        (
            "the id of one key beside another key",
            file(id=signer(2).id),
            "is not the id",
        ),
        ("no expiry", file(expires=None), "expires"),
        ("an expiry that is no moment", file(expires="2027-11-23"), "`2027-11-23` is not a moment"),
        ("a revocation that says yes", file(revoked="true"), "revoked"),
        ("a revocation that is no moment", file(revoked="yesterday"), "`yesterday` is not a moment"),
        ("a revocation without its moment", file(revoked="true"), "write since when: 2026-11-23T00:00:00Z"),
        ("a day that no calendar has", file(expires="2027-02-31T00:00:00Z"), "`2027-02-31T00:00:00Z` is not a moment"),
        ("purposes without brackets", file(purposes="verdict, merge"), "write a list: [verdict, merge]"),
        ("a purpose that nobody has", file(purposes="[deploy]"), "deploy"),
        ("no purpose", file(purposes="[]"), "purposes"),
        ("a misspelt key", file(revokd="2026-11-01T00:00:00Z"), "revokd"),
        ("keys without their section's name", file().replace(b"keys:\n", b""), "write `keys:` in a line of its own"),
        ("an id that is misspelt", file(id=ID.replace("ed25519", "ed2519")), "as `engine keys new` prints it"),
        ("one key twice", file() + file().split(b"keys:\n")[1], "stands here twice"),
    ],
)
def test_refused(why: str, data: bytes, said: str) -> None:
    with pytest.raises(EngineError) as caught:
        load_trusted_keys(data)
    assert said in str(caught.value), why
    assert caught.value.problems[0].place is not None, why


def test_one_key_twice_is_one_problem_though_its_name_is_there_twice_too() -> None:
    with pytest.raises(EngineError) as caught:
        load_trusted_keys(file(name="mine") + file(name="mine").split(b"keys:\n")[1])
    assert [p.code for p in caught.value.problems] == ["ENG278"]


def test_a_name_of_two_keys_is_told_with_the_line_of_the_first() -> None:
    other = file(id=signer(2).id, public=base64.b64encode(signer(2).public).decode(), name="mine")
    with pytest.raises(EngineError) as caught:
        load_trusted_keys(file(name="mine") + other.split(b"keys:\n")[1], "keys.yaml")
    (said,) = caught.value.problems
    assert (said.code, "the first is at keys.yaml:7" in said.hint) == ("ENG061", True)


def test_all_problems_at_once() -> None:
    with pytest.raises(EngineError) as caught:
        load_trusted_keys(file(public="AAAA", expires="soon"))
    assert [p.code for p in caught.value.problems] == ["ENG276", "ENG279"]
