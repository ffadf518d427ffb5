"""What GitHub tells of a pull request, over HTTP and git: by as few requests as it takes, whole or not at all."""

import pytest

NEVER = ("merge", "files", "resources", "source")


def test_all_of_it_at_once(hosted):
    number = hosted.pull("first")
    names = (
        "source", "pr", "reviews", "commits", "pushers", "labels", "comments", "replies", "asked", "files",
        "resources", "checks", "merge", "merges", "ledger", "depends", "freeze", "rules", "groups", "permissions", "now",
    )  # fmt: skip
    document, requests = hosted.facts(number, *names)
    assert document.failed == {}
    assert document.absent == {}
    print(requests, document.facts)
    assert requests == 5, "where the App is installed, its token, the pull request, its people, its pushes"
