"""People: by login, by number, by address; renamed; deleted."""

import pytest

from engine.sandbox.forge.answer import ForgeError
from engine.sandbox.forge.git.repositories import create_repository
from engine.sandbox.forge.people import accounts, shapes
from tests.sandbox.forge.people.conftest import id_of


def test_who_somebody_is(as_, forge):
    own = as_("ann")("GET", "/user").body
    assert (own["login"], own["email"], own["type"]) == ("ann", "ann@example.com", "User")
    seen = as_("oscar")("GET", "/users/ANN").body
    assert (seen["id"], seen["email"]) == (own["id"], None)
    assert as_(None)("GET", f"/user/{own['id']}").body["login"] == "ann"
    assert seen["url"] == f"{forge.urls.api}/users/ann"


def test_the_bot_is_a_user_too(as_, forge):
    bot = as_("ann")("GET", "/users/interlock%5Bbot%5D").body
    assert (bot["login"], bot["type"]) == ("interlock[bot]", "Bot")
    assert bot["id"] == forge.kept.value("SELECT bot FROM apps")


NOBODY = [
    ("no such login", "/users/nobody"),
    ("no such number", "/user/999999"),
    ("a number that is none", "/user/ann"),
    ("a number that SQLite cannot hold", f"/user/{10**30}"),
    ("no such organisation", "/orgs/nobody"),
    ("a person is no organisation", "/orgs/ann"),
    ("a path in a login", "/users/..%2Fann"),
    ("SQL in a login", "/users/ann'%20OR%201=1--"),
]


@pytest.mark.parametrize(("why", "path"), NOBODY, ids=[row[0] for row in NOBODY])
def test_nobody(as_, why, path):
    assert as_("ann")("GET", path).status == 404, why


def test_a_renamed_account_keeps_its_number(as_, forge, person):
    number = person("mary", name="Mary")
    token = as_("mary").token
    accounts.rename(forge, number, "mary-smith")
    assert as_("ann")("GET", "/users/mary").status == 404
    assert as_("ann")("GET", "/users/mary-smith").body["id"] == number
    assert as_("ann")("GET", f"/user/{number}").body["login"] == "mary-smith"
    assert as_("mary-smith").token == token, "her tokens stay"
    other = person("mary")
    assert other != number, "whoever takes the old login is somebody else"
    assert as_("ann")("GET", "/users/mary").body["id"] == other


def test_a_deleted_account_is_a_ghost(as_, forge, person, acme):
    number = person("gone", email="gone@example.com")
    forge.kept.insert("members", organization=acme, account=number)
    forge.kept.insert("team_members", team=1, account=number)
    client = as_("gone")
    assert client("GET", "/user").status == 200
    accounts.delete(forge, number)
    assert client("GET", "/user").status == 401, "its tokens are void"
    assert as_("ann")("GET", "/users/gone").status == 404
    assert as_("ann")("GET", f"/user/{number}").status == 404
    assert as_("ann")("GET", "/orgs/acme/members/gone").status == 404
    assert number not in {m["id"] for m in as_("ann")("GET", "/orgs/acme/teams/platform/members").body}
    assert accounts.by_email(forge, "gone@example.com") is None
    assert shapes.credited(forge, forge.urls, number)["login"] == "ghost"
    assert shapes.simple_user(forge.urls, forge.account(number)) is None
    again = person("gone")
    assert again != number, "a number is never used again"


def test_repositories_of_a_deleted_account_are_gone(as_, forge, person):
    number = person("forker")
    made = create_repository(forge, number, "own", private=False)
    assert as_("ann")("GET", "/repos/forker/own").status == 200
    accounts.delete(forge, number)
    assert as_("ann")("GET", "/repos/forker/own").status == 404
    assert (forge.repository_of(made) or {})["deleted"]


@pytest.mark.parametrize("login", accounts.OWN)
def test_the_forge_s_own_accounts_stay(forge, login):
    for change in (lambda number: accounts.delete(forge, number), lambda number: accounts.rename(forge, number, "x")):
        with pytest.raises(ForgeError):
            change(id_of(forge, login))
    assert id_of(forge, login)


LOGINS = [
    ("taken", "ann", "already_exists"),
    ("taken in another case", "ANN", "already_exists"),
    ("an organisation's", "acme", "already_exists"),
    ("empty", "", "invalid"),
    ("a path", "../x", "invalid"),
    ("begins with a hyphen", "-x", "invalid"),
    ("ends with a hyphen", "x-", "invalid"),
    ("two hyphens", "a--b", "invalid"),
    ("too long", "a" * 40, "invalid"),
    ("a bot's, for a person", "x[bot]", "invalid"),
    ("letters that look alike", "аnn", "invalid"),
    ("a line break", "ann\n", "invalid"),
]


@pytest.mark.parametrize(("why", "login", "code"), LOGINS, ids=[row[0] for row in LOGINS])
def test_logins_that_nobody_may_have(forge, why, login, code):
    bob = id_of(forge, "bob")
    for attempt in (lambda: accounts.create(forge, login), lambda: accounts.rename(forge, bob, login)):
        with pytest.raises(ForgeError) as refused:
            attempt()
        assert f"'code': '{code}'" in str(refused.value.errors), why
    assert (forge.account(bob) or {})["login"] == "bob"


def test_a_change_of_case_is_a_rename(forge, person):
    number = person("casey")
    accounts.rename(forge, number, "Casey")
    assert (forge.account(number) or {})["login"] == "Casey"


ADDRESSES = [
    ("linked", "ann@example.com", "ann"),
    ("linked, in another case", "Ann@Example.COM", "ann"),
    ("linked later", "ann@work.example", "ann"),
    ("GitHub's own", "{ann}+ann@users.noreply.github.com", "ann"),
    ("the number counts, not the login", "{ann}+bob@users.noreply.github.com", "ann"),
    ("the bot's", "{bot}+interlock[bot]@users.noreply.github.com", "interlock[bot]"),
    ("nobody's", "ann@example.org", None),
    ("without a number", "ann@users.noreply.github.com", None),
    ("a number alone", "{ann}@users.noreply.github.com", None),
    ("no such number", "999999+ann@users.noreply.github.com", None),
    ("a number that is none", "１+ann@users.noreply.github.com", None),
    ("a host that only ends so", "{ann}+ann@evil-users.noreply.github.com", None),
    ("empty", "", None),
    ("no address", "ann", None),
]


@pytest.mark.parametrize(("why", "email", "login"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_whose_an_address_is(forge, why, email, login):
    numbers = {"ann": id_of(forge, "ann"), "bot": id_of(forge, "interlock[bot]")}
    forge.kept.run("INSERT OR IGNORE INTO emails VALUES ('ann@work.example', ?)", numbers["ann"])
    found = accounts.by_email(forge, email.format(**numbers))
    assert (found and found["login"]) == login, why


def test_own_addresses(as_):
    told = as_("bob")("GET", "/user/emails").body
    assert (told[0]["email"], told[0]["primary"]) == ("bob@example.com", True)
    assert told[-1]["email"].endswith("+bob@users.noreply.github.com")
