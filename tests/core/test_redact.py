"""Secrets are hidden by value, in whatever form they were written."""

import pytest

from engine.core.redact import HIDDEN, Json, Redactor, is_secret_name


@pytest.mark.parametrize(
    ("why", "text", "shown"),
    [
        ("in the middle", "password is hunter22.", f"password is {HIDDEN}."),
        ("twice", "hunter22hunter22", HIDDEN * 2),
        ("alone", "hunter22", HIDDEN),
        ("a longer secret that contains a shorter one", "hunter22-and-more", HIDDEN),
        ("in JSON", '{"a": "q\\"uote\\n"}', f'{{"a": "{HIDDEN}"}}'),
        ("in JSON with ASCII only", '"\\u00fcber-secret"', f'"{HIDDEN}"'),
        ("in a URL", "https://x/?q=q%22uote%0A", f"https://x/?q={HIDDEN}"),
        ("another case is another text", "HUNTER22", "HUNTER22"),
        ("a short one inside a word stays", "stable", "stable"),
        ("a short one alone", "ab", HIDDEN),
    ],
)
def test_text(why, text, shown):
    secrets = ["hunter22", "hunter22-and-more", 'q"uote\n', "über-secret", "ab", ""]
    assert Redactor(secrets).text(text) == shown, why


def test_a_key_in_several_lines_is_hidden_line_by_line():
    pem = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1h\n-----END KEY-----"
    assert "MC4CAQAw" not in Redactor([pem]).text("  | MC4CAQAwBQYDK2VwBCIEIJ1h")


def test_json_is_hidden_in_keys_texts_and_numbers():
    value: Json = {"hunter22": ["hunter22", 123456, 12, True, None]}
    assert Redactor(["hunter22", "123456"]).json(value) == {HIDDEN: [HIDDEN, HIDDEN, 12, True, None]}


def test_without_secrets_nothing_is_hidden():
    assert Redactor([]).text("anything") == "anything"


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "db_password", "AWS_SESSION_TOKEN"])
def test_names_of_secrets(name):
    assert is_secret_name(name)
