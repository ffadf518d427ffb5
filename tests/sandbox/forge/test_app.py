"""What stands before every request: the Host, the Origin, the token, the size, the JSON."""

import http.client

import pytest

REFUSED = [
    ("another name for loopback's address", {"Host": "evil.example:{port}"}, 421),
    ("our name, another port", {"Host": "127.0.0.1:1"}, 421),
    ("a name that only begins like ours", {"Host": "127.0.0.1.evil.example:{port}"}, 421),
    ("a page of another site", {"Origin": "https://evil.example"}, 421),
    ("a page without an origin of its own", {"Origin": "null"}, 421),
]


@pytest.mark.parametrize(("why", "headers", "status"), REFUSED, ids=[row[0] for row in REFUSED])
def test_requests_that_are_refused(forge, why, headers, status):
    host = forge.urls.base.partition("//")[2]
    connection = http.client.HTTPConnection(host, timeout=60)
    port = host.rpartition(":")[2]
    sent = {name: value.replace("{port}", port) for name, value in headers.items()}
    connection.request("GET", "/api/v3/user", headers=sent)
    assert connection.getresponse().status == status, why


def test_nowhere_is_github_s_404(as_):
    answer = as_("ann")("GET", "/no/such/thing")
    assert (answer.status, answer.body["message"]) == (404, "Not Found")
    assert answer.headers["x-github-request-id"]


BODIES = [
    ("no JSON", b"{", 400),
    ("no number", b'{"event_type": NaN}', 400),
    ("half a pair", b'{"event_type": "\\ud800"}', 400),
    ("a hundred thousand brackets", b"[" * 100_000, 400),
    ("no UTF-8", b'{"event_type": "\xff"}', 400),
    ("a list", b"[]", 400),
    ("a text", b'"event_type"', 400),
    ("null", b"null", 400),
    ("a null byte is a character", b'{"event_type": "\\u0000"}', 204),
]


@pytest.mark.parametrize(("why", "body", "status"), BODIES, ids=[row[0] for row in BODIES])
def test_bodies_that_are_no_object_of_json(forge, as_, why, body, status):
    host = forge.urls.base.partition("//")[2]
    connection = http.client.HTTPConnection(host, timeout=60)
    headers = {"Authorization": f"token {as_('olga').token}"}
    connection.request("POST", "/api/v3/repos/acme/controller/dispatches", body, headers)
    assert connection.getresponse().status == status, why


def test_a_null_byte_in_a_query_is_refused_before_anybody_reads_it(as_):
    for query in ("path=a%00b", "since=%00", "sha=main%00", "anything=%00"):
        assert as_("ann")("GET", f"/repos/acme/controller/commits?{query}").status == 400, query
