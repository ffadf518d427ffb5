"""Values that GitHub never sends: conditions on them are never true."""

from collections.abc import Collection, Iterator, Mapping

from engine.core.expressions.snippet import Snippet
from engine.core.rules.checks.looks import ends
from engine.core.rules.checks.subject import Check, Subject, compared, nodes, tree
from engine.errors import Problem, problem
from engine.names import closest, either

_CONCLUSIONS = (
    "action_required", "cancelled", "failure", "neutral", "skipped", "stale", "startup_failure", "success", "timed_out",
)  # fmt: skip
# What stands at the end of a path, and all that it can be.
_SENT: Mapping[str, Collection[str]] = {
    "conclusion": _CONCLUSIONS,
    "check_run.status": ("completed", "in_progress", "pending", "queued", "requested", "waiting"),
    "pull_request.state": ("closed", "open"),
    "issue.state": ("closed", "open"),
    "review.state": ("approved", "changes_requested", "commented", "dismissed", "pending"),
    "sender.type": ("Bot", "Mannequin", "Organization", "User"),
    "user.type": ("Bot", "Mannequin", "Organization", "User"),
}
# Whoever sends one of these chooses what `action` says, or GitHub says nothing there.
_FREE = frozenset({"repository_dispatch", "workflow_dispatch", "schedule", "push"})
_MEANT = {"passed": "success", "failed": "failure", "approve": "approved", "request_changes": "changes_requested"}


def values(subject: Subject) -> Iterator[Problem]:
    """Texts that a field of GitHub's never has."""
    defines = subject.draft.sections["define"]
    texts = [
        *((entry.data, entry.document.place(*entry.path), None) for entry in defines),
        *((one.text, one.place, _actions(entry.data, subject)) for entry, one in subject.expressions),
    ]
    for text, place, actions in texts:
        for node in nodes(tree(text)):
            for value, literal, left in compared(node):
                name = text[left.start : left.end]
                known = next((all_ for end, all_ in _SENT.items() if ends(name, end)), None)
                known = actions if name == "event.action" else known
                if known and value and value not in known:
                    at = Snippet(text, place).at(literal.start, literal.end)
                    hint = f"write `{_MEANT[value]}`" if _MEANT.get(value) in known else closest(value, known)
                    yield problem("ENG977", at, hint=hint, subject=name, value=value, known=either(known))


def _actions(data: object, subject: Subject) -> Collection[str] | None:
    """What `event.action` can be of the events of a row; None where whoever sends them chooses."""
    if not isinstance(data, dict) or not isinstance(data.get("event"), str | list):
        return None
    events = [data["event"]] if isinstance(data["event"], str) else data["event"]
    if _FREE.intersection(events) or not subject.catalog.events.keys() >= set(events):
        return None
    return sorted(data.get("types") or {action for event in events for action in subject.catalog.events[event].actions})


CHECKS = (Check("ENG977", values),)
