"""The port: plans and a policy set go in, findings and receipts come out, every doubt is an error instead of a pass."""

import os
import threading
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from engine.adapters.policy.bundle import Json, PolicySet
from engine.core.findings import Finding
from engine.core.receipts import Asked, Receipts, Said
from engine.core.redact import Redactor
from engine.errors import Problem

TIMEOUT_S = 120.0


class Plan(NamedTuple):
    """What `terraform show -json` says about one of our resources."""

    resource: str  # its path: `S3/data-lake`
    plan: Mapping[str, Json]


class Programs(NamedTuple):
    """Where the optional programs are; `settings` knows."""

    opa: str = "opa"
    checkov: str = "checkov"
    path: str = os.defpath


BY_NAME = Programs()  # on the system's default path
NOTHING_SECRET = Redactor(())


class Terms(NamedTuple):
    """What an engine gets besides plans and policies."""

    programs: Programs = BY_NAME
    timeout_s: float = TIMEOUT_S
    cancel: threading.Event | None = None
    redact: Redactor = NOTHING_SECRET  # for what a program says, before it is cut


class Reply(NamedTuple):
    """What an engine says."""

    asked: Sequence[Asked]
    found: Sequence[tuple[str, Finding]]  # each with the name of its rule, as in `asked`
    passed: Sequence[Said] = ()  # where an engine tells by itself what it has judged
    warned: Sequence[Problem] = ()  # what the guards say of the policies


class Judgement(NamedTuple):
    """What came of it."""

    findings: tuple[Finding, ...]
    receipts: Receipts


class Engine(Protocol):
    """A policy engine: a module with a `judge` of this form, and a row in `engines`."""

    def __call__(self, plans: Sequence[Plan], policies: PolicySet, terms: Terms, /) -> Reply:
        """All rules that were asked, and all findings about all plans.

        Raises:
            EngineError: anything that leaves a doubt about the answer.
        """
