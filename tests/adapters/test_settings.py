"""Settings: defaults, what is refused, and that nothing secret can be printed."""

import os
from pathlib import Path

import pytest

from engine.adapters import key_files, settings
from engine.adapters.places import BucketPlace
from engine.adapters.setting_names import SETTINGS
from engine.adapters.storage.port import LONGEST
from engine.errors import EngineError

KEY = "0123456789abcdef0123456789abcdef"


def test_an_empty_environment_has_defaults():
    values = settings.read({"HOME": "/home/ann"})
    assert values.terraform == "terraform"
    assert values.cache_dir == "/home/ann/.cache/interlock"
    assert values.emulator is False
    assert values.credentials == {}


def test_an_empty_value_is_no_value():
    assert settings.read({"ENGINE_TERRAFORM": "", "HOME": "/h"}).terraform == "terraform"


def test_only_listed_variables_reach_terraform():
    environ = {"AWS_ACCESS_KEY_ID": "a", "GITHUB_TOKEN": "secret", "TF_VAR_account": "9", "AWS_VAULT": "x"}
    assert settings.read({**environ, "HOME": "/h"}).credentials == {"AWS_ACCESS_KEY_ID": "a"}


def test_settings_print_no_secret():
    values = settings.read({"AWS_SECRET_ACCESS_KEY": "hunter2hunter2", "HOME": "/h"})
    assert "hunter2" not in repr(values)
    assert "AWS_SECRET_ACCESS_KEY" in repr(values)


@pytest.mark.parametrize(
    ("why", "environ", "code"),
    [
        ("a switch is 0 or 1", {"ENGINE_EMULATOR": "yes"}, "ENG004"),
        ("a profile is a name", {"ENGINE_AWS_PROFILE": "a\nb"}, "ENG004"),
        ("it stands for the two that are known", {"ENGINE_AWS_PROFILE": "{branch}"}, "ENG004"),
        (
            "Terraform never gets the store's",
            {"ENGINE_STORE": "s3:acme", "ENGINE_STORE_PROFILE": "store", "ENGINE_AWS_PROFILE": "store"},
            "ENG004",
        ),
    ],
)
def test_refused(why, environ, code):
    with pytest.raises(EngineError) as caught:
        settings.read({**environ, "HOME": "/h"})
    assert caught.value.problems[0].code == code, why


@pytest.mark.parametrize(
    ("why", "environ", "code", "hint"),
    [
        ("two letters exchanged", {"ENGINE_STOER": "dir:/x"}, "ENG994", "call it ENGINE_STORE"),
        ("small letters", {"engine_store": "dir:/x"}, "ENG994", "call it ENGINE_STORE"),
        ("a letter too many", {"ENGINE_CACHE_DIRS": "/x"}, "ENG994", "call it ENGINE_CACHE_DIR"),
        ("a word for one", {"ENGINE_EMULATOR": "true"}, "ENG004", "write ENGINE_EMULATOR=1"),
        ("a path alone", {"ENGINE_STORE": "/x"}, "ENG004", "write ENGINE_STORE=dir:/x"),
        ("an address of a file", {"ENGINE_STORE": "file:///x"}, "ENG004", "write ENGINE_STORE=dir:/x"),
        ("an address of S3", {"ENGINE_STORE": "s3://acme/p"}, "ENG004", "write ENGINE_STORE=s3:acme/p"),
        ("a bucket's ARN", {"ENGINE_STORE": "arn:aws:s3:::acme"}, "ENG004", "write ENGINE_STORE=s3:acme"),
        ("a path from here", {"ENGINE_STORE": "./x"}, "ENG004", "write the whole path: ENGINE_STORE=dir:/…/x"),
        ("a name alone", {"ENGINE_STORE": "acme/p"}, "ENG004", "write ENGINE_STORE=s3:acme/p for a bucket, or"),
        ("capitals", {"ENGINE_STORE": "DIR:/x"}, "ENG004", "write ENGINE_STORE=dir:/x"),
        ("quotes", {"ENGINE_STORE": '"dir:/x"'}, "ENG004", "without them: ENGINE_STORE=dir:/x"),
        ("white space at the end", {"ENGINE_STORE": "dir:/x "}, "ENG004", "without: ENGINE_STORE=dir:/x"),
        ("a relative path", {"ENGINE_STORE": "dir:x"}, "ENG004", "write the whole path: ENGINE_STORE=dir:/…/x"),
        ("a part that nobody fills in", {"ENGINE_STATE_BUCKET": "a-{acount}"}, "ENG004", "`{account}` is filled in"),
        ("another of a profile", {"ENGINE_AWS_PROFILE": "a-{env}"}, "ENG004", "`{environment}` and `{account}`"),
        ("a role's name", {"ENGINE_STORE_ROLE": "deploy"}, "ENG004", "arn:aws:iam::ACCOUNT:role/NAME"),
    ],
)
def test_what_to_write_instead(why, environ, code, hint):
    with pytest.raises(EngineError) as caught:
        settings.read({**environ, "HOME": "/h"})
    (problem,) = caught.value.problems
    assert problem.code == code, why
    assert hint in problem.hint, why


@pytest.mark.parametrize("name", ["ENGINE_DEBUG", "ENGINE_STORE_BUCKET", "ENGINE_TEST_ALL", "MY_ENGINE_STOER"])
def test_names_of_other_people_are_theirs(name):
    assert settings.read({name: "1", "HOME": "/h"}).store is None


def test_a_near_miss_beside_the_right_one_is_theirs_too():
    assert settings.read({"ENGINE_STORE": "dir:/x", "ENGINE_STORES": "1", "HOME": "/h"}).store


@pytest.mark.parametrize(
    ("why", "value", "emulator", "expected"),
    [
        ("not set", "", "1", 0),
        ("a sandbox's clock may be ahead", "3600.5", "1", 3600.5),
        ("outside of one what has expired stays so", "3600.5", "", 0),
        ("nor is it read there", "soon", "0", 0),
    ],
)
def test_the_clock_of_a_sandbox(why, value, emulator, expected):
    assert settings.clock_ahead_s({"ENGINE_CLOCK_AHEAD_S": value, "ENGINE_EMULATOR": emulator}) == expected, why


@pytest.mark.parametrize("value", ["soon", "-1", "nan", "1e12"])
def test_a_clock_that_is_none(value):
    with pytest.raises(EngineError, match="ENG004"):
        settings.clock_ahead_s({"ENGINE_CLOCK_AHEAD_S": value, "ENGINE_EMULATOR": "1"})


@pytest.mark.parametrize(
    ("why", "environ", "expected"),
    [
        ("not set", {}, None),
        ("from the variable", {"ENGINE_DIGEST_KEY": KEY}, KEY.encode()),
        ("line ends of a file are not part of it", {"ENGINE_DIGEST_KEY": KEY + "\n"}, KEY.encode()),
    ],
)
def test_digest_key(why, environ, expected):
    assert key_files.digest_key(environ) == expected, why


def test_a_short_digest_key_is_refused():
    with pytest.raises(EngineError, match="5 characters, at least 32 needed"):
        key_files.digest_key({"ENGINE_DIGEST_KEY": "short"})


@pytest.mark.parametrize(("mode", "code"), [(0o600, None), (0o400, None), (0o640, "ENG006"), (0o604, "ENG006")])
def test_a_key_file_is_private(tmp_path, mode, code):
    file = tmp_path / "key"
    file.write_text(KEY + "\n")
    file.chmod(mode)
    if code is None:
        assert key_files.digest_key({"ENGINE_DIGEST_KEY_FILE": str(file)}) == KEY.encode()
    else:
        with pytest.raises(EngineError) as caught:
            key_files.digest_key({"ENGINE_DIGEST_KEY_FILE": str(file)})
        assert caught.value.problems[0].code == code


def test_a_key_file_that_is_not_there(tmp_path):
    with pytest.raises(EngineError, match="ENG001"):
        key_files.signing_key({"ENGINE_SIGNING_KEY_FILE": os.path.join(tmp_path, "none")})


def test_every_setting_is_read():
    text = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in (settings, key_files))
    for row in SETTINGS:
        name = row.name.removesuffix("_FILE")
        assert text.count(f'"{name}"') >= 1, f"{row.name} is declared, and nothing reads it"


@pytest.mark.parametrize(
    ("why", "value", "expected"),
    [
        ("the home directory", "~/cache", "/h/cache"),
        ("a name that only holds the sign", "/tmp/x~y", "/tmp/x~y"),
        ("not set", "", "/h/.cache/interlock"),
    ],
)
def test_the_cache_lies_below_home_where_it_says_so(why, value, expected):
    assert settings.read({"HOME": "/h", "ENGINE_CACHE_DIR": value}).cache_dir == expected, why


@pytest.mark.parametrize("name", ["ENGINE_TRUSTED_KEYS", "ENGINE_TOFU_LOCK"])
@pytest.mark.parametrize(
    ("why", "value", "expected"),
    [
        ("not set", "", None),
        ("absolute", "/etc/interlock/x", "/etc/interlock/x"),
        ("of the home directory", "~/x", "/h/x"),
        ("a branch could bring it", "x", "ENG004"),
        ("so it could this", "./x", "ENG004"),
        ("and this", "../x", "ENG004"),
    ],
)
def test_what_decides_whom_we_believe_lies_nowhere_by_chance(name, why, value, expected):
    environ = {"HOME": "/h", name: value}
    if expected == "ENG004":
        with pytest.raises(EngineError, match=f"ENG004 setting {name} is not valid"):
            settings.read(environ)
        return
    found = settings.read(environ)
    assert {"ENGINE_TRUSTED_KEYS": found.trusted_keys, "ENGINE_TOFU_LOCK": found.tofu_lock}[name] == expected, why


@pytest.mark.parametrize(
    ("why", "value", "expected"),
    [
        ("a bucket", "s3:acme-interlock", ("acme-interlock", "")),
        ("a place in it", "s3:acme.eu-1/Interlock/prod_1", ("acme.eu-1", "Interlock/prod_1/")),
        ("as people write a folder", "s3:acme/interlock/", ("acme", "interlock/")),
        ("an access point's alias", "s3:acme-abc123-s3alias", ("acme-abc123-s3alias", "")),
    ],
)
def test_a_store_in_s3(why, value, expected):
    store = settings.read({"ENGINE_STORE": value, "CI": "true", "HOME": "/h"}).store
    assert isinstance(store, BucketPlace)
    assert (store.bucket, store.prefix) == expected, why
    assert (store.region, store.profile) == (None, None)


@pytest.mark.parametrize(
    ("why", "value"),
    [
        ("no bucket", "s3:"),
        ("no bucket, but a place", "s3:/interlock"),
        ("a URL", "s3://acme/interlock"),
        ("a short name", "s3:ab"),
        ("a long name", "s3:" + "a" * 64),
        ("capitals", "s3:Acme"),
        ("an address", "s3:10.0.0.1"),
        ("dots that meet", "s3:a..b"),
        ("a dot beside a hyphen", "s3:acme.-x"),
        ("a hyphen at the end", "s3:acme-"),
        ("an ARN", "s3:arn:aws:s3:us-east-1:123456789012:accesspoint/acme"),
        ("a directory bucket", "s3:acme--use1-az4--x-s3"),
        ("a query", "s3:acme?shared=1"),
        ("a way up", "s3:acme/../other"),
        ("an empty part", "s3:acme/a//b"),
        ("two slashes at the end", "s3:acme/a//"),
        ("blanks", "s3:acme/a b"),
        ("a line", "s3:acme/a\n"),
        ("another alphabet", "s3:acme/ä"),
        ("too long for keys behind it", "s3:acme/" + "a" * 121),
        ("another scheme", "gs:acme"),
        ("no scheme", "acme"),
    ],
)
def test_a_store_that_is_no_place_in_s3(why, value):
    with pytest.raises(EngineError) as caught:
        settings.read({"ENGINE_STORE": value, "HOME": "/h"})
    assert caught.value.problems[0].code == "ENG004", why


def test_the_profile_of_the_store_is_not_terraforms():
    environ = {"ENGINE_STORE": "s3:acme", "ENGINE_STORE_PROFILE": "store", "ENGINE_STORE_REGION": "r", "HOME": "/h"}
    assert settings.read({**environ, "AWS_PROFILE": "plan"}).store == BucketPlace("acme", "", "r", "store")
    for same in ({"AWS_PROFILE": "store"}, {"ENGINE_STORE_PROFILE": "default"}):
        with pytest.raises(EngineError, match="must not reach the store"):
            settings.read({**environ, **same})


def test_the_longest_key_has_room_behind_the_longest_prefix():
    store = settings.read({"ENGINE_STORE": "s3:acme/" + "a" * 120, "HOME": "/h"}).store
    assert isinstance(store, BucketPlace)
    assert len(store.prefix) + LONGEST <= 1024
