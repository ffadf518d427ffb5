"""Environments, and from which branches jobs may use them."""

import pytest

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}


@pytest.fixture
def at(place, request):
    """The path of an environment of this test's own, which may have a slash in its name."""
    return f"{place.path}/environments/a%2F{abs(hash(request.node.name))}"


def test_one_that_is_new_is_open_to_every_branch(as_, place, at):
    assert as_("olga")("GET", at).status == 404
    made = as_("olga")("PUT", at, {})
    assert (made.status, made.body["deployment_branch_policy"], made.body["protection_rules"]) == (200, None, [])
    assert made.body["name"].startswith("a/")
    assert made.body in as_("ann")("GET", f"{place.path}/environments").body["environments"]
    assert as_("olga")("DELETE", at).status == 204
    assert as_("ann")("GET", at).status == 404


def test_one_that_is_open_to_some_branches(as_, at):
    olga = as_("olga")
    assert olga("PUT", at, {"deployment_branch_policy": CUSTOM}).body["deployment_branch_policy"] == CUSTOM
    added = olga("POST", f"{at}/deployment-branch-policies", {"name": "main"})
    assert (added.status, added.body["type"]) == (200, "branch")
    assert olga("POST", f"{at}/deployment-branch-policies", {"name": "main"}).status == 303
    tag = olga("POST", f"{at}/deployment-branch-policies", {"name": "main", "type": "tag"}).body
    one = f"{at}/deployment-branch-policies/{added.body['id']}"
    assert olga("PUT", one, {"name": "release/*"}).body["name"] == "release/*"
    assert as_("ann")("GET", one).body["name"] == "release/*"
    names = [row["name"] for row in as_("ann")("GET", f"{at}/deployment-branch-policies").body["branch_policies"]]
    assert names == ["release/*", "main"]
    assert olga("DELETE", f"{at}/deployment-branch-policies/{tag['id']}").status == 204
    assert olga("GET", f"{at}/deployment-branch-policies").body["total_count"] == 1
    assert olga("PUT", at, {"deployment_branch_policy": PROTECTED}).body["protection_rules"][0]["type"] == (
        "branch_policy"
    )
    assert olga("GET", f"{at}/deployment-branch-policies").body["total_count"] == 0
    assert olga("POST", f"{at}/deployment-branch-policies", {"name": "main"}).status == 404


def test_what_somebody_deploys_to_is_one(as_, place):
    body = {"ref": "main", "environment": "Stage", "auto_merge": False, "required_contexts": []}
    assert as_("ann")("POST", f"{place.path}/deployments", body).status == 201
    found = as_("ann")("GET", f"{place.path}/environments/stage")
    assert (found.body["name"], found.body["deployment_branch_policy"]) == ("Stage", None)


@pytest.mark.off_contract
@pytest.mark.parametrize(
    ("why", "body"),
    [
        ("both", {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}}),
        ("neither", {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": False}}),
        ("a word", {"deployment_branch_policy": "custom"}),
        ("what no job is held up by here", {"wait_timer": 5}),
    ],
)
def test_what_is_refused(as_, at, why, body):
    assert as_("olga")("PUT", at, body).status == 422, why


@pytest.mark.parametrize(("who", "reads", "writes"), [("olga", 200, 200), ("ann", 200, 403), ("bob", 404, 404)])
def test_who_may(as_, place, who, reads, writes):
    path = f"{place.path}/environments"
    assert as_("olga")("PUT", f"{path}/sign", {}).status == 200
    assert as_(who)("GET", f"{path}/sign").status == reads
    assert as_(who)("PUT", f"{path}/sign", {}).status == writes


def test_an_app_needs_the_right_to_actions(as_installation, place):
    path = f"{place.path}/environments"
    assert as_installation(permissions={"contents": "read"})("GET", path).status == 403
    assert as_installation(permissions={"actions": "read"})("GET", path).status == 200
    assert as_installation()("PUT", f"{path}/sign", {}).status == 403
