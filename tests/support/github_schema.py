"""GitHub's public GraphQL schema, of an npm package, for tests that are marked `npm`."""

from functools import cache
from typing import Any

from tests.support import npm

PACKAGE = "@octokit/graphql-schema@15.26.1"


@cache
def public() -> Any:
    """The schema; skips the test where it cannot be had, but in CI."""
    from graphql import build_client_schema

    try:
        files = dict(npm.files(PACKAGE))
    except npm.UNREACHABLE as error:
        npm.or_skip(PACKAGE, error)
    return build_client_schema(files["schema.json"], assume_valid=True)  # it breaks two rules of its own kind
