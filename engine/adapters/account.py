"""An account of AWS, looked at as whoever AWS's configuration makes us: roles, policies, buckets, as plain values.

No text of a server is repeated; a refusal is told by its code.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from engine.errors import failure

_PATIENCE = {"connect_timeout": 5, "read_timeout": 30, "retries": {"mode": "standard", "total_max_attempts": 3}}
_ABSENT = frozenset(
    {"NoSuchEntity", "NoSuchBucket", "NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "404"}
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})


class Account:
    """Every method raises EngineError: ENG206 no boto3; ENG957, we may not look; ENG958, no answer."""

    def __init__(self, number: str, profile: str | None, region: str) -> None:
        """Nobody is asked yet."""
        self._number, self._profile, self._region = number, profile, region
        self._clients = dict[str, Any]()

    def whose(self) -> str:
        """The account whose keys we have."""
        return str(self._ask("sts", "get_caller_identity")["Account"])

    def provider(self, arn: str) -> list[str] | None:
        """The audiences of an OIDC provider."""
        found = self._ask("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=arn)
        return None if found is None else list(found["ClientIDList"])

    def role(self, name: str) -> Mapping[str, Any] | None:
        """`arn`, `trust`, `session_s`, `inline` (name → document) and `attached` (ARNs) of a role."""
        found = self._ask("iam", "get_role", RoleName=name)
        if found is None:
            return None
        inline = self._ask("iam", "list_role_policies", RoleName=name)["PolicyNames"]
        attached = self._ask("iam", "list_attached_role_policies", RoleName=name)["AttachedPolicies"]
        role = found["Role"]
        return {
            "arn": role["Arn"],
            "trust": _document(role["AssumeRolePolicyDocument"]),
            "session_s": role["MaxSessionDuration"],
            "inline": {
                one: _document(self._ask("iam", "get_role_policy", RoleName=name, PolicyName=one)["PolicyDocument"])
                for one in inline
            },
            "attached": [one["PolicyArn"] for one in attached],
        }

    def policy(self, arn: str) -> Any:
        """The document of a managed policy, as it counts now."""
        found = self._ask("iam", "get_policy", PolicyArn=arn)
        if found is None:
            return None
        version = found["Policy"]["DefaultVersionId"]
        said = self._ask("iam", "get_policy_version", PolicyArn=arn, VersionId=version)
        return _document(said["PolicyVersion"]["Document"])

    def bucket(self, name: str) -> Mapping[str, Any] | None:
        """`policy` and `shut` (what of public access is blocked) of a bucket."""
        if self._ask("s3", "head_bucket", Bucket=name) is None:
            return None
        policy = self._ask("s3", "get_bucket_policy", Bucket=name)
        shut = self._ask("s3", "get_public_access_block", Bucket=name)
        return {
            "policy": policy and json.loads(policy["Policy"]),
            "shut": shut["PublicAccessBlockConfiguration"] if shut else {},
        }

    def written_twice(self, bucket: str, key: str) -> tuple[int, bool]:
        """How many versions are there of what was put twice at `key`, and whether it is encrypted. They are deleted."""
        for body in (b"1", b"2"):
            self._ask("s3", "put_object", Bucket=bucket, Key=key, Body=body)
        sealed = self._ask("s3", "head_object", Bucket=bucket, Key=key).get("ServerSideEncryption")
        listed = self._ask("s3", "list_object_versions", Bucket=bucket, Prefix=key).get("Versions", ())
        for one in listed:
            self._ask("s3", "delete_object", Bucket=bucket, Key=key, VersionId=one["VersionId"])
        return len(listed), bool(sealed)

    def _ask(self, service: str, does: str, **words: Any) -> Any:
        """Its answer; None where there is no such thing."""
        try:
            from botocore.exceptions import BotoCoreError, ClientError
            from botocore.parsers import ResponseParserError
        except ImportError:
            raise failure("ENG206", what=f"account {self._number}", library="boto3", extra="s3") from None
        try:
            call: Callable[..., Any] = getattr(self._client(service), does)
            return call(**words)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code"))[:60]
            if code in _ABSENT:
                return None
            kind = "ENG957" if code in _DENIED else "ENG958"
            raise failure(kind, account=self._number, what=does, reason=code) from None
        except (BotoCoreError, ResponseParserError, KeyError, ValueError) as error:  # KeyError: HTML in place of XML
            raise failure("ENG958", account=self._number, what=does, reason=type(error).__name__) from None

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            import boto3
            from botocore.config import Config

            session = boto3.Session(profile_name=self._profile, region_name=self._region)
            self._clients[service] = session.client(service, config=Config(**_PATIENCE))
        return self._clients[service]


def _document(found: Any) -> Any:
    """The library has read most of them; those that it has not are texts of a URL."""
    return json.loads(unquote(found)) if isinstance(found, str) else found
