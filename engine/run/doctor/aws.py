"""What of AWS is otherwise than `engine aws trust` prints: who gets in, what they may do, and what the buckets keep.

Everything is compared with what would be printed now. That a bucket keeps versions is tried, by two writes.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from engine.adapters.account import Account
from engine.core.aws import rights
from engine.core.aws.trust import Bucket, Role, Wanted
from engine.core.aws.who import AUDIENCE
from engine.core.doctor import UNSEEN, Finding, fine
from engine.run.doctor.asking import tried

_SHUT = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_LISTED = frozenset({"Action", "Resource", "NotAction", "NotResource"})


def look(it: Wanted, profile: str | None, opened: Callable[..., Account] = Account) -> list[Finding]:
    """All that is well, and all that is not, of one account; `profile` is of AWS's configuration."""
    here, subject = opened(it.account, profile, it.region), f"account {it.account}"
    grant = f"look as somebody who may read IAM and S3 in {it.account}, and write to its buckets: ENGINE_AWS_PROFILE"
    found = tried(subject, grant, lambda: _whose(here, it))
    if not all(one.ok for one in found):
        return found
    found += tried(it.provider_arn, grant, lambda: _provider(here, it))
    for role in it.roles:
        found += tried(role.arn, grant, partial(_role, here, it, role))
    if it.boundary:
        found += tried(rights.boundary_arn(it.partition, it.account), grant, lambda: _boundary(here, it))
    for bucket in it.buckets:
        found += tried(f"bucket {bucket.name}", grant, partial(_bucket, here, it, bucket))
    return found


def _mend(it: Wanted) -> str:
    return f"{it.command} > interlock.tf && terraform apply"


def _whose(here: Account, it: Wanted) -> Iterator[Finding]:
    whose, subject = here.whose(), f"account {it.account}"
    if whose != it.account:
        mend = f"name a profile of {it.account} in ENGINE_AWS_PROFILE (`{{account}}` stands for each)"
        yield Finding(subject, False, f"it cannot be looked at: these keys are of {whose}", UNSEEN, mend)
    else:
        yield fine(subject, "these keys are of it")


def _provider(here: Account, it: Wanted) -> Iterator[Finding]:
    subject, audiences = it.provider_arn, here.provider(it.provider_arn)
    if audiences is None:
        yield Finding(subject, False, "it is not there", "no job gets in, so somebody will give it keys", _mend(it))
    elif audiences != [AUDIENCE]:
        attack = "a token that a job has asked for somebody else opens roles that do not look at its audience"
        yield Finding(subject, False, f"its audiences are {', '.join(audiences) or 'none'}", attack, _mend(it))
    else:
        yield fine(subject, f"its audience is {AUDIENCE}")


def _role(here: Account, it: Wanted, role: Role) -> Iterator[Finding]:
    found = here.role(role.name)
    if found is None or found["arn"] != role.arn:
        what = "it is not there" if found is None else f"it is {found['arn']}"
        yield Finding(role.arn, False, what, "its job gets nothing done, so somebody will give it keys", _mend(it))
        return
    wrong = list(_wrong(found, it, role))
    yield from wrong or [fine(role.arn, f"trusts {' and '.join(role.subjects)}")]


def _wrong(found: Mapping[str, Any], it: Wanted, role: Role) -> Iterator[Finding]:
    if normal(found["trust"]) != normal(it.trust(role)):
        attack = "whoever it trusts besides, another branch's job or another repository's, works with its rights"
        yield Finding(role.arn, False, "it trusts otherwise than is printed", attack, _mend(it))
    if found["session_s"] < role.session_s:
        what = f"its sessions are of {found['session_s']} s at the most, and {role.session_s} s are asked for"
        yield Finding(role.arn, False, what, "nobody: its job gets no keys", _mend(it))
    more = [*(name for name in found["inline"] if name != "interlock"), *found["attached"]]
    if more:
        attack = "whoever gets a change past review, or runs code in that job, does what nobody has counted on"
        what = f"it has policies besides: {', '.join(more)}"
        mend = f"take them off the role, or see that each is meant: {_mend(it)}"
        yield Finding(role.arn, False, what, attack, mend, "warning")
    if normal(found["inline"].get("interlock")) != normal(role.may):
        attack = "its job does more than its part: whoever runs code in it signs, applies or destroys by it"
        yield Finding(role.arn, False, "it may do otherwise than is printed", attack, _mend(it))


def _boundary(here: Account, it: Wanted) -> Iterator[Finding]:
    subject = rights.boundary_arn(it.partition, it.account)
    found = here.policy(subject)
    if normal(found) == normal(it.boundary):
        yield fine(subject, "it says what is printed")
        return
    what = "it is not there" if found is None else "it says otherwise than is printed"
    attack = "a change makes a role that may do more than whoever applies it, and a function that uses it"
    yield Finding(subject, False, what, attack, _mend(it))


def _bucket(here: Account, it: Wanted, bucket: Bucket) -> Iterator[Finding]:
    subject, found = f"bucket {bucket.name}", here.bucket(bucket.name)
    if found is None:
        attack = "somebody else makes a bucket of that name, and reads what is written there"
        yield Finding(subject, False, "it is not there", attack, _mend(it))
        return
    if not all(one in normal(found["policy"]) for one in normal(it.tls_only(bucket))):
        attack = "whoever listens on the way reads states and verdicts, and the passwords in them"
        yield Finding(subject, False, "it is open without TLS, too", attack, _mend(it))
    if not all(found["shut"].get(name) for name in _SHUT):
        attack = "one careless policy or ACL, and everybody reads what is in it"
        yield Finding(subject, False, "public access is not blocked", attack, _mend(it))
    yield from _kept(here, it, bucket)


def _kept(here: Account, it: Wanted, bucket: Bucket) -> Iterator[Finding]:
    subject = f"bucket {bucket.name}"
    versions, sealed = here.written_twice(bucket.name, f"{bucket.try_below}{secrets.token_hex(8)}")
    if versions < 2:
        attack = "one write over a state, or one deletion, and nothing is left to go back to"
        yield Finding(subject, False, f"of two writes it keeps {versions}", attack, _mend(it))
    if not sealed:
        attack = "whoever gets at AWS's disks, or at a copy, reads it"
        yield Finding(subject, False, "what is put there is not encrypted", attack, _mend(it))
    if versions >= 2 and sealed:
        yield fine(subject, "of two writes it keeps both, encrypted")


def normal(document: Any) -> list[Any]:
    """The statements of a document, so that what means the same is the same: one word or a list of it, in any order."""
    statements = document.get("Statement", ()) if isinstance(document, Mapping) else ()
    rows = statements if isinstance(statements, list | tuple) else [statements]
    return sorted((_same(one) for one in rows), key=repr)


def _same(statement: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        key: _listed(value) if key in _LISTED else value for key, value in sorted(statement.items())
    }
    if "Condition" in found:
        found["Condition"] = {
            test: {key: _listed(value) for key, value in sorted(keys.items())}
            for test, keys in sorted(found["Condition"].items())
        }
    return found


def _listed(value: Any) -> list[Any]:
    return sorted(value, key=str) if isinstance(value, list) else [value]
