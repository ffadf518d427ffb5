"""Names of repositories."""

import pytest

from engine.core.repository import is_repository


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *((name, True) for name in ("acme/x", "a-c_me/.github", "A/1.2", "a/x-")),
        *(
            (name, False)
            for name in ("", "acme", "acme/", "/x", "acme/x/y", "acme/..", "../..", "a/x y", "acmé/x", "a/-")
        ),
    ],
)
def test_what_may_be_a_name(name, is_one):
    assert is_repository(name) is is_one
