"""Events and their types that GitHub does not have, and what people call those that it has."""

from collections.abc import Iterator, Mapping

from engine.core.rules.build import strings
from engine.core.rules.checks.subject import Check, Subject
from engine.core.rules.draft import Entry
from engine.errors import Place, Problem, problem
from engine.names import closest, either


def _events(entry: Entry) -> Iterator[tuple[str, Place]]:
    event = entry.data.get("event")
    for index, name in enumerate(strings(event)):
        yield name, entry.place("event", index) if isinstance(event, list) else entry.place("event")


def events(subject: Subject) -> Iterator[Problem]:
    """Kinds of event."""
    for entry in subject.draft.sections["events"]:
        for name, place in _events(entry):
            kinds = subject.catalog.events
            apart = [(kind, name[len(kind) + 1 :]) for kind in kinds if name.startswith(kind)]
            if whole := next(((kind, one) for kind, one in apart if one in kinds[kind].actions), None):
                hint = f"write `event: {whole[0]}, types: [{whole[1]}]`"
                yield problem("ENG056", place, hint=hint, name=name, known=either(kinds))
            elif name not in kinds:
                hint = f"did you mean `{_EVENTS[name]}`?" if name in _EVENTS else closest(name, kinds)
                yield problem("ENG056", place, hint=hint, name=name, known=either(kinds))


# What people call an event.
_EVENTS: Mapping[str, str] = {
    "comment": "issue_comment",
    "commit": "push",
    "cron": "schedule",
    "dispatch": "workflow_dispatch",
    "manual": "workflow_dispatch",
    "merge_request": "pull_request",
    "mr": "pull_request",
    "pr": "pull_request",
    "review": "pull_request_review",
    "timer": "schedule",
}


def event_types(subject: Subject) -> Iterator[Problem]:
    """`types` that the event does not have; several events have to share them."""
    for entry in subject.draft.sections["events"]:
        for event, _ in _events(entry):
            kind = subject.catalog.events.get(event)
            for index, name in enumerate(entry.data.get("types", ()) if kind else ()):
                if kind and name not in kind.actions:
                    place, known = entry.place("types", index), either(kind.actions)
                    meant = next((one for one in _TYPES.get(name, ()) if one in kind.actions), "")
                    hint = f"did you mean `{meant}`?" if meant else closest(name, kind.actions)
                    hint = hint if kind.actions else f"`{event}` has no types: leave `types` out, or `{event}`"
                    yield problem("ENG057", place, hint=hint, name=name, event=event, known=known)


# What people call a type of an event, by what has happened.
_TYPES: Mapping[str, tuple[str, ...]] = {
    "approved": ("submitted",),
    "changed": ("edited", "synchronize"),
    "commented": ("created", "submitted"),
    "create": ("created", "opened"),
    "created": ("opened",),
    "draft": ("converted_to_draft",),
    "finished": ("completed",),
    "merge": ("closed",),
    "merged": ("closed",),
    "new": ("opened", "created"),
    "pushed": ("synchronize",),
    "ready": ("ready_for_review",),
    "retargeted": ("edited",),
    "success": ("completed",),
    "update": ("synchronize", "edited"),
    "updated": ("synchronize", "edited"),
}


CHECKS = (Check("ENG056", events), Check("ENG057", event_types))
