"""JSON below /api/v1: what the pages show, as the same values, and deeds. Of its rows `openapi` makes the document."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from engine.errors import EngineError, failure
from engine.service import views
from engine.service.deeds import DEEDS, Deed, Hands, asked
from engine.service.guard import visit
from engine.service.shown import Asked
from engine.service.views import Sources

ROOT = "/api/v1"
Texts = Mapping[str, str]


class Read(NamedTuple):
    """What can be asked for."""

    name: str  # operationId, and the name of the answer's schema
    path: str  # below /api/v1
    about: str
    show: Callable[[Sources, Texts, Texts], Any]  # (from what, path, query) → a value with `to_json`, or None
    query: Texts = MappingProxyType({})  # name → what it means


_PULLS = {
    "who": "A login or a group: only what they can bring on.",
    "repo": "`owner/name`",
    "turn": "Whose turn it is.",
    "text": "Part of its name, title or author.",
}
_LIST = {
    "before": "`more` of the answer before: what follows it.",
    "state": "Only of this state.",
    "repo": "`owner/name`",
}

READS = (
    Read("Overview", "/overview", "Everything at a glance.", lambda sources, _, __: views.overview(sources)),
    Read(
        "Pulls",
        "/pulls",
        "Every pull request that has not ended, by what it waits for.",
        lambda sources, _, query: views.pulls(sources, Asked(**{name: query.get(name, "") for name in _PULLS})),
        _PULLS,
    ),
    Read(
        "Pull",
        "/pulls/{owner}/{repo}/{number}",
        "One pull request: what it waits for and whom, gates, verdict, plans, what has happened.",
        lambda sources, path, _: views.pull(
            sources, f"{path['owner']}/{path['repo']}", views.number(path["number"]) or 0
        ),
    ),
    Read(
        "Runs",
        "/runs",
        "Runs, the newest first.",
        lambda sources, _, query: views.runs(sources, **_listed(query)),
        _LIST,
    ),
    Read(
        "OneRun",
        "/runs/{run}",
        "A run, and what it has said.",
        lambda sources, path, query: views.run(sources, path["run"], views.number(query.get("after", ""))),
        {"after": "The next 1,000 lines after that many; without it the last 1,000."},
    ),
    Read("Queue", "/queue", "What waits, what runs, what was given up.", lambda sources, _, __: views.queue(sources)),
    Read(
        "Deliveries",
        "/deliveries",
        "Deliveries, the newest first.",
        lambda sources, _, query: views.deliveries(sources, **_listed(query)),
        _LIST,
    ),
    Read("Freeze", "/freeze", "What is frozen.", lambda sources, _, __: views.freeze(sources)),
)
# What whoever asks can mend, and how HTTP says it. Everything else is ours, or of what we stand on: 503.
_THEIRS = {"ENG251": 422, "ENG784": 409, "ENG790": 404, "ENG791": 409, "ENG803": 422, "ENG867": 422}
_OURS = 503


def routes(sources: Sources, hands: Hands) -> Sequence[BaseRoute]:
    """The API. The same deeds as forms are among the pages."""
    return [
        *(Route(ROOT + row.path, _reading(sources, row), methods=["GET"]) for row in READS),
        *(Route(ROOT + deed.path, _doing(hands, deed), methods=["POST"]) for deed in DEEDS),
        Route(ROOT + "/openapi.json", _document, methods=["GET"]),
    ]


def status(error: EngineError) -> int:
    """HTTP's word for it."""
    return _THEIRS.get(error.problems[0].code, _OURS)


def failed(error: EngineError) -> JSONResponse:
    """Every problem, as everywhere else."""
    first = error.problems[0]
    body = {"message": first.message, "problems": [problem.to_json() for problem in error.problems]}
    return JSONResponse(body, status(error))


def _reading(sources: Sources, row: Read) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        if unknown := sorted(set(request.query_params) - set(row.query)):
            return JSONResponse({"message": f"Nothing is asked for by {', '.join(unknown)[:100]}."}, 400)
        path = {name: str(value) for name, value in request.path_params.items()}
        try:
            found = await run_in_threadpool(row.show, sources, path, request.query_params)
        except EngineError as error:
            return failed(error)
        if found is None:
            return JSONResponse({"message": "There is none."}, 404)
        return await run_in_threadpool(lambda: JSONResponse(found.to_json()))

    return endpoint


def _doing(hands: Hands, deed: Deed) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            return JSONResponse(await run_in_threadpool(done, hands, deed, request, _body(visit(request).body)))
        except EngineError as error:
            return failed(error)

    return endpoint


def done(hands: Hands, deed: Deed, request: Request, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Do it, as whoever asks.

    Raises:
        EngineError: it is refused.
    """
    who = visit(request).who
    assert who, "the guard lets nobody else through"
    assert who.name, "who has shown no token may not write"
    path = {name: str(value) for name, value in request.path_params.items()}
    return deed.do(hands, who.name, {**path, **asked(deed, given)})


def _body(data: bytes) -> Mapping[str, Any]:
    """A JSON object; nothing at all is an empty one.

    Raises:
        EngineError: ENG803, it is none.
    """
    try:
        found = json.loads(data or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise failure("ENG803", field="body", reason="it has to be a JSON object")
    return found


def _listed(query: Texts) -> dict[str, Any]:
    before = views.number(query.get("before", ""))
    return {"before": before, "state": query.get("state", ""), "repo": query.get("repo", "")}


async def _document(request: Request) -> Response:
    from engine.service.openapi import document

    return JSONResponse(document(visit(request).root))
