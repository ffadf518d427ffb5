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
    connection = http.client.HTTPConnection(host, timeout=10)
    port = host.rpartition(":")[2]
    sent = {name: value.replace("{port}", port) for name, value in headers.items()}
    connection.request("GET", "/api/v3/user", headers=sent)
    assert connection.getresponse().status == status, why


def test_nowhere_is_github_s_404(as_):
    answer = as_("ann")("GET", "/no/such/thing")
    assert (answer.status, answer.body["message"]) == (404, "Not Found")
    assert answer.headers["x-github-request-id"]
