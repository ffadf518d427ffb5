"""Terraform's lock of a state: who has it since when, and whether nobody has it any more."""

import os
import pwd
import re
import socket
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from engine.core.redact import Redactor

APPLY = "OperationTypeApply"
NOBODYS = "00000000-0000-0000-0000-000000000000"  # Terraform's are random
# What giving a lock back fails with where there is none: of the lock file, and of a table of DynamoDB.
NONE = re.compile(r"\.tflock'[^\n]*NoSuchKey\b|\bno lock info found for\b")
_INFO = re.compile(r"^ *(ID|Who|Operation|Created): +(.*)$", re.MULTILINE)
_LINE = 200  # characters of what a lock says
_SKEW_S = 1.0  # Terraform's clock and that of the disk


class Lock(NamedTuple):
    """Who holds a state, as Terraform's Lock Info says; texts are theirs."""

    id: str
    who: str  # user@host
    operation: str
    created: str

    def __str__(self) -> str:
        """For people."""
        doing = f" ({self.operation.removeprefix('OperationType')})" if self.operation else ""
        return f"{self.who or 'somebody'} has it since {self.created or 'an unknown time'}{doing}, lock {self.id}"

    def is_of_an_apply(self, who: str, began: float, lived: float) -> bool:
        """Was it taken by an apply of `who` that began then (seconds since 1970) and lived so long (seconds)?"""
        try:
            created = datetime.fromisoformat(re.sub(r"(\.\d{1,6})\d* \+0000 UTC$", r"\1+00:00", self.created))
        except ValueError:
            return False
        if created.tzinfo is None:
            return False
        after = created.timestamp() - began
        return (self.who, self.operation) == (who, APPLY) and -_SKEW_S <= after <= lived


def read(details: Iterable[str], redactor: Redactor) -> Lock | None:
    """The lock that an error describes; None: it describes none."""
    for one in details:
        rows = reversed(_INFO.findall(one))  # the first of a name counts; the others are its texts
        found = {name: redactor.excerpt(said.strip(), _LINE) for name, said in rows}
        if found.get("ID"):
            return Lock(*(found.get(name, "") for name in ("ID", "Who", "Operation", "Created")))
    return None


def me() -> str:
    """Who locks a state from here, as Terraform writes it."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = ""
    return f"{user}@{socket.gethostname()}"
