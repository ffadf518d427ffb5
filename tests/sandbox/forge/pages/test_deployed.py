"""What was deployed, on the page of its pull request; what a job has applied, on the page of the job."""

from pathlib import Path

from engine.sandbox.forge.checks import deployments
from engine.sandbox.forge.tracker import rows
from tests.support.forge_scene import as_user

_EVIL = "<script>alert(1)</script>"


def test_a_merged_pull_request_shows_its_deployment_and_no_other(scene, visit):
    forge, ann = scene.forge, visit("ann")
    assert "Deployment" not in ann.get(scene.merged).texts("h2")
    repo = forge.repository("acme", "dev-deployment")
    pull = rows.pull_of(forge, repo["id"], scene.merged.rpartition("/")[2])
    asked = {
        "ref": pull["merge_commit_sha"], "environment": "development", "auto_merge": False, "required_contexts": [],
    }  # fmt: skip
    made = deployments.create_deployment(forge, as_user(forge, "olga"), repo, asked)
    said = {"state": "failure", "description": f"1 of 2 {_EVIL}", "log_url": "https://example.com/log/7"}
    assert not isinstance(made, str)
    deployments.create_status(forge, as_user(forge, "olga"), made, said)
    seen = ann.get(scene.merged)
    assert "Deployment" in seen.texts("h2")
    assert _EVIL not in seen.text
    assert "https://example.com/log/7" in seen.text
    assert "Deployment" not in ann.get(scene.pull).texts("h2")
    assert "failure" in ann.get(f"{scene.repo}/deployments").text


def test_a_job_is_found_at_the_address_of_github_and_shows_what_it_has_applied(scene, visit):
    forge, olga = scene.forge, visit("olga")
    run = forge.kept.insert("runs", event="pull_request", repository="acme/dev-deployment", number=1, state="ended")
    address = f"{scene.repo}/actions/runs/{run}"
    assert "What was applied" not in olga.get(address).texts("h2")
    place = Path(forge.folder, "runs", str(run), "out", "run-7")
    place.mkdir(parents=True)
    (place / "apply.log").write_text(f"S3/a  applied  3.2 s\n  done create aws_s3_bucket.this {_EVIL}\n")
    for path in (address, f"/runs/{run}"):
        seen = olga.get(path)
        assert "What was applied" in seen.texts("h2")
        assert "done create aws_s3_bucket.this" in seen.text
        assert _EVIL not in seen.text
    assert visit("oscar").get(address).status == 200
    assert olga.get(f"{scene.repo}/actions/runs/{run + 1}").status == 404
