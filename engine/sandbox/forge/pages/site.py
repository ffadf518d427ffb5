"""Pages as ASGI routes: the session, the form's token, the repository and who may see it, headers, refusals."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as Path

from engine.adapters.web import own
from engine.sandbox.forge.answer import ForgeError, Viewer, missing
from engine.sandbox.forge.app import limited_body
from engine.sandbox.forge.forge import Forge
from engine.sandbox.forge.pages import session as sessions
from engine.sandbox.forge.pages.asked import Ask, Deed, Landing, Page, Problem, Shown, Signed
from engine.sandbox.forge.pages.text import style, templates
from engine.sandbox.forge.people import access

FORM_LIMIT = 1024 * 1024
HEADERS = own.headers()
Work = Callable[[Request, sessions.Session, bytes], Response]


def paths(
    forge: Forge, pages: Sequence[Page], deeds: Sequence[Deed], landings: Sequence[Landing] = ()
) -> list[BaseRoute]:
    """Everything as routes, in this order."""
    made: list[BaseRoute] = [Path(style()[0], _style, methods=["GET"])]
    made += [Path(landing.path, _endpoint(forge, _landing(forge, landing)), methods=["POST"]) for landing in landings]
    made += [Path(deed.path, _endpoint(forge, _doing(forge, deed)), methods=["POST"]) for deed in deeds]
    made += [Path(page.path, _endpoint(forge, _showing(forge, page)), methods=["GET"]) for page in pages]
    made.append(Path("/{rest:rest}", _endpoint(forge, _nowhere(forge)), methods=["GET", "POST"]))
    return made


def render(ask: Ask, shown: Shown) -> Response:
    """A page."""
    values = {**shown.values, "ask": ask, "title": shown.title, "problem": ask.problem}
    text = templates().get_template(shown.template).render(values)
    headers = HEADERS
    if shown.leads_to:  # browsers ask for leave where a form is sent on, too
        policy = HEADERS["Content-Security-Policy"].replace(
            "form-action 'self'", f"form-action 'self' {shown.leads_to}"
        )
        headers = HEADERS | {"Content-Security-Policy": policy}
    return Response(text.encode("utf-8", "replace"), shown.status, headers, "text/html; charset=utf-8")


def refusal(ask: Ask, refused: ForgeError, typed: Mapping[str, str] | None = None) -> Response:
    """A page of its own for a refusal: no form could show it."""
    kept = {name: text for name, text in (typed or {}).items() if name != "token" and text.strip()}
    values = {"refused": refused, "typed": kept}
    return render(ask, Shown("refused.html", values, refused.message, refused.status))


def told(refused: ForgeError) -> str:
    """A refusal in one line, as GitHub's own pages word validation errors."""
    said = []
    for error in refused.errors:
        if isinstance(error, Mapping):
            words = error.get("message") or f"{error.get('field')}: {str(error.get('code', '')).replace('_', ' ')}"
            said.append(str(words))
        else:
            said.append(str(error))
    return f"{refused.message}: {'; '.join(said)}" if said else refused.message


def _endpoint(forge: Forge, work: Work) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            data = await limited_body(request, FORM_LIMIT)
        except ForgeError as refused:
            return Response(refused.message, refused.status, HEADERS, "text/plain")
        return await run_in_threadpool(_within_session, forge, request, data, work)

    return endpoint


def _within_session(forge: Forge, request: Request, data: bytes, work: Work) -> Response:
    found = sessions.session(forge, request)
    response = work(request, found, data)
    if found.fresh and "set-cookie" not in response.headers:
        sessions.keep(request, response, found.key)
    return response


def _showing(forge: Forge, page: Page) -> Work:
    def work(request: Request, found: sessions.Session, data: bytes) -> Response:  # noqa: ARG001 - a GET has no body
        ask = _ask(forge, request, found, {})
        try:
            ask = _entered(ask, page)
            return render(ask, page.show(ask))
        except ForgeError as refused:
            return _refused(ask, refused)

    return work


def _landing(forge: Forge, landing: Landing) -> Work:
    def work(request: Request, found: sessions.Session, data: bytes) -> Response:
        ask = _ask(forge, request, found, own.form(data))
        try:
            if ask.me is None:
                raise ForgeError(401, "Sign in first.")
            return render(ask, landing.show(ask))
        except ForgeError as refused:
            return _refused(ask, refused)

    return work


def _doing(forge: Forge, deed: Deed) -> Work:
    def work(request: Request, found: sessions.Session, data: bytes) -> Response:
        form = own.form(data)
        ask = _ask(forge, request, found, form)
        try:
            sessions.check_origin(request.headers)
            sessions.check_token(found, form)
            ask = _entered(ask, deed)
        except ForgeError as refused:
            return _refused(ask, refused, form)
        try:
            to = deed.do(ask)
        except ForgeError as refused:
            return _at_its_form(ask, deed, refused)
        if isinstance(to, Signed):
            response = RedirectResponse(to.to, 303, HEADERS)
            sessions.sign_out(forge, found.key)
            sessions.keep(request, response, to.key)
            return response
        return RedirectResponse(to, 303, HEADERS)

    return work


def _at_its_form(ask: Ask, deed: Deed, refused: ForgeError) -> Response:
    again = ask._replace(problem=Problem(ask.form.get("form", ""), told(refused), ask.form))
    try:
        shown = deed.page(again)
    except ForgeError as gone:
        return _refused(ask, gone, ask.form)
    return render(again, shown._replace(status=refused.status))


def _nowhere(forge: Forge) -> Work:
    def work(request: Request, found: sessions.Session, data: bytes) -> Response:  # noqa: ARG001
        return _refused(_ask(forge, request, found, {}), missing())

    return work


def _refused(ask: Ask, refused: ForgeError, typed: Mapping[str, str] | None = None) -> Response:
    """Who is not signed in is asked to, whether it is there or not: the answer must not tell."""
    if ask.me is None and refused.status in (401, 404):
        from engine.sandbox.forge.pages.people import sign_in_page

        return render(ask, sign_in_page(ask, 401))
    return refusal(ask, refused, typed)


def _ask(forge: Forge, request: Request, found: sessions.Session, form: Mapping[str, str]) -> Ask:
    viewer = Viewer() if found.account is None else Viewer("user", found.account["id"])
    query = f"?{request.url.query}" if request.url.query else ""
    path = {name: str(value) for name, value in request.path_params.items()}
    if "rest" in path:  # as the browser sent it: names of files need not be UTF-8
        raw: bytes = request.scope.get("raw_path", b"")
        depth = request.scope["path"][: len(request.scope["path"]) - len(path["rest"])].count("/")
        sent = raw.split(b"?")[0].decode("ascii", "replace").split("/", depth)
        path["rest"] = unquote(sent[-1] if len(sent) > depth else "", errors="surrogateescape")
    return Ask(
        forge,
        viewer,
        found.account,
        path,
        request.query_params,
        form,
        {},
        "none",
        found.token,
        request.headers["host"],
        request.url.path + query if request.method == "GET" else "/",
    )


def _entered(ask: Ask, row: Page | Deed) -> Ask:
    if not row.open and isinstance(row, Deed) and ask.me is None:
        raise ForgeError(401, "Sign in first.")
    if "{repo}" not in row.path:
        if not row.open and ask.me is None:
            raise ForgeError(401, "Sign in first.")
        return ask
    repo = ask.forge.repository(ask.path["owner"], ask.path["repo"])
    if repo is None:
        raise missing()
    access.demand(ask.forge, ask.viewer, repo, "read", "")
    ask = ask._replace(repo=repo, level=access.permission(ask.forge, ask.viewer.account, repo))
    if isinstance(row, Deed) and row.level != "read":
        access.demand(ask.forge, ask.viewer, repo, row.level, "")
    return ask


async def _style(_: Request) -> Response:
    headers = HEADERS | {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(style()[1], 200, headers, "text/css; charset=utf-8")
