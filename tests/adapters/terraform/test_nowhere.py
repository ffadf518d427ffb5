"""Planning without an account, by the real Terraform: nothing is asked, nobody is known, no state is there."""

import os
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest

import engine.data
from engine.adapters.terraform import environment, nowhere
from engine.adapters.terraform.plan import Limits, plan
from engine.adapters.terraform.workspace import prepare
from engine.core.plan.model import changes
from engine.errors import EngineError
from tests.support.terraform import a_job, a_setup, all_services, once, planned, problem_of

pytestmark = pytest.mark.terraform
QUICK = Limits(lock_s=0)
BUILT_IN = 'resource "terraform_data" "this" {\n  for_each = var.s3_buckets\n  input = each.key\n}\n'
WIRING = "".join(f'variable "{name}" {{}}\n' for name in ("environment", "account", "region", "emulator"))
VARIABLES = WIRING + 'variable "s3_buckets" {}\n'


@pytest.fixture
def listener():
    """A server that notes who asks; in the place of the metadata service, a proxy, and AWS itself."""
    seen = []

    class Answer(BaseHTTPRequestHandler):
        def handle(self):
            seen.append(self.client_address)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
        server.shutdown()


def a_module(folder, **files):
    folder.mkdir()
    for name, text in {"variables": VARIABLES, "main": BUILT_IN, **files}.items():
        (folder / f"{name}.tf").write_text(text)
    return str(folder)


def a_plan(module, tmp_path, **more):
    workspace = prepare(a_setup(module=module, cache_dir=str(tmp_path / "cache"), **more))
    return plan(a_job("S3/a", {"s3_buckets": {"x": {}}})._replace(nowhere=True), workspace, limits=QUICK)


@pytest.mark.slow
def test_all_services_are_planned_and_nobody_is_asked(tmp_path_factory, listener, tmp_path):
    """The process has keys, a profile whose keys a program fetches, and a metadata service: none of it is used."""

    def compute():
        url, seen = listener
        (tmp_path / ".aws").mkdir()
        started = tmp_path / "started"
        process = f"[default]\nregion = us-east-1\ncredential_process = touch {started}\n"
        (tmp_path / ".aws" / "config").write_text(process)
        credentials = {
            "AWS_CONFIG_FILE": str(tmp_path / ".aws" / "config"),
            "AWS_EC2_METADATA_SERVICE_ENDPOINT": url,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": url,
            "AWS_ENDPOINT_URL": url,
            "HTTPS_PROXY": url,
            "HTTP_PROXY": url,
        }
        workspace = prepare(a_setup(home=str(tmp_path), credentials=credentials))
        result = plan(a_job("S3/all", all_services())._replace(nowhere=True), workspace, limits=QUICK)
        return [planned(result), started.exists(), len(seen), os.listdir(workspace.scratch)]

    found, started, asked, _ = once(tmp_path_factory, "nowhere-plan", compute)
    assert (started, asked) == (False, 0)
    assert {change.type.split("_")[1] for change in changes(found)} == {
        "s3", "kms", "iam", "lambda", "cloudwatch", "sqs", "sns",
    }  # fmt: skip
    assert {change.actions for change in changes(found)} == {("create",)}
    assert not found.get("prior_state", {}).get("values", {}).get("root_module", {}).get("resources")
    provider = found["configuration"]["provider_config"]["aws"]["expressions"]
    assert provider["skip_requesting_account_id"] == {"constant_value": True}
    assert provider.get("allowed_account_ids", {}).get("constant_value") is None


def test_modules_that_init_has_fetched_are_read_and_providers_are_not(tmp_path):
    module = a_module(tmp_path / "module")
    for name in ("modules/deep", "providers/deep"):
        folder = tmp_path / "module" / ".terraform" / name
        folder.mkdir(parents=True)
        (folder / "main.tf").write_text('data "aws_region" "x" {}\n')
    with pytest.raises(EngineError) as caught:
        nowhere.override(module, "S3/a")
    (found,) = caught.value.problems
    assert (found.code, str(found.place)) == ("ENG442", "S3/a")
    assert found.message.count("aws_region") == 1


def test_a_data_source_fails_alone_in_one_sentence(tmp_path):
    module = a_module(tmp_path / "module", more='data "terraform_remote_state" "x" {\n  backend = "local"\n}\n')
    found = problem_of(a_plan(module, tmp_path))
    assert found.code == "ENG442"
    assert "\n" not in found.message


def test_a_module_without_a_provider_is_planned_in_the_same_way(tmp_path):
    module = a_module(tmp_path / "module", backend='terraform {\n  backend "s3" {}\n}\n')
    result = a_plan(module, tmp_path)
    assert [change.address for change in changes(planned(result))] == ['terraform_data.this["x"]']


def test_what_a_module_writes_into_its_provider_is_taken_back(tmp_path):
    text = 'provider "aws" {\n  profile = "p"\n  shared_config_files = ["/x"]\n}\nprovider "aws" {\n  alias = "b"\n}\n'
    said = nowhere.override(a_module(tmp_path / "module", more=text), "S3/a").decode()
    assert said.count('provider "aws"') == 2
    assert said.count("profile                     = null") == 2
    assert 'alias = "b"' in said


def test_terraform_is_given_nothing_of_the_process():
    given = nowhere.surroundings({"PATH": "/bin", "TF_CLI_CONFIG_FILE": "/c", "AWS_PROFILE": "p", "HOME": "/h"}, "/w")
    assert {name: given.get(name) for name in ("AWS_PROFILE", "HOME", "AWS_CONFIG_FILE")} == {
        "AWS_PROFILE": None,
        "HOME": "/w",
        "AWS_CONFIG_FILE": "/dev/null",
    }
    assert {given[name] for name in ("HTTPS_PROXY", "HTTP_PROXY", "AWS_ENDPOINT_URL")} == {"http://127.0.0.1:1"}


def test_a_download_gets_the_proxy_and_no_key():
    credentials = {"HTTPS_PROXY": "p", "AWS_SECRET_ACCESS_KEY": "k", "AWS_PROFILE": "x", "SSL_CERT_FILE": "c"}
    assert environment.downloading(credentials) == {"HTTPS_PROXY": "p", "SSL_CERT_FILE": "c"}


def test_the_shipped_module_asks_nothing():
    assert b'backend "local"' in nowhere.override(engine.data.path("terraform"), "S3/a")
