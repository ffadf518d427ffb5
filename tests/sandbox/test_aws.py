"""AWS with an account per environment: whose request it is, what outlives which end."""

import json
import os
import signal
import subprocess
import sys

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from engine.sandbox import aws
from tests.support.receiver import until

ENVIRONMENTS = {"development": "111111111111", "production": "333333333333"}


def client(service, cloud, one):
    return boto3.client(
        service,
        endpoint_url=cloud.url,
        region_name=cloud.region,
        aws_access_key_id=one.access_key_id,
        aws_secret_access_key=one.secret_access_key,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(scope="module")
def cloud(tmp_path_factory):
    with aws.running(str(tmp_path_factory.mktemp("aws")), ENVIRONMENTS, lasting=False) as running:
        yield running


def test_each_key_is_of_its_own_account(cloud):
    found = {
        name: client("sts", cloud, one).get_caller_identity()["Account"] for name, one in cloud.environments.items()
    }
    assert found == ENVIRONMENTS
    assert client("sts", cloud, cloud.store).get_caller_identity()["Account"] == aws.STORE_ACCOUNT


def test_what_is_made_in_one_account_is_not_in_another(cloud):
    one, other = cloud.environments.values()
    client("sns", cloud, one).create_topic(Name="only-here")
    assert client("sns", cloud, one).list_topics()["Topics"]
    assert client("sns", cloud, other).list_topics()["Topics"] == []


def test_each_account_has_its_state_bucket_with_versions(cloud):
    for one in cloud.environments.values():
        found = client("s3", cloud, one).get_bucket_versioning(Bucket=one.state_bucket)
        assert found["Status"] == "Enabled"


def test_a_key_that_nobody_gave_is_of_no_environment(cloud):
    stranger = aws.Account("", "AKIAAAAAAAAAAAAAAAAA", "secret")
    account = client("sts", cloud, stranger).get_caller_identity()["Account"]
    assert account not in {*ENVIRONMENTS.values(), aws.STORE_ACCOUNT}


def fill(cloud):
    dev = cloud.environments["development"]
    client("s3", cloud, dev).put_object(Bucket=dev.state_bucket, Key="state", Body=b"serial 1")
    client("s3", cloud, dev).put_object(Bucket=dev.state_bucket, Key="state", Body=b"serial 2")
    client("sqs", cloud, dev).create_queue(QueueName="orders")
    client("kms", cloud, dev).create_key(Description="ours", KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
    client("iam", cloud, dev).create_role(RoleName="reader", AssumeRolePolicyDocument="{}")
    client("lambda", cloud, dev).list_functions()
    client("logs", cloud, dev).create_log_group(logGroupName="app")


def there(cloud):
    dev, prod = cloud.environments["development"], cloud.environments["production"]
    versions = client("s3", cloud, dev).list_object_versions(Bucket=dev.state_bucket)["Versions"]
    return (
        client("s3", cloud, dev).get_object(Bucket=dev.state_bucket, Key="state")["Body"].read(),
        len(versions),
        [url.rpartition("/")[2] for url in client("sqs", cloud, dev).list_queues().get("QueueUrls", [])],
        len(client("kms", cloud, dev).list_keys()["Keys"]),
        [role["RoleName"] for role in client("iam", cloud, dev).list_roles()["Roles"]],
        [group["logGroupName"] for group in client("logs", cloud, dev).describe_log_groups()["logGroups"]],
        client("sqs", cloud, prod).list_queues().get("QueueUrls", []),
    )


WHOLE: tuple[object, ...] = (b"serial 2", 2, ["orders"], 1, ["reader"], ["app"], [])


@pytest.mark.slow
def test_one_that_ended_well_is_found_again_by_the_next(tmp_path):
    with aws.running(str(tmp_path), ENVIRONMENTS, lasting=True) as cloud:
        fill(cloud)
        assert there(cloud) == WHOLE
        first = cloud
    with aws.running(str(tmp_path), ENVIRONMENTS, lasting=True) as again:
        assert again.environments == first.environments, "the same keys"
        assert there(again) == WHOLE
        stranger = again.environments["production"]
        with pytest.raises(ClientError):
            client("s3", again, stranger).get_object(Bucket="nobody-has-it", Key="state")


HOLDING = """
import sys, time
from engine.sandbox import aws
environments = {"development": "111111111111", "production": "333333333333"}
with aws.running(sys.argv[1], environments, lasting=sys.argv[2] == "1") as cloud:
    print(cloud.url, flush=True)
    time.sleep(100)
"""


def holder(folder, lasting):
    command = [sys.executable, "-c", HOLDING, str(folder), "1" if lasting else "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert process.stdout is not None
    process.stdout.readline()
    port, pid = (folder / "aws.port").read_text().split()
    return process, int(port), int(pid)


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.slow
def test_one_that_lasts_outlives_a_kill_and_ends_with_its_directory(tmp_path):
    process, port, pid = holder(tmp_path, lasting=True)
    process.kill()
    process.wait()
    with aws.running(str(tmp_path), ENVIRONMENTS, lasting=True) as found:
        assert found.url == f"http://127.0.0.1:{port}"
        fill(found)
    assert not is_alive(pid), "ended well, it is gone"
    process, port, pid = holder(tmp_path, lasting=True)
    process.kill()
    process.wait()
    assert is_alive(pid)
    (tmp_path / "aws.port").unlink()
    until(lambda: not is_alive(pid))


@pytest.mark.slow
def test_one_that_does_not_last_ends_with_a_kill(tmp_path):
    process, _, pid = holder(tmp_path, lasting=False)
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: not is_alive(pid))
    assert json.loads((tmp_path / "aws-accounts.json").read_text())["kept"] == ""
