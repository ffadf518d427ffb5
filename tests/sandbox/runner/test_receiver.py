"""Where webhooks arrive: whoever cannot sign starts nothing."""

import hmac
import http.client
from urllib.parse import urlsplit

import pytest

from engine.sandbox.runner.receiver import Received, receiving

BODY = b'{"action": "opened"}'


def signed(body, secret="right"):
    return "sha256=" + hmac.new(secret.encode(), body, "sha256").hexdigest()


CASES = [
    ("signed with the App's secret", "/webhook", BODY, signed(BODY), 202),
    ("with another secret", "/webhook", BODY, signed(BODY, "wrong"), 401),
    ("of another body", "/webhook", BODY, signed(b"{}"), 401),
    ("not at all", "/webhook", BODY, None, 401),
    ("with what is no signature", "/webhook", BODY, "sha256=ä", 401),
    ("elsewhere", "/", BODY, signed(BODY), 404),
]


@pytest.mark.parametrize(("why", "path", "body", "signature", "status"), CASES, ids=[row[0] for row in CASES])
def test_who_is_believed(why, path, body, signature, status):
    taken: list[Received] = []
    with receiving(lambda: "right", taken.append) as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
        connection.putrequest("POST", path)
        for name, value in (("Content-Length", str(len(body))), ("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "g")):
            connection.putheader(name, value)
        if signature is not None:
            connection.putheader("X-Hub-Signature-256", signature.encode())
        connection.endheaders(body)
        assert connection.getresponse().status == status, why
    assert [tuple(one) for one in taken] == ([("g", "push", BODY)] if status == 202 else []), why
