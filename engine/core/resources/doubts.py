"""What is odd about the references of a change: names of nothing, names that nothing has yet, circles.

Warnings, since a source does not see everything that an account has; only what somebody has asked for in so many words
(`depends_on`), and a circle in which nothing can be made first, is refused.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise

from engine.core.resources.index import Index
from engine.core.resources.model import Resource
from engine.core.resources.naming import Name
from engine.core.resources.order import Order, Why
from engine.core.resources.references import Reference, is_of_aws, is_pattern
from engine.core.resources.services import ORDER
from engine.core.resources.spots import Places
from engine.core.resources.survey import Part, Survey
from engine.errors import Place, Problem, problem
from engine.names import closest, distance

_MOST = 50  # names of nothing that are compared with those of something
_LONGEST = 200  # characters of what is quoted
_SHOWN = 12  # of those in a circle
_LIKELY = 4  # letters that one word may have and the other not, for them to be compared

# What AWS gives when it makes a thing → what that is, and the form that can be written before.
_GIVEN = {
    "key": ("the id of a key", "the alias: `{arn}:alias/NAME` (in a policy, the condition kms:ResourceAliases)"),
    "queue": ("the URL of a queue", "the ARN: `{arn}:{name}`"),
    "role": ("the unique id of a role", "the ARN: `{arn}:role/NAME`"),
}


class Doubts:
    """Of one change; `alone`: does no other source keep resources?"""

    def __init__(self, survey: Survey, index: Index, new: Collection[str], *, alone: bool) -> None:
        self._survey, self._index, self._new, self._alone = survey, index, new, alone
        self._compared = 0

    def waiting(self, resource: Resource, part: Part) -> Iterator[Problem]:
        """Refusals: `depends_on` that cannot be kept."""
        for number, text in enumerate(resource.waits_for):
            other = self._survey.at(text)
            if other is None:
                paths = (path for path in self._survey.parts if path != part.path)
                hint = closest(text, sorted(paths, key=lambda path: path[:3] != text[:3]))
                reason = "there is no such resource"
            elif other.said is not None and other.environment != part.environment:
                hint, reason = "", f"it is for {other.environment}, and this for {part.environment}"
            else:
                continue
            place = Places(resource).of((ORDER, number))
            yield problem("ENG817", place, hint=hint, text=text[:_LONGEST], reason=reason)

    def naming(self, resource: Resource, part: Part) -> Iterator[Problem]:
        """Warnings about what a resource names."""
        places = Places(resource)
        for name, _ in part.said.defines if part.said else ():
            for other in self._index.twins(name, part):
                yield problem("ENG824", Place(resource.tfvars), name=name.resource[:_LONGEST], path=other.path)
        for one in part.said.refers if part.said else ():
            name = self._index.name(one, part)
            family = None if one.given else self._index.family(name, part)
            if one.given:
                found = self._given(one, name, part)
            elif family is None or is_of_aws(name) or is_pattern(name) or self._index.defining(name, part):
                found = None
            else:
                found = self._nothing(one, name, family, part)
            if found is not None:
                code, hint, fields = found
                place = places.of(one.path, one.text if one.document else "")
                yield problem(code, place, hint=hint, text=one.text[:_LONGEST], **fields)

    def _given(self, one: Reference, name: Name, part: Part) -> "tuple[str, str, dict[str, str]] | None":
        """A name that AWS gives; who is there already has it."""
        if not self._index.is_here(name, part):
            return None
        defining = self._index.defining(name, part)
        if one.given == "queue" and defining and not any(other.state_key in self._new for other in defining):
            return None
        what, form = _GIVEN[one.given]
        partition = one.text.split(":")[1] if one.text.startswith("arn:") else "aws"
        arn = name._replace(resource="").arn(partition).removesuffix(":")
        return "ENG819", "", {"what": what, "form": form.format(arn=arn, name=name.resource)}

    def _nothing(
        self, one: Reference, name: Name, family: Name, part: Part
    ) -> "tuple[str, str, dict[str, str]] | None":
        """A name of nothing. What need not be there is a doubt only where it looks like a mistake in writing."""
        others = self._index.others(family)
        if not others and not self._alone:
            return None
        self._compared += 1
        rest = name.resource[len(family.resource) :].lstrip("/")
        if self._compared > _MOST:
            hint = ""
        elif one.orders:
            hint = closest(rest, sorted(others, key=lambda other: other[:3] != rest[:3]))
        else:
            hint = self._meant(rest, others)
        return ("ENG818", hint, {"environment": part.environment}) if hint or one.orders else None

    def _meant(self, text: str, others: Sequence[str]) -> str:
        """What was probably meant: a letter or two away, of those that could be."""
        letters, most = set(text), 2 if len(text) > 5 else 1
        for other in others:
            likely = abs(len(other) - len(text)) <= most and len(letters.symmetric_difference(other)) <= _LIKELY
            if likely and distance(text, other) <= most:
                return f"did you mean `{other}`?"
        return ""


def circles(order: Order, touched: Mapping[str, Resource]) -> Iterator[tuple[Resource, Problem, bool]]:
    """Of each circle that the change touches: where it touches it, what to say, and whether that is a refusal."""
    for found, is_hard in [*((one, True) for one in order.hard), *((one, False) for one in order.loose)]:
        at = next((number for number, key in enumerate(found) if key in touched), None)
        if at is None:
            continue
        turned = (*found[at:], *found[:at], found[at])
        shown = turned if len(turned) <= _SHOWN else turned[:_SHOWN]
        edges = list(pairwise(shown))
        more = f" and {len(turned) - len(shown)} more" if shown != turned else ""
        places = [_place(order.because[edge], touched.get(edge[0])) for edge in edges]
        circle = ", ".join(
            f"{place._replace(column=0)} {'waits for' if why.explicit else 'names'} `{why.text[:_LONGEST]}`"
            for place, why in zip(places, (order.because[edge] for edge in edges), strict=True)
        )
        yield touched[found[at]], problem("ENG815" if is_hard else "ENG816", places[0], circle=circle + more), is_hard


def _place(why: Why, resource: Resource | None) -> Place:
    """The line that says it; of what the change does not touch, that of its entry."""
    if resource is None:
        return Place(why.file, why.line)
    return Places(resource).of(why.path, why.text if why.in_document else "")


def left_behind(destroyed: Mapping[str, Resource], before: Order, survey: Survey) -> Iterator[tuple[str, Problem]]:
    """Of what is destroyed, by state key: who has named it, and names it still."""
    parts = {part.state_key: part for part in survey.parts.values() if part.said}
    for (node, other), why in before.because.items():
        said = parts[node].said if other in destroyed and node in parts else None
        if said is not None and why.text in (*said.waits_for, *(one.text for one in said.refers)):
            yield (
                other,
                problem("ENG822", Place(why.file, why.line), path=destroyed[other].path, text=why.text[:_LONGEST]),
            )
