"""Looks into buckets: `{region, buckets}` comes in, `{bucket: true, false, or the code of an error}` goes out.

It has Terraform's environment, so it is whoever Terraform is. No text of a library is repeated: it may quote a key.
"""

import json
import sys
from typing import Any


def main() -> None:
    """One question, one answer."""
    asked = json.load(sys.stdin)
    json.dump({name: _holds(name, asked["region"]) for name in asked["buckets"]}, sys.stdout)


def _holds(name: str, region: str) -> bool | str:
    try:
        import boto3
    except ImportError:
        return "boto3 is missing: pip install 'interlock-engine[s3]'"
    try:
        answer: Any = boto3.client("s3", region_name=region).list_object_versions(Bucket=name, MaxKeys=1)
    except Exception as error:  # noqa: BLE001 - whatever the library raises is the answer: nobody can tell
        response = getattr(error, "response", None) or {}
        return str(response.get("Error", {}).get("Code") or type(error).__name__)
    return bool(answer.get("Versions") or answer.get("DeleteMarkers"))


if __name__ == "__main__":
    main()
