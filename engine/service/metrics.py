"""/metrics, as Prometheus reads it: how much waits, how much goes, and whether what we stand on answers.

Written here, since a library would bring collectors and a registry of the whole process for a dozen lines of text. What
is counted is what is kept, so a restart loses nothing and two processes need not add anything up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

import engine
from engine.service import views
from engine.service.shown import LANES

if TYPE_CHECKING:
    from engine.service.shown import Overview
    from engine.service.views import Sources

TYPE = "text/plain; version=0.0.4; charset=utf-8"
Counts = Mapping[str, int]


class Metric(NamedTuple):
    """One family, with its values by what its one label says; `label` empty: it has one value."""

    name: str
    about: str
    label: str
    values: Mapping[str, float]
    kind: str = "gauge"


def routes(sources: "Sources", answered: Callable[[], Counts] = dict) -> Sequence[BaseRoute]:
    """`answered`: what the receiver has answered since it began, by how."""

    async def endpoint(_: Request) -> Response:
        found = await run_in_threadpool(lambda: written(families(sources, answered())))
        return Response(found, media_type=TYPE)

    return [Route("/metrics", endpoint, methods=["GET"])]


def families(sources: "Sources", answered: Counts) -> Iterator[Metric]:
    """What is told."""
    now: Overview = views.overview(sources)
    yield Metric("interlock_info", "The engine that answers.", "version", {engine.__version__: 1})
    yield Metric(
        "interlock_component_well",
        "1: the part that we stand on answers as it should.",
        "component",
        {one.name: float(one.how in ("well", "absent")) for one in now.components if one.how != "unknown"},
    )
    yield Metric(
        "interlock_pull_requests",
        "Pull requests that have not ended, by whose turn it is.",
        "turn",
        {
            **dict.fromkeys((lane.turn for lane in LANES), 0),
            **{lane.turn: len(lane.entries) for lane in now.pulls.lanes},
        },
    )
    yield Metric("interlock_deliveries", "Deliveries that are kept, by state.", "state", now.deliveries)
    runs = sources.runs.counts() if sources.runs else {}
    yield Metric("interlock_runs", "Runs that are kept, by state.", "state", runs)
    yield Metric("interlock_freezes", "Freezes that hold.", "", {"": len(now.frozen)})
    yield Metric(
        "interlock_webhooks_answered_total",
        "Requests of GitHub's since this process began, by how they were answered.",
        "answer",
        answered,
        "counter",
    )


def written(metrics: Iterator[Metric]) -> str:
    """The text."""
    return "".join(line + "\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.about}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for value, number in sorted(metric.values.items()):
        label = f'{{{metric.label}="{_escaped(value)}"}}' if metric.label else ""
        yield f"{metric.name}{label} {number:g}" if isinstance(number, float) else f"{metric.name}{label} {number}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
