"""An account that does not let itself be looked at."""

import pytest

from engine.adapters.account import Account
from engine.errors import EngineError
from tests.support.http import Answer, Far

DENIED = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>arn:secret</Message></Error></ErrorResponse>"


@pytest.mark.parametrize(
    ("why", "answer", "code"),
    [
        ("whoever looks at an account of AWS may not look at that", Answer(403, DENIED), "ENG957"),
        ("a proxy answers in the place of AWS", Answer(200, b"<html>Sign in</html>"), "ENG958"),
    ],
)
def test_an_account_that_nobody_can_look_at_is_not_told_as_well(monkeypatch, why, answer, code):
    with Far(lambda _: answer).serving() as far:
        for name, value in {"ENDPOINT_URL": far.url, "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}.items():
            monkeypatch.setenv(f"AWS_{name}", value)
        with pytest.raises(EngineError) as error:
            Account("111111111111", None, "us-east-1").role("interlock-plan")
    assert error.value.problems[0].code == code, why
    assert "secret" not in str(error.value)
