"""What somebody probably meant by a text of a policy that AWS does not take: offered only where it would be taken.

Each guess is a row: how a text comes to be written so, and what it says in AWS's own form. `forms` judges the guess.
"""

import re
from collections.abc import Iterator, Sequence

from engine.core.resources import forms
from engine.core.resources.conditions import GLOBAL
from engine.core.resources.kinds import Kind
from engine.names import closest

_QUEUE_URL = re.compile(r"https?://sqs\.([a-z0-9-]+)\.amazonaws\.com/([0-9]{12})/([\w.-]+)")
_BUCKET_URL = re.compile(r"(?:s3://|https?://)([a-z0-9][a-z0-9.-]+?)(?:\.s3[a-z0-9.-]*\.amazonaws\.com)?(/.*)?")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9-]+(?:/.*)?")
_HOST = re.compile(r"([a-z0-9-]+)(?:\.(?:amazon|aws|amazonaws|amazon-aws)(?:\.(?:com|net|org))?)?")
_NOT_DIGITS = re.compile(r"[ -]")
_ONESELF = {"kms": 'write "*", which in the policy of a key is this key'}
_DIGITS = 12  # of an account
_MOST = 10  # names that stand in one text, with commas between
_EFFECTS = {
    "Allow": ("allow", "allowed", "permit", "grant", "accept", "yes", "true"),
    "Deny": ("deny", "denied", "forbid", "reject", "refuse", "block", "no", "false"),
}


def action(text: str, kind: Kind) -> str:
    """What to write instead of an action; nothing where it is not clear."""
    many = [part.strip() for part in text.split(",")]
    if 1 < len(many) <= _MOST and not any(forms.action(one, kind) for one in many):
        return f"write a list: {_listed(many)}"
    bare = "".join(text.split())
    spelt = [bare, *(bare.replace(sign, ":", 1) for sign in (".", "/", "::", "_") if sign in bare)]
    if kind.service and ":" not in bare:
        spelt.append(f"{kind.service}:{bare}")
    found = next((one for one in spelt if not forms.action(one, kind)), "")
    if found:
        return f'write "{found:.100}"'
    if kind.actions:
        known = [f"{kind.service}:{name}" for name in kind.actions]
        is_near = text.casefold().startswith(f"{kind.service}:")
        return (is_near and closest(text, known)) or f"one of: {', '.join(known)}"
    return ""


def resource(text: str, kind: Kind) -> str:
    """What to write instead of a resource."""
    many = [part.strip() for part in text.split(",")]
    if 1 < len(many) <= _MOST and not any(forms.resource(one, kind) for one in many):
        return f"write a list: {_listed(many)}"
    found = next((one for one in _resources(text.strip(), kind) if not forms.resource(one, kind)), "")
    return f'write "{found:.200}"' if found else _ONESELF.get(kind.service, "")


def _resources(text: str, kind: Kind) -> Iterator[str]:
    parts = text.split(":", 5)
    if queue := _QUEUE_URL.fullmatch(text):
        yield f"arn:aws:sqs:{queue[1]}:{queue[2]}:{queue[3]}"
    if bucket := _BUCKET_URL.fullmatch(text):
        yield f"arn:aws:s3:::{bucket[1]}{bucket[2] or ''}"
    if parts[0] == "aws":
        yield f"arn:{text}"
    if parts[0].casefold() == "arn" and len(parts) > 2:
        head = ["arn", parts[1].casefold(), parts[2].casefold()]
        for partition in (head[1], "aws"):
            yield ":".join(("arn", partition, head[2], *parts[3:]))
            if head[2] == "s3":
                yield f"arn:{partition}:s3:::{text.split(':', 3)[-1].rpartition(':')[2]}"
            if head[2] == "iam" and len(parts) == 6:
                yield f"arn:{partition}:iam::{parts[4]}:{parts[5]}"
        if len(parts) == 5 and head[2] == "iam":
            yield ":".join((*head, "", *parts[3:]))
        if len(parts) == 6 and head[2] == "iam" and "/" in parts[5]:
            sort, _, name = parts[5].partition("/")
            yield ":".join((*head, "", parts[4], f"{sort.rstrip('s')}/{name}"))
        if len(parts) == 5 and head[2] != "s3":  # without the account, or without the region
            region, account = (parts[3], "ACCOUNT") if not parts[3].isdigit() else ("REGION", parts[3])
            yield ":".join((*head, region, account, parts[4]))
    if kind.service == "s3" and _BUCKET.fullmatch(text):
        yield f"arn:aws:s3:::{text}"


def principal(form: str, text: str) -> str:
    """What to write instead of somebody."""
    digits = _NOT_DIGITS.sub("", text)
    if form == "AWS" and digits != text and not forms.principal(form, digits):
        return f'write "{digits}"'
    if form == "Service" and (host := _HOST.fullmatch(text)):
        return f'write "{host[1]}.amazonaws.com"'
    other = next((one for one in ("AWS", "Service", "Federated") if one != form and _is_sure(one, text)), "")
    if other:
        return f'write {{"{other}": "{text:.100}"}}'
    if form == "AWS" and text.startswith(("role/", "user/")):
        return f'write "arn:aws:iam::ACCOUNT:{text:.100}"'
    parts = text.split(":", 5)
    account = text if text.isdigit() else parts[4] if len(parts) == 6 and parts[2] in ("iam", "sts") else ""
    if form == "AWS" and account.isdigit() and len(account) != _DIGITS:
        return f"correct the account: it has {_DIGITS} digits, and `{account:.40}` has {len(account)}"
    if len(parts) == 5 and parts[3].isdigit():  # a colon too few
        parts.insert(3, "")
    if form == "AWS" and len(parts) == 6 and parts[2] == "iam":
        partition = parts[1] if parts[1] else "aws"
        name = parts[5] if "/" in parts[5] or parts[5] == "root" else f"role/{parts[5]}"
        mended = f"arn:{partition}:iam::{parts[4]}:{name}"
        return f'write "{mended:.200}"' if not forms.principal(form, mended) else ""
    return ""


def _is_sure(form: str, text: str) -> bool:
    return (form != "Federated" or ":" in text) and not forms.principal(form, text)


def condition_key(text: str) -> str:
    """What to write instead of a key of a condition."""
    return f'write "aws:{GLOBAL[text.casefold()]}"' if text.casefold() in GLOBAL else ""


def effect(text: str) -> str:
    """`Allow` or `Deny`, by a word for it."""
    word = text.strip().casefold()
    found = next((name for name, words in _EFFECTS.items() if word in words), "")
    near = closest(text, _EFFECTS)
    return f'write "{found}"' if found else near or 'write "Allow" or "Deny"'


def _listed(texts: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{text:.100}"' for text in texts) + "]"
