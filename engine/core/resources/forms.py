"""The form of the single texts in a policy: actions, resources, principals, variables. What is wrong, or nothing.

No look at what exists: AWS has a new action every day. Regular expressions here have nothing to backtrack over.
"""

import re
from collections.abc import Iterator

from engine.core.resources.kinds import Kind

# What Terraform would fill in, and nobody else; documents are handed to AWS as they are.
TERRAFORM = re.compile(r"%\{|\$\{(?:var|local|data|module|each|count|path|terraform|self|resource|aws_[a-z0-9_]+)[.\[]")

_PARTITIONS = ("aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc")
_VENDOR = re.compile(r"[A-Za-z0-9.-]+")
_ACTION = re.compile(r"[A-Za-z0-9_*?-]+")
_KEY_PREFIX = re.compile(r"[A-Za-z0-9._/:-]+")
_ACCOUNT = re.compile(r"[0-9]{12}")
_UNIQUE_ID = re.compile(r"(?:AIDA|AROA)[A-Z0-9]{12,}")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_CANONICAL_USER = re.compile(r"[0-9a-f]{64}")
_ALEXA = ("alexa-appkit.amazon.com", "alexa-connectedhome.amazon.com")  # invoke functions, from outside of AWS
_SERVICE_DOMAINS = (
    ".amazonaws.com",
    ".amazonaws.com.cn",
    ".amazonaws.eu",
    ".aws.internal",
    ".c2s.ic.gov",
    ".sc2s.sgov.gov",
    ".csp.hci.ic.gov",
    ".cloud.adc-e.uk",
)
_USERS = {"iam": ("user/", "role/"), "sts": ("assumed-role/", "federated-user/")}
_PROVIDERS = ("saml-provider/", "oidc-provider/")
_IAM_RESOURCES = (
    "access-report/",
    "delegation-request/",
    "federated-user/",
    "group/",
    "instance-profile/",
    "mfa/",
    "oidc-provider/",
    "policy/",
    "report/",
    "role/",
    "saml-provider/",
    "server-certificate/",
    "sms-mfa/",
    "user/",
)
_S3_REGIONAL = ("accesspoint/", "access-grants/", "async-request/", "job/", "storage-lens/", "storage-lens-group/")


def variables(text: str) -> Iterator[tuple[str, bool]]:
    """Every `${…}` of a text, and whether it is a variable of AWS: `${aws:username}`, `${*}`, `${aws:x/y, 'none'}`."""
    for part in text.split("${")[1:]:
        name, close, _ = part.partition("}")
        yield "${" + name + close, bool(close) and _is_variable(name)


def _is_variable(name: str) -> bool:
    if name in ("*", "?", "$"):
        return True
    key, comma, default = name.partition(",")
    default = default.strip()
    is_quoted = len(default) >= 2 and default[0] == default[-1] == "'" and "'" not in default[1:-1]
    return not condition_key(key) and not any(c in key for c in "\"'(){}[]$") and (not comma or is_quoted)


def condition_key(text: str) -> str:
    """`aws:SourceIp`, `kms:EncryptionContext:App`, `aws:RequestTag/cost center`, `oidc.example.com/id/X:sub`."""
    prefix, colon, name = text.partition(":")
    if not colon or not name.strip():
        return "it names no service"
    return "" if _KEY_PREFIX.fullmatch(prefix) else f"`{prefix:.40}` is no service"


def action(text: str, kind: Kind) -> str:
    """`s3:Get*`, `*`; what the kind allows."""
    vendor, colon, name = ("*", ":", "*") if text == "*" else text.partition(":")
    if not colon:
        return "it names no service"
    if vendor != "*" and not _VENDOR.fullmatch(vendor):
        return f"`{vendor:.40}` is no service"
    if not _ACTION.fullmatch(name):
        return "an action is of letters and digits, with * and ?"
    if kind.actions and not (
        vendor.casefold() == kind.service and name.casefold() in {known.casefold() for known in kind.actions}
    ):
        return f"{kind.words} takes no such action"
    return "" if not kind.service or vendor.casefold() in ("*", kind.service) else f"{kind.words} is of {kind.service}"


def resource(text: str, kind: Kind) -> str:
    """`*`, an ARN, or the beginning of one that ends with `*`."""
    if text == "*":
        return ""
    if not text.isprintable() and any(c < " " for c in text):
        return "it has a line end or another control character in it"
    literal, *rest = text.split("${")
    text = literal + "".join("x" + part.partition("}")[2] for part in rest)  # a variable may hold colons
    parts = text.split(":", 5)
    if parts[0] != "arn" or len(parts) < 3 or not parts[2]:
        return "it is neither `*` nor an ARN"
    if parts[1] not in (*_PARTITIONS, "*"):
        return f"`{parts[1]:.40}` is no partition of AWS"
    if kind.service and parts[2] not in ("*", kind.service):
        return f"{kind.words} is of {kind.service}"
    if len(parts) < 6:
        if any("/" in part for part in parts[3:]):
            return "an ARN has six parts, of which region and account may be empty: write `:::`"
        return "" if text.endswith("*") and "::" not in text else "an ARN has six parts"
    _, _, service, region, account, name = parts
    if not name or name.startswith(":"):
        return "an ARN has six parts"
    if service == "iam":
        if region:
            return "an ARN of IAM has no region"
        return "" if name in ("*", "root") or name.startswith(_IAM_RESOURCES) else "IAM has no such kind of resource"
    if service == "s3" and region and name != "*" and not name.startswith(_S3_REGIONAL):
        return "the ARN of a bucket or an object has no region"
    if service == "s3" and account.isdigit() and not name.startswith(("*", *_S3_REGIONAL)):
        return "the ARN of a bucket or an object has no account"
    return ""


def principal(form: str, text: str) -> str:
    """A value below `AWS`, `Service`, `Federated` or `CanonicalUser`."""
    if text == "*" and form == "AWS":
        return ""
    if "*" in text or "?" in text:
        return "a principal has no wildcards"
    return _PRINCIPALS[form](text)


def _aws(text: str) -> str:
    if _ACCOUNT.fullmatch(text) or _UNIQUE_ID.fullmatch(text):
        return ""
    service, account, name = _of_iam(text)
    if service in _USERS and (_ACCOUNT.fullmatch(account) or account == "cloudfront"):
        if (service, name) == ("iam", "root") or (name.startswith(_USERS[service]) and not name.endswith("/")):
            no_session = name.startswith("assumed-role/") and name.count("/") < 2
            return "a session is `assumed-role/ROLE/SESSION`" if no_session else ""
        if name.startswith("group/"):
            return "a group is no principal"
        if name.startswith(_PROVIDERS):
            return "an identity provider stands below Federated"
    return "it is no account, role, user or session"


def _service(text: str) -> str:
    is_of_aws = _HOST.fullmatch(text) and text.casefold().endswith(_SERVICE_DOMAINS)
    return "" if is_of_aws or text.casefold() in _ALEXA else "it is no service of AWS"


def _federated(text: str) -> str:
    service, account, name = _of_iam(text)
    is_arn = service == "iam" and bool(_ACCOUNT.fullmatch(account)) and name.startswith(_PROVIDERS)
    return "" if is_arn or _HOST.fullmatch(text.partition("/")[0]) else "it is no identity provider"


def _canonical_user(text: str) -> str:
    return "" if _CANONICAL_USER.fullmatch(text) else "it is not of 64 hexadecimal digits"


def _of_iam(text: str) -> tuple[str, str, str]:
    """(service, account, name) of an ARN without a region; empty for anything else."""
    parts = text.split(":", 5)
    is_arn = len(parts) == 6 and parts[0] == "arn" and parts[1] in _PARTITIONS and not parts[3]
    return (parts[2], parts[4], parts[5]) if is_arn else ("", "", "")


_PRINCIPALS = {"AWS": _aws, "Service": _service, "Federated": _federated, "CanonicalUser": _canonical_user}
