"""Fixtures of the tests of stores."""

from functools import cache

import pytest

from tests.support.emulator import aws, s3

__all__ = ["aws", "s3"]


@pytest.fixture(scope="session", autouse=True)
def one_description_of_s3():
    """The clients of one worker read what AWS says of S3 once: each would for a twelfth of a second."""
    import botocore.session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", cache(botocore.session.create_loader))
        yield
