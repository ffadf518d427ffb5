"""Every page: who sees it, what it promises the browser, and that everybody can use it."""

import re

import pytest

from engine.adapters.web import own

OPEN = ("sign in",)
FOUND = 200

CSP = own.headers()["Content-Security-Policy"]


def test_every_page_is_shown_to_who_may_see_it(scene, visit):
    olga = visit("olga")
    seen = {name: olga.get(path).status for name, path in scene.pages.items()}
    assert seen == {name: 404 if name == "nowhere" else FOUND for name in scene.pages}


def test_who_is_not_signed_in_is_asked_to_and_learns_nothing(scene, visit):
    nobody = visit(None)
    for name, path in {**scene.pages, "no such repository": "/acme/none", "no such owner": "/none/none/pulls"}.items():
        answer = nobody.get(path)
        if name not in OPEN:
            assert answer.status == (FOUND if path == "/" else 401), name
            assert answer.texts("h1") == ["Sign in"], name
            assert "orders" not in answer.text.replace("add-orders", "").replace("queues/orders", ""), name


def test_who_may_not_see_a_repository_gets_404_as_for_none(scene, visit):
    ann = visit("ann")
    private, none = ann.get("/umbrella/elsewhere"), ann.get("/umbrella/none")
    assert (private.status, none.status) == (404, 404)
    assert private.text.replace("elsewhere", "none") == none.text


def test_signing_in_leads_to_the_page_that_was_asked_for(scene, visit):
    nobody = visit(None)
    number = scene.forge.kept.value("SELECT id FROM accounts WHERE login = 'ann'")
    answer = nobody.press(scene.pull, "sign-in", account=str(number))
    assert (answer.status, answer.headers["location"]) == (303, scene.pull)
    assert nobody.get(scene.pull).status == FOUND


def test_every_answer_forbids_what_a_page_does_not_need(scene, visit):
    olga = visit("olga")
    for name, path in {**scene.pages, "refused": "/logout", "picture": "/avatars/1.svg"}.items():
        headers = olga.get(path).headers
        assert headers["content-security-policy"] == ("default-src 'none'; sandbox" if name == "picture" else CSP), name
        assert headers["x-content-type-options"] == "nosniff"
        if name != "picture":
            assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin"), name
            assert headers["x-frame-options"] == "DENY"


def test_the_policy_is_as_strict_as_it_says():
    rules = dict(rule.strip().split(" ", 1) for rule in CSP.split(";"))
    assert rules == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


def test_every_page_says_that_it_is_a_sandbox(scene, visit):
    for login in ("olga", None):
        someone = visit(login)
        for name, path in scene.pages.items():
            text = someone.get(path).text
            assert "This is a sandbox on this machine" in text, name
            assert "sandbox</title>" in text, name


def test_no_page_has_a_script_a_style_or_a_handler(scene, visit):
    olga = visit("olga")
    for name, path in scene.pages.items():
        for tag, said in olga.get(path).elements:
            assert tag not in ("script", "style", "iframe", "object", "embed", "base", "svg"), name
            assert not [key for key in said if key.startswith("on") or key in ("style", "srcdoc", "formaction")], name


@pytest.mark.parametrize("login", ["olga", "oscar", None])
def test_everybody_can_use_every_page(scene, visit, login):
    someone = visit(login)
    for name, path in scene.pages.items():
        assert _faults(someone.get(path)) == [], name


def _faults(seen) -> list[str]:
    """What a screen reader or a keyboard would stumble over, as far as markup tells."""
    found = []
    tags = [tag for tag, _ in seen.elements]
    found += [f"{tags.count(tag)} × {tag}" for tag in ("main", "footer", "title", "h1") if tags.count(tag) != 1]
    html = dict(seen.elements)["html"]
    found += [] if html.get("lang") == "en" else ["no language"]
    ids = [said["id"] for _, said in seen.elements if "id" in said]
    found += [f"id {one} twice" for one in set(ids) if ids.count(one) > 1]
    for _, said in seen.elements:
        found += [
            f"{said[key]} is not there" for key in ("aria-labelledby", "list") if key in said and said[key] not in ids
        ]
        if said.get("href", "").startswith("#") and said["href"][1:] not in ids:
            found.append(f"{said['href']} leads nowhere")
    found += [
        f"nav, region or section without a name: {said}"
        for tag, said in seen.elements
        if (tag == "nav" or said.get("role") == "region") and not said.keys() & {"aria-label", "aria-labelledby"}
    ]
    found += [f"picture without alt: {said}" for tag, said in seen.elements if tag == "img" and "alt" not in said]
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    found += [
        f"h{after} after h{before}" for before, after in zip([0, *levels], levels, strict=False) if after > before + 1
    ]
    found += _unlabelled(seen.text)
    return found


def _unlabelled(html: str) -> list[str]:
    """Each visible input, select and text area is inside of a label that has words; each button has words."""
    found = []
    for match in re.finditer(r"<(input|select|textarea)\b[^>]*>", html):
        before = html[: match.start()]
        inside = before.rfind("<label") > before.rfind("</label")
        if 'type="hidden"' not in match[0] and not inside:
            found.append(f"without a label: {match[0]}")
    found += [f"empty button: {words}" for words in re.findall(r"<button\b[^>]*>\s*</button>", html)]
    return found


def test_a_page_costs_few_questions_however_many_pull_requests_there_are(scene, visit, monkeypatch):
    """Counted, not timed: 200 more pull requests cost no more questions of rows and none of git."""
    from engine.sandbox.forge.git.bare import Bare
    from engine.sandbox.forge.kept import Kept

    olga = visit("olga")
    repo = scene.forge.repository("acme", "controller")
    asked = {"rows": 0, "git": 0}
    rows, git = Kept.rows, Bare.git

    def count_rows(self, *args):
        asked["rows"] += 1
        return rows(self, *args)

    def count_git(self, *args, **keywords):
        asked["git"] += 1
        return git(self, *args, **keywords)

    monkeypatch.setattr(Kept, "rows", count_rows)
    monkeypatch.setattr(Bare, "git", count_git)
    counted = []
    for start, end in ((1, 41), (41, 241)):
        with scene.forge.kept.change():
            for number in range(start, end):
                issue = scene.forge.kept.insert(
                    "issues", repository=repo["id"], number=number, author=olga_id(scene), title=f"Change {number}",
                    created_at=scene.forge.now(), updated_at=scene.forge.now(),
                )  # fmt: skip
                scene.forge.kept.insert(
                    "pulls", id=issue, repository=repo["id"], number=number, head_repository=repo["id"],
                    head_owner="acme", head_ref=f"b{number}", head_sha="0" * 40, base_ref="main", base_sha="0" * 40,
                )  # fmt: skip
        asked.update(rows=0, git=0)
        assert (
            len(
                [
                    1
                    for tag, said in olga.get("/acme/controller/pulls").elements
                    if tag == "a" and said.get("class") == "title"
                ]
            )
            == 30
        )
        counted.append(dict(asked))
    assert counted[0] == counted[1]
    assert counted[1]["git"] == 0
    assert olga.get("/acme/controller/pulls?page=8").text.count('class="title"') == 30


def olga_id(scene) -> int:
    return int(scene.forge.kept.value("SELECT id FROM accounts WHERE login = 'olga'"))


ODD = [
    "/acme/dev-deployment/commits/dev/%00",
    "/acme/dev-deployment/commits/dev/:(exclude)README.md",
    "/acme/dev-deployment/commits/dev/%ff%fe",
    "/acme/dev-deployment/commits/dev/../../../etc/passwd",
    "/acme/dev-deployment/commits/dev/..%2f..%2fHEAD",
    "/acme/dev-deployment/commits/--all",
    "/acme/dev-deployment/blob/dev/%00",
    "/acme/dev-deployment/blob/dev/",
    "/acme/dev-deployment/blob/dev/SQS",
    "/acme/dev-deployment/blob/",
    "/acme/dev-deployment/tree/dev/README.md",
    "/acme/dev-deployment/tree/dev/README.md/x",
    "/acme/dev-deployment/tree/" + "0" * 40,
    "/acme/dev-deployment/tree/" + "a/" * 2000,
    "/acme/dev-deployment/commit/--help",
    "/acme/dev-deployment/commit/dev..main",
    "/acme/dev-deployment/commit/@{-1}",
    "/acme/dev-deployment/commit/HEAD",
    "/acme/dev-deployment/commit/" + "0" * 40,
    "/acme/dev-deployment/commit/%00",
    "/acme/dev-deployment/compare/%00...%00",
    "/acme/dev-deployment/compare/dev...--output=x",
    "/acme/dev-deployment/compare/dev...nobody:dev",
    "/acme/dev-deployment/compare/...",
    "/acme/dev-deployment/compare?base=%00&head=%ff",
    "/acme/dev-deployment/pull/99999999999999999999",
    "/acme/dev-deployment/pull/1",
    "/acme/dev-deployment/pull/-1",
    "/acme/dev-deployment/pull/%C2%B2",
    "/acme/dev-deployment/pull/2/files?file=nowhere&diff=split",
    "/acme/dev-deployment/pull/2/checks?run=%00",
    "/acme/dev-deployment/runs/99999999999999999999",
    "/acme/dev-deployment/pulls?page=99999999999999999999&state=x&label=%00",
    "/acme/dev-deployment/pulls?page=-1",
    "/acme/dev-deployment/issues/2",
    "/acme/dev-deployment/activity?page=%00",
    "/acme/%00",
    "/%00",
    "/%ff/%ff",
    "/%2f%2f/x",
    "/acme/dev-deployment/",
    "//acme//dev-deployment",
    "/orgs/acme/teams/%00",
    "/deliveries/99999999999999999999",
    "/deliveries/x",
    "/runs/0",
    "/avatars/99999999999999999999999.svg",
    "/avatars/0.svg",
    "/-/dot/%22%3E%3Cscript%3E.svg",
]


@pytest.mark.parametrize("path", ODD)
def test_an_odd_address_is_answered(scene, visit, path):
    answer = visit("olga").get(path)
    assert answer.status in (200, 303, 307, 404), path
    assert "<script" not in answer.text
