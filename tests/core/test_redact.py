"""Secrets are hidden by value, in whatever form they were written."""

import base64
import html
import json
import urllib.parse

import pytest

from engine.core import exact
from engine.core.disguise import Disguises
from engine.core.redact import HIDDEN, Redactor, credentials, is_secret_name


@pytest.mark.parametrize(
    ("why", "text", "shown"),
    [
        ("in the middle", "password is hunter22.", f"password is {HIDDEN}."),
        ("twice", "hunter22hunter22", HIDDEN * 2),
        ("alone", "hunter22", HIDDEN),
        ("a longer secret that contains a shorter one", "hunter22-and-more", HIDDEN),
        ("two secrets that overlap", "xhunter22-and-morestar", f"x{HIDDEN}"),
        ("in JSON", '{"a": "q\\"uote\\n"}', f'{{"a": "{HIDDEN}"}}'),
        ("in JSON with ASCII only", '"\\u00fcber-secret"', f'"{HIDDEN}"'),
        ("in a URL", "https://x/?q=q%22uote%0A", f"https://x/?q={HIDDEN}"),
        ("in another letter case", "HUNTER22", HIDDEN),
        ("a short one in another letter case is another text", "Q1W2", "Q1W2"),
        ("a short one inside a text", "is q1w2!", f"is {HIDDEN}!"),
        ("one under four characters inside a word stays", "stable", "stable"),
        ("one under four characters alone", "ab", HIDDEN),
        ("in front of what a cut-off one leaves", "hunter2", "hunter2"),
        ("what hides one is not hidden", HIDDEN, HIDDEN),
    ],
)
def test_text(why, text, shown):
    secrets = ["hunter22", "hunter22-and-more", "more-star", "morestar", 'q"uote\n', "über-secret", "ab", "q1w2", ""]
    assert Redactor([*secrets, "sensitive"]).text(text) == shown, why


SECRET = 'p&ss <w>"ö\\rd/+?\N{GRINNING FACE}'


def _browser(text):
    """Some characters escaped, others not, in small letters."""
    return urllib.parse.quote(text, safe="&+/?<").lower().replace("%5c", "\\")


FORMS = [
    ("as it is", SECRET),
    ("percent, capital letters", urllib.parse.quote(SECRET, safe="")),
    ("percent, small letters", urllib.parse.quote(SECRET, safe="").replace("%C3%B6", "%c3%b6").replace("%3C", "%3c")),
    ("percent, only in part", _browser(SECRET)),
    ("a form", urllib.parse.quote_plus(SECRET)),
    ("HTML, named", html.escape(SECRET)),
    ("HTML, decimal", "".join(f"&#{ord(c)};" for c in SECRET)),
    ("HTML, hexadecimal", "".join(f"&#x{ord(c):X};" for c in SECRET)),
    ("JSON", json.dumps(SECRET, ensure_ascii=False)),
    ("JSON in ASCII", json.dumps(SECRET)),
    ("JSON in ASCII, capital letters", json.dumps(SECRET).replace("\\u00f6", "\\u00F6").replace("\\ud83d", "\\uD83D")),
    ("HTML, with zeros in front", "".join(f"&#{ord(c):012};" for c in SECRET)),
    ("HTML as browsers forgive it", "".join(f"&#{ord(c)}" if c != "&" else "&amp" for c in SECRET)),
    (
        "JSON as Go writes it",
        json.dumps(SECRET).replace("<", "\\u003c").replace(">", "\\u003E").replace("&", "\\u0026"),
    ),
    ("JSON with every character escaped", "".join(f"\\u{ord(c):04x}" for c in SECRET[:-1]) + "\\ud83d\\ude00"),
    ("JSON with escaped slashes", json.dumps(SECRET).replace("/", "\\/")),
    ("JSON in JSON", json.dumps(json.dumps({"p": SECRET}))),
    ("JSON in JSON in JSON", json.dumps(json.dumps(json.dumps({"p": SECRET})))),
    ("JSON in a URL", urllib.parse.quote(json.dumps({"p": SECRET}))),
    ("a URL in JSON in HTML", html.escape(json.dumps("https://x/?p=" + urllib.parse.quote(SECRET, safe="")))),
    ("hexadecimal", SECRET.encode().hex()),
    ("hexadecimal, capital letters", SECRET.encode().hex().upper()),
    ("hexadecimal with colons", SECRET.encode().hex(":")),
    ("escaped bytes", "".join(f"\\x{b:02x}" for b in SECRET.encode())),
    ("octal bytes", "".join(f"\\{b:03o}" for b in SECRET.encode())),
    ("a regular expression or a shell's word", "".join(c if c.isalnum() else f"\\{c}" for c in SECRET)),
    ("a template of Terraform", SECRET.replace("\\", "\\\\").replace('"', '\\"')),
    ("basic authentication", f"https://user:{urllib.parse.quote(SECRET, safe='')}@host/"),
    ("over several lines", SECRET.replace(" ", "\r\n    ")),
    ("with a control inside", SECRET.replace("ss", "s\x00s")),
    ("small letters", SECRET.lower()),
    ("capital letters", SECRET.upper()),
]


@pytest.mark.parametrize(("why", "form"), FORMS)
def test_however_it_is_written(why, form):
    shown = Redactor([SECRET]).text(f"see {form} there")
    assert HIDDEN in shown, why
    assert len(shown) < len("see  there") + len(HIDDEN) + len(form) - len(SECRET) // 2, why
    assert shown.startswith("see "), why
    assert shown.endswith(" there"), why


@pytest.mark.parametrize("before", [b"", b"u", b"us", b"use", b"user:"])
@pytest.mark.parametrize("after", [b"", b"x", b"\nmore"])
@pytest.mark.parametrize("secret", ["hunter22", "tok?n>>~~", "ab12", SECRET])
def test_base64_at_every_place_of_a_longer_text(before, after, secret):
    data = before + secret.encode() + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes):
        text = encode(data).decode()
        for written in (text, text.rstrip("=\n"), urllib.parse.quote(text), json.dumps(text)):
            shown = Redactor([secret]).text(f'"{written}"')
            assert HIDDEN in shown
            assert len(shown) <= 2 + len(HIDDEN) + (len(before) + len(after)) * 4 / 3 + 12


def test_a_secret_that_looks_like_an_escape_itself():
    for secret in ("50%25-off-now", 'a\\nb"%41cde', "R&amp;D-2024-x", "c:\\new\\x41\\table"):
        for text in (secret, json.dumps(secret), urllib.parse.quote(secret), html.escape(secret)):
            assert Redactor([secret]).text(f"<{text}>").strip('<>"') == HIDDEN, (secret, text)


def test_a_key_in_several_lines_is_hidden_line_by_line():
    pem = "-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1h\n-----END KEY-----"
    assert "MC4CAQAw" not in Redactor([pem]).text("  | MC4CAQAwBQYDK2VwBCIEIJ1h")
    assert Redactor([pem]).text(pem.replace("\n", "\r\n  ")) == HIDDEN


def test_a_long_secret_is_hidden_by_one_mark_and_each_of_its_pieces_is_hidden():
    long = "".join(f"{n:04}" for n in range(500))
    assert Redactor([long]).text(f"<{long}>") == f"<{HIDDEN}>"
    assert HIDDEN in Redactor([long]).text(long[: len(long) // 2])


class Counted(dict):
    """How often somebody has asked for something in it."""

    asked = 0

    def get(self, key, default=None):
        self.asked += 1
        return super().get(key, default)


@pytest.mark.parametrize(
    ("why", "secrets", "text", "most"),
    [
        ("nothing begins like a secret: no question, whatever their number",
         [f"secret-{n:05}-{'x' * 200}" for n in range(2000)], "ordinary text of a report, again and again. " * 500, 0),
        ("every place begins like secrets of every length: no more than halves of 64",
         [f"aaaaaaaa{'b' * n}" for n in range(1, 57)], "a" * 20_000, 6),
        ("a secret of one letter, and a text that never comes to its end",
         [f"{'a' * 5000}b"], "a" * 20_000, 6),
    ],
)  # fmt: skip
def test_what_is_searched_grows_neither_with_secrets_nor_with_their_length(why, secrets, text, most):
    """Counted, not timed: how often a place is compared with anything at all."""
    found = Disguises(secrets)
    found._loose._begun = counted = Counted(found._loose._begun)
    found.spans(text)
    assert counted.asked <= most * len(text), why


def test_json_is_hidden_in_texts_and_numbers_and_keeps_its_keys():
    value: exact.Json = {"hunter22": ["hunter22", 123456, 12, True, None]}
    assert Redactor(["hunter22", "123456"]).json(value) == {"hunter22": [HIDDEN, HIDDEN, 12, True, None]}


def test_a_short_secret_is_hidden_in_a_document_where_it_is_a_whole_value():
    assert Redactor(["ab", "7"]).json('{"a": "ab", "b": ["ab c", 7, 71]}') == (
        f'{{"a": "{HIDDEN}", "b": ["ab c", "{HIDDEN}", 71]}}'
    )


@pytest.mark.parametrize("depth", [60, 600, 5000, 200_000])
def test_a_text_of_brackets_is_a_text(depth):
    text = "[" * depth + '"hunter22"' + "]" * depth
    assert Redactor(["hunter22"]).json(text) == text.replace("hunter22", HIDDEN)


def test_documents_in_documents_end_somewhere():
    text: str = "hunter22"
    for _ in range(12):
        text = json.dumps([text])
    assert "hunter22" not in str(Redactor(["hunter22"]).json([text]))


def test_without_secrets_nothing_is_hidden():
    assert Redactor([]).text("anything") == "anything"


@pytest.mark.parametrize("end", [False, True])
@pytest.mark.parametrize("at", range(0, 60))
def test_a_cut_never_shows_a_part_of_a_secret(at, end):
    """Wherever the cut is: in front of it, in the middle of it, behind it, or of its escaped form."""
    for written in ("verysecretvalue12345", "very%73ecretvalue1234%35", "verysecret\n   value12345"):
        text = "x" * at + written + "y" * (60 - at)
        shown = Redactor(["verysecretvalue12345"]).excerpt(text, 40, end=end)
        left = shown.replace(HIDDEN, "").strip("…xy")
        assert left == "", (written, shown)


def test_an_excerpt_of_a_long_text():
    hide = Redactor(["verysecretvalue12345"])
    text = "verysecretvalue12345 " * 200_000
    for end in (False, True):
        shown = hide.excerpt(text, 100, end=end)
        assert len(shown) < 200
        assert "secretvalue" not in shown
    assert hide.excerpt("\x1b[31mall\x1b[0m of it", 100) == "all of it"


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "db_password", "AWS_SESSION_TOKEN"])
def test_names_of_secrets(name):
    assert is_secret_name(name)


@pytest.mark.parametrize(
    ("why", "name", "value", "secret"),
    [
        ("a password of a proxy", "HTTPS_PROXY", "http://user:pr0xypass@127.0.0.1:1", {"pr0xypass"}),
        ("with an @ and a / inside", "HTTPS_PROXY", "http://user:p@ss/w@proxy:1", {"p@ss/w"}),
        ("without a scheme", "HTTP_PROXY", "user:pr0xypass@proxy:1", {"pr0xypass"}),
        ("a token in place of a name", "HTTPS_PROXY", "https://t0ken@proxy", {"t0ken"}),
        ("an address of mail is none", "AWS_ROLE_SESSION_NAME", "ann@example.com", set()),
        ("a path is none", "PATH", "/usr/bin:/opt/node@18/bin:/bin", set()),
        ("a proxy without a password", "HTTPS_PROXY", "http://proxy:3128", set()),
        ("by name", "AWS_SESSION_TOKEN", "abc", {"abc"}),
    ],
)
def test_credentials_of_an_environment(why, name, value, secret):
    assert credentials({name: value}) == secret, why
