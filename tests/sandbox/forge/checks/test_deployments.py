"""Deployments: made of what has succeeded, told how they went; an environment's newest success is the active one."""

import pytest

NOW = {"auto_merge": False, "required_contexts": []}


def deploy(client, place, **body):
    return client("POST", f"{place.path}/deployments", NOW | body)


def tell(client, place, number, **body):
    return client("POST", f"{place.path}/deployments/{number}/statuses", body)


def test_a_deployment(as_, place, said):
    made = deploy(as_("ann"), place, ref="main", environment="dev", payload={"a": 1}, description="d")
    assert (made.status, made.body["sha"], made.body["payload"]) == (201, place.one, {"a": 1})
    assert (made.body["production_environment"], made.body["task"]) == (False, "deploy")
    went = tell(
        as_("ann"), place, made.body["id"], state="in_progress", log_url="https://x.example/log", description="go"
    )
    assert (went.status, went.body["target_url"], went.body["environment"]) == (201, "https://x.example/log", "dev")
    path = f"{place.path}/deployments/{made.body['id']}"
    assert as_("oscar")("GET", f"{path}/statuses").body == [went.body]
    assert as_("oscar")("GET", f"{path}/statuses/{went.body['id']}").body == went.body
    assert [event for event, _ in said()] == ["deployment.created", "deployment_status.created"]
    assert deploy(as_("ann"), place, ref=place.one).body["production_environment"] is True


WHO = [
    ("who may write", "ann", 201),
    ("who may read", "oscar", 403),
    ("nobody", None, 401),
    ("an outsider", "bob", 404),
]


@pytest.mark.parametrize(("why", "who", "status"), WHO, ids=[row[0] for row in WHO])
def test_who_deploys(as_, place, why, who, status):
    assert deploy(as_(who), place, ref="main").status == status, why


def test_an_app_needs_the_grant(as_installation, place):
    made = deploy(as_installation(), place, ref="main")
    assert made.body["performed_via_github_app"]["slug"] == "interlock"
    assert made.body["creator"]["type"] == "Bot"
    assert deploy(as_installation(permissions={"contents": "write"}), place, ref="main").status == 403


REFUSED = [
    ("no ref", {}),
    ("a ref that is not there", {"ref": "none"}),
    ("a ref that is an option", {"ref": "--all"}),
    ("a payload that is a list", {"ref": "main", "payload": [1]}),
    ("contexts in a text", {"ref": "main", "required_contexts": "ci"}),
    ("a flag that is no flag", {"ref": "main", "auto_merge": "no"}),
]


@pytest.mark.parametrize(("why", "body"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_is_no_deployment(as_, place, why, body):
    assert deploy(as_("ann"), place, **body).status == 422, why


CONTEXTS = [
    ("nothing was said", [], None, 201),
    ("all that was said is fine", ["success"], None, 201),
    ("something failed", ["success", "failure"], None, 409),
    ("something goes on", ["pending"], None, 409),
    ("nothing is asked", ["failure"], [], 201),
    ("what is asked is fine", ["success", "failure"], ["c0"], 201),
    ("what is asked was never said", ["success"], ["c9"], 409),
]


@pytest.mark.parametrize(("why", "states", "contexts", "status"), CONTEXTS, ids=[row[0] for row in CONTEXTS])
def test_what_has_to_succeed_before(as_, place, why, states, contexts, status):
    branch = "contexts/" + why.replace(" ", "-")
    sha = place.commit(branch, place.one)
    for index, state in enumerate(states):
        as_("ann")("POST", f"{place.path}/statuses/{sha}", {"state": state, "context": f"c{index}"})
    asked = {} if contexts is None else {"required_contexts": contexts}
    answer = as_("ann")("POST", f"{place.path}/deployments", {"ref": branch, "auto_merge": False, **asked})
    assert answer.status == status, why
    if status == 409:
        assert answer.body["message"] == f"Conflict: Commit status checks failed for {branch}."
        assert answer.body["errors"][0]["field"] == "required_contexts"


def test_a_check_run_is_a_context_too(as_, as_installation, place):
    sha = place.commit("run", place.one)
    run = {"name": "plan", "head_sha": sha, "conclusion": "failure"}
    as_installation()("POST", f"{place.path}/check-runs", run)
    body = {"ref": sha, "auto_merge": False}
    assert as_("ann")("POST", f"{place.path}/deployments", body).status == 409
    as_installation()("POST", f"{place.path}/check-runs", run | {"conclusion": "success"})
    assert as_("ann")("POST", f"{place.path}/deployments", body).status == 201


def test_a_branch_that_is_behind_is_caught_up(as_, place, forge):
    from engine.sandbox.forge.git.bare import bare

    old = place.commit("behind", place.one)
    conflicting = place.commit("conflicting", place.one)
    store = bare(forge, place.repository)
    tree = store.with_file(place.one, "conflicting.txt", b"other\n")
    from tests.sandbox.forge.checks.conftest import ANN

    main = store.write_commit(tree, [place.one], "main goes on\n", ANN, ANN)
    assert store.update("refs/heads/main", main, place.one)
    try:
        answer = deploy(as_("ann"), place, ref="behind", auto_merge=True)
        assert (answer.status, answer.body["message"]) == (202, "Auto-merged main into behind on deployment.")
        tip = store.resolve("refs/heads/behind")
        caught_up = store.commit(tip or "")
        assert caught_up is not None
        assert caught_up.parents == (old, main)
        assert deploy(as_("ann"), place, ref="behind", auto_merge=True).status == 201, "now it is not"
        assert deploy(as_("ann"), place, ref="conflicting", auto_merge=True).status == 409
        assert store.resolve("refs/heads/conflicting") == conflicting
    finally:
        assert store.update("refs/heads/main", place.one, main)


def test_a_success_makes_earlier_ones_inactive(as_, place):
    ann = as_("ann")
    common = {"ref": "main", "environment": "one"}
    first, failed, lasting, passing, elsewhere, new = (
        deploy(ann, place, **common, **more).body["id"]
        for more in ({}, {}, {"production_environment": True}, {"transient_environment": True}, {}, {})
    )
    for number, state in ((first, "success"), (failed, "failure"), (lasting, "success"), (passing, "success")):
        tell(ann, place, number, state=state, auto_inactive=False)
    tell(ann, place, elsewhere, state="success", environment="two", auto_inactive=False)

    def newest():
        numbers = (first, failed, lasting, passing, elsewhere)
        return [ann("GET", f"{place.path}/deployments/{number}/statuses").body[0]["state"] for number in numbers]

    assert newest() == ["success", "failure", "success", "success", "success"]
    tell(ann, place, new, state="in_progress")
    tell(ann, place, new, state="success", auto_inactive=False)
    assert newest()[0] == "success", "it was not asked for"
    tell(ann, place, new, state="success")
    assert newest() == ["inactive", "failure", "success", "success", "success"]


def test_lists(as_, place):
    ann = as_("ann")
    made = deploy(ann, place, ref="feature/x", environment="list", task="deploy:list").body
    for query in ("environment=list", "task=deploy:list", f"sha={place.two}", "ref=feature/x&environment=list"):
        assert made["id"] == ann("GET", f"{place.path}/deployments?{query}").body[0]["id"], query
    assert ann("GET", f"{place.path}/deployments?environment=list&ref=main").body == []
    numbers = [row["id"] for row in ann("GET", f"{place.path}/deployments?per_page=100").body]
    assert numbers == sorted(numbers, reverse=True)


def test_only_an_inactive_one_is_deleted(as_, place):
    ann = as_("ann")
    one, two = (deploy(ann, place, ref="main", environment="del").body["id"] for _ in range(2))
    path = f"{place.path}/deployments/{one}"
    assert ann("DELETE", path).status == 422, "it may still go"
    tell(ann, place, one, state="success")
    assert ann("DELETE", path).status == 422
    tell(ann, place, two, state="success")
    assert as_("oscar")("DELETE", path).status == 403
    assert ann("DELETE", path).status == 204
    assert ann("GET", path).status == 404
    assert ann("GET", f"{path}/statuses").status == 404
    assert ann("GET", f"/repos/acme/controller/deployments/{two}").status == 404, "it is another repository's"


SAID = [
    ("no state", {}),
    ("a state that is none", {"state": "done"}),
    ("a long description", {"state": "success", "description": "x" * 141}),
    ("an address that runs", {"state": "success", "environment_url": "javascript:alert(1)"}),
    ("another address that runs", {"state": "success", "log_url": "JAVASCRIPT:alert(1)"}),
    ("an old address that runs", {"state": "success", "target_url": "vbscript:x"}),
]


@pytest.mark.parametrize(("why", "body"), SAID, ids=[row[0] for row in SAID])
def test_what_a_deployment_may_not_say(as_, place, why, body):
    made = deploy(as_("ann"), place, ref="main").body["id"]
    assert tell(as_("ann"), place, made, **body).status == 422, why
