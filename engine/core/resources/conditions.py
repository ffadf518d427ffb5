"""The operators of a policy's conditions, and the values that each takes."""

import re
from collections.abc import Callable
from typing import NamedTuple

from engine.names import distance

_SETS = ("ForAllValues:", "ForAnyValue:")
_IF_EXISTS = "IfExists"

_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_SECONDS = re.compile(r"[0-9]{1,19}")
_DATE = re.compile(
    r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12][0-9]|3[01])"
    r"(?:T(?:[01][0-9]|2[0-3])(?::[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?)?(?:Z|[+-][01][0-9]:?[0-5][0-9])?)?)?)?",
    re.IGNORECASE,
)
_KEYS = (
    *("CalledVia", "CalledViaFirst", "CalledViaLast", "CurrentTime", "EpochTime", "FederatedProvider"),
    *("MultiFactorAuthAge", "MultiFactorAuthPresent", "PrincipalAccount", "PrincipalArn", "PrincipalIsAWSService"),
    *("PrincipalOrgID", "PrincipalOrgPaths", "PrincipalServiceName", "PrincipalServiceNamesList", "PrincipalType"),
    *("RequestedRegion", "ResourceAccount", "ResourceOrgID", "ResourceOrgPaths", "SecureTransport", "SourceAccount"),
    *("SourceArn", "SourceIdentity", "SourceIp", "SourceOrgID", "SourceOrgPaths", "SourceOwner", "SourceVpc"),
    *("SourceVpcArn", "SourceVpce", "TagKeys", "TokenIssueTime", "UserAgent", "ViaAWSService", "VpcSourceIp"),
    *("Referer", "userid", "username", "VpceAccount", "VpceOrgID", "VpceOrgPaths", "AssumedRoot"),
    *("Ec2InstanceSourceVpc", "Ec2InstanceSourcePrivateIPv4", "ChatbotSourceArn", "SignInSessionArn"),
)

# The keys that AWS has for every service: folded → as it writes them.
GLOBAL = {key.casefold(): key for key in _KEYS}


class Family(NamedTuple):
    """Operators that take the same values."""

    operators: tuple[str, ...]
    takes: str
    fits: Callable[[str], bool]  # a string; numbers and booleans are judged as what they are written
    has_variables: bool = False  # AWS fills `${…}` in for these only


def _is_date(text: str) -> bool:
    from datetime import date

    match = _DATE.fullmatch(text)
    if match is None:
        return bool(_SECONDS.fullmatch(text))
    try:
        date(*(int(part or 1) for part in match.groups()))
    except ValueError:  # the 30th of February
        return False
    return True


def _is_address(text: str) -> bool:
    from ipaddress import ip_network  # a change with such a condition: not worth start-up time

    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "%" not in text and ("/" not in text or text.rpartition("/")[2].isdigit())


def _is_base64(text: str) -> bool:
    from base64 import b64decode

    try:
        b64decode(text, validate=True)
    except ValueError:
        return False
    return bool(text)


def _numeric(stem: str) -> tuple[str, ...]:
    endings = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    return tuple(stem + ending for ending in endings)


_FAMILIES = (
    Family(
        (
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
            "ArnEquals",
            "ArnNotEquals",
            "ArnLike",
            "ArnNotLike",
        ),
        "a string",
        lambda _: True,
        True,
    ),
    Family(_numeric("Numeric"), "a number", lambda text: bool(_NUMBER.fullmatch(text))),
    Family(
        _numeric("Date"),
        "a date such as 2030-01-31T00:00:00Z, or seconds since 1970",
        _is_date,
    ),
    Family(("Bool", "Null"), "true or false", lambda text: text.casefold() in ("true", "false")),
    Family(("IpAddress", "NotIpAddress"), "an address such as 203.0.113.0/24", _is_address),
    Family(("BinaryEquals",), "base64", _is_base64),
)
OPERATORS = {name: family for family in _FAMILIES for name in family.operators}


def family(operator: str) -> Family | None:
    """The family of an operator as it is written, with `ForAnyValue:` and `IfExists`; None for one that is none."""
    name = next((operator.removeprefix(prefix) for prefix in _SETS if operator.startswith(prefix)), operator)
    bare = name.removesuffix(_IF_EXISTS)
    return None if bare == "Null" and bare != name else OPERATORS.get(bare)


def spellings(operator: str) -> list[str]:
    """All operators, written with the prefix and the suffix of this one: candidates for what was meant."""
    before = operator.casefold().partition(":")[0] if ":" in operator else ""
    prefix = next((p for p in _SETS if before and distance(before, p[:-1].casefold()) <= 1), "")
    suffix = _IF_EXISTS if operator.casefold().endswith(_IF_EXISTS.casefold()) else ""
    return [f"{prefix}{name}{suffix}" for name in OPERATORS if not (suffix and name == "Null")]
