"""What AWS takes in a policy and nobody means: it would be applied as it is written, and do nothing, or too little.

Warnings, since AWS has a new action every day, and what is known here somebody has written down before.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeAlias

from engine.core.resources.conditions import GLOBAL
from engine.core.resources.tfvars import Json
from engine.core.source import Document
from engine.errors import Place, Problem, problem
from engine.names import distance, nearest

Path: TypeAlias = tuple[str | int, ...]
Actions: TypeAlias = Callable[[str], Collection[str]]  # of a service, by its prefix; of "": the prefixes of all

_MOST = 20  # warnings of one document
_LIKELY = 2  # letters that a region or a key of a condition may be wrong in
_FEW = 3  # services that have an action of one name
_DOMAIN = ".amazonaws.com"
_ACCOUNTS = ("sourceaccount", "principalaccount", "resourceaccount", "sourceowner")
_PLACEHOLDER = re.compile(r"<[A-Za-z][\w -]{0,40}>|\{\{[^{}]{0,40}\}\}|\$\{AWS::[A-Za-z]{1,30}\}")
# What a call of an API is called → the action that allows it.
_ALLOWED_BY = {
    "s3:listobjects": "ListBucket",
    "s3:listobjectsv2": "ListBucket",
    "s3:listbuckets": "ListAllMyBuckets",
    "s3:headobject": "GetObject",
    "s3:headbucket": "ListBucket",
    "s3:deleteobjects": "DeleteObject",
    "s3:uploadpart": "PutObject",
    "s3:createmultipartupload": "PutObject",
    "lambda:invoke": "InvokeFunction",
}
_NAMED = {"s3": "bucket", "sqs": "queue", "sns": "topic"}  # service → what has a policy of its own, and `…_name`
_FIFO = ".fifo"
_SIGNS = frozenset("$<{[")  # of what somebody fills in, or of no name
_DIGITS = 12  # of an account
_LONGEST = 100  # characters of what is quoted

_ON_OBJECTS = re.compile(r"s3:(?:Get|Put|Delete|Restore)Object(?:Acl|Tagging|Version)?")
_IN_S3 = re.compile(r"arn:[a-z-]+:s3:::[^$<{\[]+")
_ON_BUCKETS = frozenset(("s3:ListBucket", "s3:GetBucketLocation", "s3:ListBucketVersions"))
_IS_REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]")
_REGIONS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1"),
    *("ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
    *("ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "cn-north-1", "cn-northwest-1"),
    *("eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3"),
    *("il-central-1", "me-central-1", "me-south-1", "mx-central-1", "sa-east-1", "us-east-1", "us-east-2"),
    *("us-gov-east-1", "us-gov-west-1", "us-west-1", "us-west-2"),
)
_ADDRESSES = ("sourceip", "vpcsourceip")
_TEXTS = ("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase")
_LIKE = {name: "StringNotLike" if "Not" in name else "StringLike" for name in _TEXTS}


class _Doubt(NamedTuple):
    path: Path
    said: str
    hint: str
    is_key: bool = False


def unlikely(document: Document, actions: Actions) -> Iterator[Problem]:
    """Warnings about a policy with which nothing is wrong; `actions` says what AWS has."""
    policy = document.data
    doubts = (
        doubt
        for path, statement in _each(policy["Statement"], ("Statement",))
        if isinstance(statement, dict)
        for doubt in (
            *_principals(statement, path, actions),
            *_actions(statement, path, actions),
            *_resources(statement, path),
            *_reach(statement, path),
            *_tests(statement, path),
        )
    )
    for path, said, hint, is_key in (*_version(policy), *islice(doubts, _MOST)):
        yield problem("ENG997", document.place(*path, key=is_key), hint=hint, said=said)


def _version(policy: dict[str, Json]) -> Iterator[_Doubt]:
    if "Version" not in policy:
        said = "without a `Version` AWS reads the policy as of 2008, when `${…}` was plain text"
        yield _Doubt(("Statement",), said, 'add `"Version": "2012-10-17"`', is_key=True)


def _principals(statement: dict[str, Json], path: Path, actions: Actions) -> Iterator[_Doubt]:
    somebody = statement.get("Principal")
    for form, who in _items(somebody):
        for here, text in _each(who, (*path, "Principal", form)):
            name = str(text).removesuffix(_DOMAIN)
            if form == "Service" and name != text and "." not in name and (near := _near(name, actions(""), 1)):
                said = f"AWS is not known to have a service `{name[:_LONGEST]}`"
                yield _Doubt(here, said, f"did you mean `{near}{_DOMAIN}`?")
    if isinstance(somebody, dict) and [*somebody] == ["Federated"]:
        for here, text in _each(statement.get("Action", []), (*path, "Action")):
            if str(text).casefold() == "sts:assumerole":
                way = "sts:AssumeRoleWithSAML" if "saml-provider" in str(somebody) else "sts:AssumeRoleWithWebIdentity"
                yield _Doubt(here, "an identity provider's people do not come by `sts:AssumeRole`", f"write `{way}`")


def _actions(statement: dict[str, Json], path: Path, actions: Actions) -> Iterator[_Doubt]:
    for name in ("Action", "NotAction"):
        for here, text in _each(statement.get(name, []), (*path, name)):
            prefix, _, action = str(text).partition(":")
            if not action or "*" in prefix:
                continue
            known, services = actions(prefix.casefold()), actions("")
            if services and not known:
                having = [one for one in sorted(services) if action in actions(one)]
                near = min(having, key=lambda one: distance(prefix, one), default="") if len(having) <= _FEW else ""
                near = next((one for one in having if distance(prefix, one) <= _LIKELY), near)
                yield _Doubt(here, f"AWS is not known to have a service `{prefix[:_LONGEST]}`", _meant(near, action))
            elif known and not any(fnmatchcase(one.casefold(), action.casefold()) for one in known):
                near = nearest(action, sorted(known, key=lambda one: (one[:2] != action[:2], one)))
                near = _ALLOWED_BY.get(f"{prefix}:{action}".casefold(), near)
                said = f"AWS is not known to have an action `{str(text)[:_LONGEST]}`"
                yield _Doubt(here, said, _meant(prefix if near else "", near))


def _meant(prefix: str, action: str) -> str:
    return f"did you mean `{prefix}:{action}`?" if prefix else ""


def _reach(statement: dict[str, Json], path: Path) -> Iterator[_Doubt]:
    """Of S3: actions on objects where only buckets stand, and the other way round. AWS refuses that of a bucket."""
    actions = [str(text) for _, text in _each(statement.get("Action", []), path)]
    at = (*path, "Resource")
    named = [(here, str(text)) for here, text in _each(statement.get("Resource", []), at)]
    if not actions or not named or not all(_IN_S3.fullmatch(text) for _, text in named):
        return
    (here, first), *_ = named
    of_objects = [one for one in actions if _ON_OBJECTS.fullmatch(one)]
    if of_objects and not any("/" in text or text.endswith("*") for _, text in named):
        said = f"`{of_objects[0]}` is about objects, and this is a bucket"
        yield _Doubt(here, said, _put(f"{first}/*", alone=len(of_objects) == len(actions)))
    of_buckets = [one for one in actions if one in _ON_BUCKETS]
    if of_buckets and all(text.endswith("/*") for _, text in named):
        said = f"`{of_buckets[0]}` is about a bucket, and these are its objects"
        yield _Doubt(here, said, _put(first.removesuffix("/*"), alone=len(of_buckets) == len(actions)))


def _put(resource: str, *, alone: bool) -> str:
    return f"{'write' if alone else 'name beside it'} `{resource[:_LONGEST]}`"


def _resources(statement: dict[str, Json], path: Path) -> Iterator[_Doubt]:
    for name in ("Resource", "NotResource"):
        for here, text in _each(statement.get(name, []), (*path, name)):
            said, hint = of_arn(str(text))
            if found := _PLACEHOLDER.search(str(text)):
                said, hint = f"`{found[0]}` looks like a part that nobody fills in", "write the value"
            if said:
                yield _Doubt(here, said, hint)


def resources_of(document: Document) -> Iterator[tuple[str, Callable[[], Place]]]:
    """What the statements of a policy are about, as they say it; places cost, and few are asked for."""
    for path, statement in _each(document.data["Statement"], ("Statement",)):
        if isinstance(statement, dict):
            for here, text in _each(statement.get("Resource", []), (*path, "Resource")):
                yield str(text), partial(document.place, *here)


def of_another(text: str, key: str, entry: Mapping[str, Json]) -> str:
    """What is odd about a resource in the policy of a bucket, queue or topic that is called otherwise; nothing where
    it is that one, or may be. `entry` is what the file says of it below `key`, its name in the map."""
    parts = text.split(":", 5)
    what = _NAMED.get(parts[2], "") if len(parts) == 6 and (parts[2] == "s3") is not bool(parts[3]) else ""
    own = next((name for name in (entry.get(f"{what}_name"), key) if isinstance(name, str)), key).removesuffix(_FIFO)
    found = parts[-1].partition("/")[0].removesuffix(_FIFO)
    if not what or not _SIGNS.isdisjoint(found) or fnmatchcase(own, found):
        return ""
    return f"this is the policy of the {what} `{own[:_LONGEST]}`, and says something of `{found[:_LONGEST]}`"


def of_arn(text: str) -> tuple[str, str]:
    """What is odd about the region and the account of an ARN, and the way out; nothing of anything else."""
    parts = text.split(":", 5)
    if parts[0] != "arn" or len(parts) < 5:
        return "", ""
    region, account = parts[3:5]
    if account.isdigit() and len(account) != _DIGITS:
        return f"an account has {_DIGITS} digits, and `{account}` has {len(account)}", "correct the account"
    if region[:-1] in _REGIONS and region[-1].isalpha():
        return f"`{region}` is a zone, and an ARN has a region", f"write `{region[:-1]}`"
    if _IS_REGION.fullmatch(region) and (near := _near(region, _REGIONS)):
        return f"AWS is not known to have a region `{region}`", f"did you mean `{near}`?"
    return "", ""


def _tests(statement: dict[str, Json], path: Path) -> Iterator[_Doubt]:
    for operator, keys in _items(statement.get("Condition")):
        bare = operator.rpartition(":")[2].removesuffix("IfExists")
        for key, values in _items(keys):
            here = (*path, "Condition", operator, key)
            prefix, _, name = key.casefold().partition(":")
            is_global = prefix == "aws" and "/" not in name
            for at, value in _each(values, here) if is_global and name in _ACCOUNTS else ():
                if isinstance(value, str) and value.isdigit() and len(value) != _DIGITS:
                    said = f"an account has {_DIGITS} digits, and `{value[:_LONGEST]}` has {len(value)}"
                    yield _Doubt(at, said, "correct the account")
            if is_global and (near := _near(name, GLOBAL)):
                said = f"AWS is not known to have a condition key `{key[:_LONGEST]}`"
                yield _Doubt(here, said, f"did you mean `aws:{GLOBAL[near]}`?", is_key=True)
            elif bare in _TEXTS and is_global and name in _ADDRESSES:
                said = f"`{key}` is an address, and {bare} compares it as a text: a range would match nothing"
                other = "NotIpAddress" if "Not" in bare else "IpAddress"
                yield _Doubt((*path, "Condition", operator), said, f"write `{other}`", is_key=True)
            elif bare in _TEXTS:
                for at, value in _each(values, here):
                    if isinstance(value, str) and "*" in value.replace("${*}", ""):
                        said = f"`*` is a plain character to {bare}"
                        yield _Doubt(at, said, f"write `{operator.replace(bare, _LIKE[bare])}` for a pattern")


def _near(name: str, known: Collection[str], most: int = _LIKELY) -> str:
    """The known name that is a letter or two away; none for a known name itself."""
    found = min(((distance(name, one), one) for one in known), default=(0, ""))
    return found[1] if 0 < found[0] <= most else ""


def _items(value: Json) -> Iterator[tuple[str, Json]]:
    yield from value.items() if isinstance(value, dict) else ()


def _each(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    """The items of a list with their paths, or a single value."""
    if isinstance(value, list):
        yield from (((*path, i), item) for i, item in enumerate(value))
    else:
        yield path, value
