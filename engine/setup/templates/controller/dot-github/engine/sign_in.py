"""The job's OIDC token → keys of its roles, in a file of AWS's form that only this job reads: `$RUNNER_TEMP/aws`.

At once, since the token is valid for minutes: what plans for longer would find it expired.
"""

import json
import os
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

ask_for = os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=sts.amazonaws.com"
bearer = {"Authorization": f"Bearer {os.environ['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"}
sts = os.environ.get("AWS_ENDPOINT_URL") or f"https://sts.{os.environ['REGION']}.amazonaws.com"
rows = [
    ("interlock-store", os.environ["STORE_ROLE"], "3600"),
    ("interlock", os.environ["ROLE"], os.environ["SECONDS_WANTED"]),
]


def fetched(url: str, data: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=30) as answer:
        return bytes(answer.read())


token = json.loads(fetched(ask_for, headers=bearer))["value"]
print(f"::add-mask::{token}")
lines = []
for profile, role, seconds in rows:
    if not role:
        continue
    said = {"Action": "AssumeRoleWithWebIdentity", "Version": "2011-06-15", "RoleArn": role, "WebIdentityToken": token}
    said |= {"RoleSessionName": f"interlock-{os.environ['GITHUB_RUN_ID']}", "DurationSeconds": seconds}
    found = ET.fromstring(fetched(f"{sts}/", urllib.parse.urlencode(said).encode()))
    key, secret, session = (
        found.findtext(f".//{{*}}{name}") for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")
    )
    print(f"::add-mask::{secret}\n::add-mask::{session}")
    lines += [
        f"[{profile}]",
        f"aws_access_key_id = {key}",
        f"aws_secret_access_key = {secret}",
        f"aws_session_token = {session}",
    ]
place = os.path.join(os.environ["RUNNER_TEMP"], "aws")
with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
    file.write("\n".join(lines) + "\n")
